// `millrace produce`: lines become records of a topic, in a folder or in Kafka. From --value, a file, or standard input.

import { createReadStream } from 'node:fs'
import { createInterface } from 'node:readline'
import { Command, InvalidArgumentError, Option } from 'commander'
import { describeCause, InvalidOptionError } from '../errors/errors.ts'
import { pause } from '../local/event-source/wakeable.ts'
import { type Cluster, COMPRESSIONS, type Compression } from '../local/topics/cluster.ts'
import { type BrokerFlags, brokerOptions, openCluster } from './brokers.ts'
import { integer, object, text, withJson } from './json-output.ts'
import { type Manual, NO_TOPIC, withManual } from './manual.ts'
import { FORMATS, type Format, type LineRecord, recordOfLine } from './record-lines.ts'

interface ProduceFlags extends BrokerFlags {
  readonly value?: readonly string[]
  readonly file?: string
  readonly format: Format
  readonly separator: string
  readonly key?: string
  readonly header?: readonly string[]
  readonly partition?: number
  readonly timestamp?: number
  readonly compression?: Compression
  readonly rate?: number
  readonly repeat: number
  readonly json?: boolean
}

const PRODUCED = object({
  topic: text(),
  records: integer(),
  partitions: { type: 'object', description: 'how many each partition got', additionalProperties: integer() },
})

const MANUAL: Manual = {
  examples: [
    ['millrace produce orders -v \'{"id":1}\' -k customer-7', 'one record, with a key'],
    ['millrace produce orders --file orders.ndjson --rate 100', 'the lines of a file, a hundred a second'],
    ['seq 1000 | millrace produce numbers', 'the lines of another program'],
  ],
  exits: { 4: NO_TOPIC },
}

/** Appended together at most, and the longest that a line waits for others. */
const AT_ONCE = 1000
const LINGER_MS = 50

export function produceCommand(): Command {
  const command = withJson(brokerOptions(new Command('produce')), PRODUCED, 'how many went where, as JSON')
    .description('append records to a topic: lines of standard input, of a file, or --value')
    .argument('<topic>')
    .option('-v, --value <text>', 'a record with this value; may be repeated', gather)
    .option('--file <file>', 'lines of a file')
    .addOption(
      new Option('-f, --format <format>', 'what a line is; json: {"key", "value", "headers", "timestamp", "partition"}')
        .choices(FORMATS)
        .default('value'),
    )
    .option('--separator <text>', 'between key and value', ':')
    .option('-k, --key <text>', 'the key of records that have none')
    .option('-H, --header <name=value>', 'a header of every record; may be repeated', gather)
    .option('-p, --partition <n>', "the partition; otherwise by the key as Kafka's clients do, or in turn", wholeNumber)
    .option('--timestamp <ms>', 'milliseconds since 1970 (default: now)', wholeNumber)
    .addOption(new Option('-z, --compression <codec>', "of Kafka's batches (default: none)").choices(COMPRESSIONS))
    .option('--rate <n>', 'records a second', positive)
    .option('--repeat <n>', 'all of it so many times', positive, 1)
    .action(runProduce)
  return withManual(command, MANUAL)
}

async function runProduce(topic: string, flags: ProduceFlags): Promise<void> {
  if (flags.value !== undefined && flags.file !== undefined)
    throw new InvalidOptionError('--value and --file: records come from one of them.')
  const cluster = await openCluster(flags)
  try {
    // Before anything is read: who types lines would learn of a missing topic only after them.
    await cluster.extents(topic)
    const counts = new Map<number, number>()
    try {
      for await (const records of batches(recordsOf(flags), flags.rate)) {
        const placed = await cluster.append(
          records.map((record) => ({ ...record, topic })),
          flags.compression,
        )
        for (const [partition, count] of placed) counts.set(partition, (counts.get(partition) ?? 0) + count)
      }
    } catch (error) {
      // Whoever begins again has to know where.
      if (total(counts) > 0 || !(error instanceof InvalidOptionError))
        console.error(
          `Before it failed: ${appendedTo(cluster, topic, counts)}. What was under way may be there as well.`,
        )
      throw error
    }
    tell(cluster, topic, counts, flags)
  } finally {
    await cluster.close()
  }
}

function tell(
  cluster: Cluster,
  topic: string,
  counts: ReadonlyMap<number, number>,
  { json = false }: ProduceFlags,
): void {
  const partitions = Object.fromEntries([...counts].sort(([a], [b]) => a - b))
  if (json) console.log(JSON.stringify({ topic, records: total(counts), partitions }))
  else console.error(appendedTo(cluster, topic, counts))
}

const total = (counts: ReadonlyMap<number, number>): number =>
  [...counts.values()].reduce((sum, count) => sum + count, 0)

function appendedTo(cluster: Cluster, topic: string, counts: ReadonlyMap<number, number>): string {
  const records = total(counts)
  const partitions = [...counts].sort(([a], [b]) => a - b)
  const where = partitions.map(([partition, count]) => `${count} to partition ${partition}`).join(', ')
  return `appended ${records === 1 ? '1 record' : `${records} records`} to ${topic} in ${cluster.name}${where && `: ${where}`}`
}

async function* recordsOf(flags: ProduceFlags): AsyncGenerator<LineRecord> {
  const headers = (flags.header ?? []).map(headerOf)
  const whole = ({ key, headers: own = [], ...record }: LineRecord): LineRecord => ({
    ...(flags.partition !== undefined && { partition: flags.partition }),
    ...(flags.timestamp !== undefined && { timestamp: flags.timestamp }),
    ...record,
    key: key ?? flags.key ?? null,
    headers: [...headers, ...own],
  })
  // What is repeated is kept; what is not may be longer than memory.
  const kept: LineRecord[] = []
  for await (const record of linesOf(flags)) {
    const made = whole(record)
    if (flags.repeat > 1) kept.push(made)
    yield made
  }
  for (let round = 1; round < flags.repeat; round++) yield* kept
}

async function* linesOf({ value, file, format, separator }: ProduceFlags): AsyncGenerator<LineRecord> {
  const from = file ?? 'standard input'
  if (value === undefined && file === undefined && process.stdin.isTTY)
    console.error('Each line becomes a record; Ctrl-D ends.')
  let number = 0
  for await (const line of value ?? lines(file)) {
    number++
    const where = value === undefined ? `line ${number} of ${from}` : `--value '${line}'`
    const record = recordOfLine(where, line, format, separator)
    if (record) yield record
  }
}

async function* lines(file: string | undefined): AsyncGenerator<string> {
  const input = file === undefined ? process.stdin : createReadStream(file)
  try {
    yield* createInterface({ input, crlfDelay: Number.POSITIVE_INFINITY })
  } catch (cause) {
    throw new InvalidOptionError(`--file ${file}: it cannot be read (${describeCause(cause)}).`, { cause })
  }
}

/** Records together: as many as there are at once, or as many as the rate allows. */
async function* batches(records: AsyncGenerator<LineRecord>, rate: number | undefined): AsyncGenerator<LineRecord[]> {
  const size = rate === undefined ? AT_ONCE : Math.max(1, Math.min(AT_ONCE, Math.floor(rate / 10)))
  const started = performance.now()
  let batch: LineRecord[] = []
  let given = 0
  const ahead = (): Promise<IteratorResult<LineRecord>> => {
    const one = records.next()
    // It may fail while what came before is appended: that is told when its turn comes.
    one.catch(() => undefined)
    return one
  }
  let next = ahead()
  for (;;) {
    const waited = new AbortController()
    const came = await Promise.race([next, ...(batch.length > 0 ? [pause(LINGER_MS, waited.signal)] : [])])
    waited.abort()
    if (came && !came.done) {
      batch.push(came.value)
      next = ahead()
      if (batch.length < size) continue
    }
    if (batch.length > 0) {
      if (rate !== undefined) await pause(Math.max(0, started + (given * 1000) / rate - performance.now()))
      given += batch.length
      yield batch
      batch = []
    }
    if (came?.done) return
  }
}

function headerOf(header: string): [string, string] {
  const at = header.indexOf('=')
  if (at < 1) throw new InvalidOptionError(`--header '${header}' is not of the form name=value.`)
  return [header.slice(0, at), header.slice(at + 1)]
}

const gather = (value: string, before: readonly string[] = []): string[] => [...before, value]

function positive(text: string): number {
  if (/^[1-9]\d{0,8}$/.test(text)) return Number(text)
  throw new InvalidArgumentError('It is a whole number from 1.')
}

function wholeNumber(text: string): number {
  if (/^\d{1,15}$/.test(text)) return Number(text)
  throw new InvalidArgumentError('It is a whole number from 0.')
}
