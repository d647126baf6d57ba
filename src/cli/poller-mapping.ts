// A mapping that nobody has deployed, for `millrace poller`: a file in the shape of CreateEventSourceMapping, or flags that say the same.

import { readFile } from 'node:fs/promises'
import { type Command, InvalidArgumentError } from 'commander'
import { describeCause, InvalidOptionError } from '../errors/errors.ts'
import type { EventSourceMapping } from '../local/event-source/mapping.ts'
import { checkGroups } from '../local/event-source/mapping-api.ts'
import { mappingsFromJson } from '../local/event-source/mapping-request.ts'
import type { BrokerFlags } from './brokers.ts'

export interface MappingFlags extends BrokerFlags {
  readonly function?: string
  readonly mapping?: string
  readonly topic?: readonly string[]
  readonly eventSourceArn?: string
  readonly group?: string
  readonly startingPosition?: string
  readonly batchSize?: number
  readonly batchingWindow?: number
  readonly retries?: number
  readonly maxAge?: number
  readonly bisect?: boolean
  readonly reportItemFailures?: boolean
  readonly onFailure?: string
  readonly filter?: readonly string[]
  readonly minimumPollers?: number
  readonly maximumPollers?: number
}

export function mappingFlags(command: Command): Command {
  const topic = 'poll this topic for --function, without a mapping; may be repeated'
  return command
    .option('--function <name>', 'only the mappings of this function; with --topic, the function to invoke')
    .option('--mapping <file>', 'mappings as JSON: what CreateEventSourceMapping takes, one or a list')
    .option('--topic <name>', topic, gather)
    .option('--event-source-arn <arn>', 'with --topic: make events of this MSK cluster (default: self-managed)')
    .option('--group <name>', 'with --topic: the consumer group (default: always the same for function and topics)')
    .option('--starting-position <where>', 'with --topic: TRIM_HORIZON, LATEST, or a time (default: TRIM_HORIZON)')
    .option('--batch-size <n>', 'with --topic: most records of an event, to 10,000 (default: 100)', number)
    .option('--batching-window <s>', 'with --topic: seconds to gather, to 300 (default: half of one)', number)
    .option('--retries <n>', 'with --topic: retries before records are given up (default: for ever)', number)
    .option('--max-age <s>', 'with --topic: give up records that are older, in seconds', number)
    .option('--bisect', 'with --topic: split a batch that failed')
    .option('--report-item-failures', 'with --topic: the function answers which records failed')
    .option(
      '--on-failure <arn>',
      'with --topic: where what is given up goes: arn:aws:sqs:…, …sns:…, …s3:::…, kafka://…',
    )
    .option('--filter <pattern>', 'with --topic: only records that match, as {"value": …}; may be repeated', gather)
    .option('--minimum-pollers <n>', 'with --topic: provisioned mode, at least so many pollers', number)
    .option('--maximum-pollers <n>', 'with --topic: provisioned mode, at most so many pollers', number)
}

const OF_TOPIC = [
  'eventSourceArn',
  'group',
  'startingPosition',
  'batchSize',
  'batchingWindow',
  'retries',
  'maxAge',
  'bisect',
  'reportItemFailures',
  'onFailure',
  'filter',
  'minimumPollers',
  'maximumPollers',
] as const satisfies readonly (keyof MappingFlags)[]

/** The mappings of the flags; undefined when those of the endpoint are meant. @throws InvalidOptionError */
export async function ownMappings(flags: MappingFlags): Promise<EventSourceMapping[] | undefined> {
  const { mapping: file, topic } = flags
  const stray = topic === undefined ? OF_TOPIC.find((name) => flags[name] !== undefined) : undefined
  if (stray !== undefined)
    throw new InvalidOptionError(
      `--${stray.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)} is of a mapping that --topic begins. A deployed mapping, or one in a file, has its own.`,
    )
  if (file !== undefined && topic !== undefined)
    throw new InvalidOptionError('--mapping and --topic: the mapping is in a file or in flags; name one of them.')
  const elsewhere = flags.brokers !== undefined || flags.dir !== undefined || Boolean(process.env.KAFKA_BROKERS)
  if (file !== undefined) {
    const found = checkGroups(mappingsFromJson(`--mapping ${file}`, await jsonOf(file), { elsewhere }))
    const mine = (name: string): boolean => flags.function === undefined || name.split(':').includes(flags.function)
    return found.filter(({ functionName }) => functionName === flags.function || mine(functionName))
  }
  if (topic === undefined) return undefined
  if (flags.function === undefined)
    throw new InvalidOptionError('--topic: which function is invoked? Name it with --function.')
  return mappingsFromJson('--topic', requestOf(flags, topic, flags.function), { elsewhere })
}

/** What CreateEventSourceMapping would be asked for. */
function requestOf(flags: MappingFlags, topics: readonly string[], name: string): object {
  const { brokers, minimumPollers, maximumPollers, group, eventSourceArn } = flags
  const given = (value: unknown, made: object): object => (value === undefined ? {} : made)
  const config =
    eventSourceArn === undefined ? 'SelfManagedKafkaEventSourceConfig' : 'AmazonManagedKafkaEventSourceConfig'
  const provisioned = { MinimumPollers: minimumPollers, MaximumPollers: maximumPollers }
  const servers = brokers?.split(',') ?? []
  return {
    FunctionName: name,
    Topics: topics,
    ...given(eventSourceArn, { EventSourceArn: eventSourceArn }),
    ...(servers.length > 0 && { SelfManagedEventSource: { Endpoints: { KAFKA_BOOTSTRAP_SERVERS: servers } } }),
    ...given(group, { [config]: { ConsumerGroupId: group } }),
    ...startOf(flags.startingPosition),
    ...given(flags.batchSize, { BatchSize: flags.batchSize }),
    ...given(flags.batchingWindow, { MaximumBatchingWindowInSeconds: flags.batchingWindow }),
    ...given(flags.retries, { MaximumRetryAttempts: flags.retries }),
    ...given(flags.maxAge, { MaximumRecordAgeInSeconds: flags.maxAge }),
    ...given(flags.bisect, { BisectBatchOnFunctionError: flags.bisect }),
    ...given(flags.reportItemFailures, { FunctionResponseTypes: ['ReportBatchItemFailures'] }),
    ...given(flags.onFailure, { DestinationConfig: { OnFailure: { Destination: flags.onFailure } } }),
    ...given(flags.filter, { FilterCriteria: { Filters: (flags.filter ?? []).map((Pattern) => ({ Pattern })) } }),
    ...given(minimumPollers ?? maximumPollers, { ProvisionedPollerConfig: provisioned }),
  }
}

function startOf(position: string | undefined): object {
  if (position === undefined) return {}
  if (/^(trim_horizon|latest)$/i.test(position)) return { StartingPosition: position.toUpperCase() }
  const time = /^\d{9,10}$/.test(position)
    ? Number(position)
    : /^\d{13}$/.test(position)
      ? Number(position) / 1000
      : position
  return { StartingPosition: 'AT_TIMESTAMP', StartingPositionTimestamp: time }
}

async function jsonOf(file: string): Promise<unknown> {
  try {
    return JSON.parse(await readFile(file, 'utf8'))
  } catch (cause) {
    throw new InvalidOptionError(`--mapping ${file}: it is no file of JSON (${describeCause(cause)}).`, { cause })
  }
}

const gather = (value: string, before: readonly string[] = []): string[] => [...before, value]

function number(text: string): number {
  if (/^-?\d{1,9}$/.test(text)) return Number(text)
  throw new InvalidArgumentError('It is a whole number.')
}
