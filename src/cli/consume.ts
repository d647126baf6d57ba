// `millrace consume`: records of topics, from where to where in rpk's language. Reads as nobody: no group's offsets move.

import { Command, InvalidArgumentError, Option } from 'commander'
import { InvalidOptionError } from '../errors/errors.ts'
import type { SourceRecord } from '../local/event-source/topic-source.ts'
import { entryFor, type OffsetRange, offsetOf, parseEntries, parseRange } from '../local/offset-language.ts'
import type { Cluster, Span } from '../local/topics/cluster.ts'
import { partitionName } from '../names/tasks.ts'
import { type BrokerFlags, brokerOptions, openCluster } from './brokers.ts'
import { withJson } from './json-output.ts'
import { type Manual, NO_TOPIC, withManual } from './manual.ts'
import { jsonLine, RECORD, textLine } from './record-lines.ts'
import { drained } from './stdout.ts'

interface ConsumeFlags extends BrokerFlags {
  readonly offset?: string
  readonly partition?: readonly number[]
  readonly num?: number
  readonly format: (typeof SHOWN_AS)[number]
  readonly separator: string
  readonly follow?: boolean
  readonly json?: boolean
}

const MANUAL: Manual = {
  notes: 'Without --follow it ends with what is there when it begins, or where the range ends.',
  examples: [
    ['millrace consume orders', 'all that is there, and then it ends'],
    ['millrace consume orders --follow', 'what comes from now on'],
    ['millrace consume orders -o @-1h -f key:value', 'the last hour, with keys'],
    ['millrace consume orders -p 3 -o 100:110 --json', 'ten records of a partition, with all that they have'],
  ],
  exits: { 4: NO_TOPIC },
}

const SHOWN_AS = ['value', 'key:value', 'json', 'hex'] as const

export function consumeCommand(): Command {
  const command = withJson(
    brokerOptions(new Command('consume')),
    RECORD,
    'a line of JSON for each record; the same as --format json',
  )
    .description("print records of topics; no group's offsets move")
    .argument('<topics...>')
    .option(
      '-o, --offset <range>',
      'from where to where: start, end, :end, +n, -n, n, n1:n2, @t1:t2 …, for single partitions as 3=100 or topic/3=100 ' +
        '(default: from the start, with --follow from the end)',
    )
    .option('-p, --partition <n,n>', 'only these partitions', numbers)
    .option('-n, --num <n>', 'so many records and no more', positive)
    .addOption(
      new Option(
        '-f, --format <format>',
        'value, key and value as text (what is no UTF-8 as 0x…), JSON, or their bytes in hex',
      )
        .choices(SHOWN_AS)
        .default('value'),
    )
    .option('--separator <text>', 'between key and value', ':')
    .option('--follow', 'go on with what comes, until Ctrl-C')
    .action(runConsume)
  return withManual(command, MANUAL)
}

async function runConsume(topics: string[], flags: ConsumeFlags): Promise<void> {
  const stop = new AbortController()
  const interrupt = (): void => stop.abort()
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, interrupt)
  // `millrace consume … | head`: nobody reads any more.
  process.stdout.once('error', interrupt)
  const ranges = rangesOf(flags)
  const cluster = await openCluster(flags)
  try {
    const spans: Span[] = []
    for (const topic of new Set(topics)) spans.push(...(await spansOf(cluster, topic, ranges, flags)))
    const printed = await print(cluster.read(spans, stop.signal), flags)
    if (printed === 0 && !flags.json) console.error(`No records there in ${topics.join(', ')} (${cluster.name}).`)
  } finally {
    for (const signal of ['SIGINT', 'SIGTERM'] as const) process.off(signal, interrupt)
    process.stdout.off('error', interrupt)
    await cluster.close()
  }
}

type Ranges = ReturnType<typeof parseEntries<OffsetRange>>

export function rangesOf({ offset, follow = false }: Pick<ConsumeFlags, 'offset' | 'follow'>): Ranges {
  const now = Date.now()
  return parseEntries('--offset', offset ?? (follow ? 'end' : 'start'), (text) => parseRange('--offset', text, now))
}

/** What is to be read of a topic, with offsets for words and times. */
export async function spansOf(
  cluster: Cluster,
  topic: string,
  ranges: Ranges,
  flags: Pick<ConsumeFlags, 'partition' | 'follow'>,
): Promise<Span[]> {
  const extents = await cluster.extents(topic)
  const unknown = flags.partition?.find((partition) => !extents.some((extent) => extent.partition === partition))
  if (unknown !== undefined)
    throw new InvalidOptionError(`--partition ${unknown}: topic ${topic} has ${extents.length}, from 0.`)
  const spans: Span[] = []
  for (const { partition, first, next } of extents) {
    const range = entryFor(ranges, topic, partition)
    if (range === undefined || !(flags.partition?.includes(partition) ?? true)) continue
    const place = { topic, partition }
    const bounds = { start: first, end: next, offsetAt: (time: number) => cluster.offsetAt(place, time) }
    const offset = await offsetOf(range.from, bounds)
    if (offset > next && !flags.follow)
      throw new InvalidOptionError(`--offset ${offset}: ${partitionName(topic, partition)} holds ${first} to ${next}.`)
    const until = range.until === undefined ? undefined : await offsetOf(range.until, bounds)
    // Without --follow nobody waits for what is not there yet.
    const end = flags.follow ? until : Math.min(until ?? next, next)
    spans.push({ ...place, offset: Math.max(offset, first), ...(end !== undefined && { until: end }) })
  }
  return spans
}

/** Prints, no faster than is read, and says how many. */
async function print(batches: AsyncIterable<SourceRecord[]>, flags: ConsumeFlags): Promise<number> {
  const { num = Number.POSITIVE_INFINITY, separator } = flags
  const format = flags.json ? 'json' : flags.format
  let printed = 0
  for await (const batch of batches) {
    const records = batch.slice(0, num - printed)
    const lines = records.map((record) => (format === 'json' ? jsonLine(record) : textLine(record, format, separator)))
    printed += records.length
    if (lines.length > 0 && !process.stdout.write(`${lines.join('\n')}\n`)) await drained()
    if (printed >= num || process.stdout.errored) break
  }
  return printed
}

/** Of an option: `0,2`. */
export function numbers(text: string): number[] {
  if (/^\d{1,9}(,\d{1,9})*$/.test(text)) return text.split(',').map(Number)
  throw new InvalidArgumentError('They are whole numbers from 0, divided by commas.')
}

function positive(text: string): number {
  if (/^[1-9]\d{0,14}$/.test(text)) return Number(text)
  throw new InvalidArgumentError('It is a whole number from 1.')
}
