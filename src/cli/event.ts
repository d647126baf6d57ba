// `millrace event`: makes the event that Lambda would hand to a function, on standard output: for `aws lambda invoke`, `sam local
// invoke`, or a test. Its records come from a topic, from lines, or from a JSON Schema.

import { Command, InvalidArgumentError, Option } from 'commander'
import { InvalidOptionError } from '../errors/errors.ts'
import { type EventOrigin, encodeEvent, PAYLOAD_LIMIT } from '../local/event-source/encode-event.ts'
import type { SourceRecord } from '../local/event-source/topic-source.ts'
import { type BrokerFlags, brokerOptions, openCluster } from './brokers.ts'
import { numbers, rangesOf, spansOf } from './consume.ts'
import { type MadeFlags, madeRecords } from './event-records.ts'
import { object, text, withJson } from './json-output.ts'
import { type Manual, NO_TOPIC, withManual } from './manual.ts'
import { FORMATS } from './record-lines.ts'

interface EventFlags extends BrokerFlags, MadeFlags {
  readonly kafka?: true
  readonly offset?: string
  readonly partition?: readonly number[]
  readonly shape?: (typeof SHAPES)[number]
  readonly eventSourceArn?: string
  readonly bootstrapServers?: string
  readonly pretty?: boolean
}

const SHAPES = ['msk', 'self-managed'] as const

/** As in AWS' examples: 123456789012 is nobody's account. */
const SOME_CLUSTER = 'arn:aws:kafka:us-east-1:123456789012:cluster/example/751d2973-a626-431c-9d4e-d7975eb44dd7-2'

const EVENT = object(
  {
    eventSource: text('aws:kafka or SelfManagedKafka'),
    records: { type: 'object', description: 'by <topic>-<partition>' },
  },
  { eventSourceArn: text('of the cluster, for aws:kafka'), bootstrapServers: text('brokers, with commas between') },
)

const MANUAL: Manual = {
  examples: [
    ['millrace event --kafka orders --value \'{"id":1}\' --key k', 'one record, of brokers elsewhere'],
    ['millrace event --kafka orders --shape msk --file orders.ndjson --format json -n 100', 'a hundred, of MSK'],
    ['millrace event --kafka orders --brokers localhost:9092 -o -10', 'the last ten of each partition of a topic'],
    ['millrace event --kafka orders --schema order.schema.json -n 5 -p 0,1', 'five that a JSON Schema allows'],
  ],
  exits: { 4: NO_TOPIC },
}

export function eventCommand(): Command {
  const command = withJson(brokerOptions(new Command('event')), EVENT, 'the event, which is JSON anyway')
    .description(
      'make an event for a function, from records of a topic, from lines (--value, --file), or from a JSON Schema (--schema)',
    )
    .argument('<topic>', 'the topic of the records')
    .option('--kafka', 'an event of a Kafka topic; the only kind there is yet')
    .addOption(
      new Option('--shape <shape>', 'of Amazon MSK, or of brokers elsewhere (default: self-managed)').choices(SHAPES),
    )
    .option('--event-source-arn <arn>', 'the MSK cluster that the event names; implies --shape msk')
    .option('--bootstrap-servers <list>', 'the brokers that the event names (default: --brokers, or localhost:9092)')
    .option(
      '-o, --offset <range>',
      "records of the topic: start, -n, n1:n2, @t … as millrace consume's (default: start)",
    )
    .option('-p, --partition <n,n>', 'only these partitions; of lines and of a schema: spread over these', numbers)
    .option('-n, --num <n>', 'so many records; lines are taken again in turn (default: all, with --schema 1)', positive)
    .option('-v, --value <text>', 'a record with this value; may be repeated', gather)
    .option('--file <file>', 'lines of a file, - for standard input')
    .addOption(
      new Option('-f, --format <format>', 'what a line is, as of millrace produce').choices(FORMATS).default('value'),
    )
    .option('--separator <text>', 'between key and value', ':')
    .option('--schema <file>', 'values that this JSON Schema allows')
    .option('--seed <n>', 'of the values of a schema: the same for the same seed', wholeNumber, 1)
    .option('-k, --key <text>', 'the key of records that have none')
    .option('-H, --header <name=value>', 'a header of every record; may be repeated', gather)
    .option('--first-offset <n>', 'of the first record of each partition', wholeNumber, 0)
    .option('--timestamp <ms>', 'of all records, milliseconds since 1970 (default: now)', wholeNumber)
    .option('--pretty', 'over several lines')
    .action(runEvent)
  return withManual(command, MANUAL)
}

async function runEvent(topic: string, flags: EventFlags): Promise<void> {
  const isMade = flags.value !== undefined || flags.file !== undefined || flags.schema !== undefined
  if (isMade && flags.offset !== undefined)
    throw new InvalidOptionError('--offset is of records of a topic; --value, --file and --schema make new ones.')
  const records = isMade ? await madeRecords(topic, flags) : await readRecords(topic, flags)
  if (records.length === 0)
    throw new InvalidOptionError(`${topic}: there are no records, and Lambda sends no event without.`)
  const event = encodeEvent(originOf(flags), records)
  const bytes = Buffer.byteLength(event)
  if (bytes > PAYLOAD_LIMIT)
    throw new InvalidOptionError(
      `The event of ${records.length} records has ${bytes} bytes, and Lambda takes ${PAYLOAD_LIMIT}. Take fewer with --num.`,
    )
  console.log(flags.pretty ? JSON.stringify(JSON.parse(event), undefined, 2) : event)
  const all = records.length === 1 ? '1 record' : `${records.length} records`
  console.error(`an event of ${all}, ${bytes} bytes`)
}

async function readRecords(topic: string, flags: EventFlags): Promise<SourceRecord[]> {
  const most = flags.num ?? Number.POSITIVE_INFINITY
  const ranges = rangesOf(flags)
  const cluster = await openCluster(flags)
  try {
    const records: SourceRecord[] = []
    let bytes = 0
    const spans = await spansOf(cluster, topic, ranges, flags)
    for await (const batch of cluster.read(spans, new AbortController().signal)) {
      for (const record of batch.slice(0, most - records.length)) {
        records.push(record)
        bytes += (record.value?.byteLength ?? 0) + (record.key?.byteLength ?? 0)
      }
      // Enough for the message that says so.
      if (records.length >= most || bytes > PAYLOAD_LIMIT) break
    }
    return records
  } finally {
    await cluster.close()
  }
}

function originOf({ shape, eventSourceArn, bootstrapServers, brokers }: EventFlags): EventOrigin {
  if (shape === 'self-managed' && eventSourceArn !== undefined)
    throw new InvalidOptionError('--event-source-arn is of --shape msk; an event of brokers elsewhere has none.')
  const servers = (bootstrapServers ?? brokers ?? 'localhost:9092').split(',')
  if (shape !== 'msk' && eventSourceArn === undefined)
    return { eventSource: 'SelfManagedKafka', bootstrapServers: servers }
  return { eventSource: 'aws:kafka', eventSourceArn: eventSourceArn ?? SOME_CLUSTER, bootstrapServers: servers }
}

const gather = (value: string, before: readonly string[] = []): string[] => [...before, value]

function positive(text: string): number {
  if (/^[1-9]\d{0,6}$/.test(text)) return Number(text)
  throw new InvalidArgumentError('It is a whole number from 1.')
}

function wholeNumber(text: string): number {
  if (/^\d{1,15}$/.test(text)) return Number(text)
  throw new InvalidArgumentError('It is a whole number from 0.')
}
