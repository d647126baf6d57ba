// `millrace quarantine replay`: produces records that were put aside once more. They keep key, value, timestamp, headers and, in their
// own topic, the partition; a header says where they come from. Taken before they are produced, so that nothing is replayed twice.

import { Command } from 'commander'
import type { Cluster } from '../../local/topics/cluster.ts'
import type { NewRecord } from '../../local/topics/records.ts'
import { partitionName } from '../../names/tasks.ts'
import { beginReplay, type QuarantinedRecord } from '../../runtime/quarantined.ts'
import { objectUrl } from '../../stores/object-store.ts'
import { type BrokerFlags, kafkaOptionsOn, openClusterBeside } from '../brokers.ts'
import { integer, list, object, text, withJson } from '../json-output.ts'
import { withManual } from '../manual.ts'
import { type AsideFlags, asideOptions, checkFound, isNamed, type Opened, withQuarantine } from './shown.ts'

interface ReplayFlags extends AsideFlags, BrokerFlags {
  readonly fromTopic?: string
  readonly to?: string
  readonly again?: boolean
  readonly execute?: boolean
  readonly json?: boolean
}

/** Says where a record that was replayed stood: `<topic>-<partition>@<offset> of <job>`. */
export const REPLAYED_HEADER = 'millrace-replayed-from'

const REPLAYED = object({
  job: text(),
  records: list(object({ id: text(), topic: text('where it goes') }, { partition: integer() })),
  skipped: list(object({ id: text(), why: text() })),
  executed: { type: 'boolean' },
})

export function replayCommand(): Command {
  const command = withJson(kafkaOptionsOn(asideOptions(new Command('replay'))), REPLAYED)
    .description('produce records that were put aside once more; shows what would be until --execute')
    .argument('<job>', 'the name of the job')
    .argument('[ids...]', 'as `ls` shows them (default: all that were not replayed yet)')
    .option('--from-topic <name>', 'only records of this topic')
    .option('--topic <name>', 'the topic that they go to (default: their own)')
    .option('--again', 'also what has been replayed, or was begun to be')
    .option('--execute', 'do it')
    .action(runReplay)
  return withManual(command, {
    examples: [
      ['millrace quarantine replay shop-totals', 'what would be produced, and where'],
      ['millrace quarantine replay shop-totals orders-0@12 --execute', 'one record, once more into its topic'],
      ['millrace quarantine replay shop-totals --topic mended --execute', 'all of them, into another topic'],
    ],
    exits: { 4: 'there is no such job or topic, or nothing of that id' },
  })
}

interface Chosen {
  readonly records: readonly QuarantinedRecord[]
  readonly skipped: readonly { readonly id: string; readonly why: string }[]
}

async function runReplay(job: string, named: string[], { topic, fromTopic, ...flags }: ReplayFlags): Promise<void> {
  const ids = new Set(named)
  const of: ReplayFlags = { ...flags, ...(fromTopic !== undefined && { topic: fromTopic }) }
  await withQuarantine(job, of, async (opened) => {
    const chosen = await choose(job, ids, flags, opened)
    // A dry run asks for topics as well: it says whether it would work.
    const cluster = chosen.records.length === 0 ? undefined : await openClusterBeside(flags)
    try {
      if (cluster) await checkTopics(cluster, chosen.records, topic)
      const skipped = [...chosen.skipped]
      const done =
        flags.execute && cluster
          ? await produce(job, chosen.records, topic, flags, opened, cluster, skipped)
          : chosen.records
      tell(job, { records: done, skipped }, topic, flags, cluster?.name ?? '')
    } finally {
      await cluster?.close()
    }
  })
}

async function choose(job: string, ids: ReadonlySet<string>, flags: ReplayFlags, { all }: Opened): Promise<Chosen> {
  const records: QuarantinedRecord[] = []
  const skipped: { id: string; why: string }[] = []
  const found = new Set<string>()
  for await (const { one, replayed } of all()) {
    if (!isNamed(one, ids)) continue
    found.add(one.id)
    if (one.kind !== 'record') skipped.push({ id: one.id, why: WHY[one.kind] })
    else if (replayed === 'no' || flags.again) records.push(one)
    else
      skipped.push({
        id: one.id,
        why:
          replayed === 'yes'
            ? 'it has been replayed (--again does it once more)'
            : 'a replay of it was begun and not seen to end: look in the topic, and add --again if it is not there',
      })
  }
  checkFound(job, ids, found)
  return { records, skipped }
}

const WHY = {
  values: 'values of a closed batch are no record of a topic: produce them as you see fit (`quarantine get`)',
  gap: 'the offsets are gone: there is nothing to produce',
  other: 'it is no record that this version can read',
} as const

/** @throws TopicMissingError before anything is produced */
async function checkTopics(
  cluster: Cluster,
  records: readonly QuarantinedRecord[],
  topic: string | undefined,
): Promise<void> {
  for (const name of new Set(records.map((one) => topic ?? one.topic))) await cluster.extents(name)
}

/** Object by object: what is taken is small, and a crash leaves one object in doubt. */
async function produce(
  job: string,
  records: readonly QuarantinedRecord[],
  topic: string | undefined,
  { again = false }: ReplayFlags,
  { place }: Opened,
  cluster: Cluster,
  skipped: { id: string; why: string }[],
): Promise<QuarantinedRecord[]> {
  const done: QuarantinedRecord[] = []
  const byObject = Map.groupBy(records, ({ ref }) => objectUrl(ref))
  for (const [, some] of byObject) {
    const [first] = some
    if (!first) continue
    const lines = some.map(({ line }) => line)
    const taken = await beginReplay(place.table, job, first.ref, lines, { at: new Date().toISOString(), again })
    if (!taken) {
      skipped.push(...some.map(({ id }) => ({ id, why: 'somebody else has just taken it for a replay' })))
      continue
    }
    await cluster.append(some.map((one) => newRecord(job, one, topic)))
    await taken.done()
    done.push(...some)
  }
  return done
}

function newRecord(job: string, one: QuarantinedRecord, topic: string | undefined): NewRecord {
  const { partition, offset, timestamp, key, value, headers } = one
  const from = `${partitionName(one.topic, partition)}@${offset} of ${job}`
  const kept = headers.filter(([name]) => name !== REPLAYED_HEADER)
  return {
    topic: topic ?? one.topic,
    ...(topic === undefined || topic === one.topic ? { partition } : {}),
    ...{ key, value, headers: [...kept, [REPLAYED_HEADER, from]] },
    ...(timestamp >= 0 && { timestamp }),
  }
}

function tell(
  job: string,
  { records, skipped }: Chosen,
  topic: string | undefined,
  { execute = false, json = false }: ReplayFlags,
  where: string,
): void {
  const targets = records.map((one) => ({
    id: one.id,
    topic: topic ?? one.topic,
    ...((topic === undefined || topic === one.topic) && { partition: one.partition }),
  }))
  if (json) {
    console.log(JSON.stringify({ job, records: targets, skipped, executed: execute }))
    return
  }
  for (const { id, topic: to, partition } of targets)
    console.log(`${id} → ${to}${partition === undefined ? ', by its key' : `, partition ${partition}`}`)
  for (const { id, why } of skipped) console.log(`${id} stays: ${why}`)
  const count = records.length === 1 ? '1 record' : `${records.length} records`
  if (records.length === 0) console.error('There is nothing to replay.')
  else if (execute) console.error(`${count} produced again, to ${where}, and marked.`)
  else console.error(`${count} would be produced, to ${where}. Nothing was done: add --execute.`)
}
