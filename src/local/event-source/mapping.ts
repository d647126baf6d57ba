// An event source mapping: what Lambda is told about a topic and a function. Checked once here, so that the poller never
// meets a value it does not know; mapping-api.ts reads Lambda's own words.
// https://docs.aws.amazon.com/lambda/latest/dg/msk-esm-parameters.html, kafka-esm-parameters.html

import { InvalidOptionError } from '../../errors/errors.ts'
import { destinationOf } from './destination.ts'
import { recordFilter } from './filter.ts'

/** Where to start in a partition for which the consumer group has no committed offset. */
export type StartingPosition =
  | { readonly type: 'TRIM_HORIZON' }
  | { readonly type: 'LATEST' }
  /** `timestamp` in milliseconds since the epoch. */
  | { readonly type: 'AT_TIMESTAMP'; readonly timestamp: number }

/** Provisioned mode: pollers of the mapping's own, between two bounds. */
export interface ProvisionedPollers {
  /** 1 to 200; default 1. */
  readonly minimum: number
  /** 1 to 2,000; default 200. More than there are partitions does nothing. */
  readonly maximum: number
  /** Mappings of a group share what their pollers are paid for; nothing else follows from it. */
  readonly group?: string
}

/** An event source mapping of a Kafka topic, all defaults filled in. */
export interface EventSourceMapping {
  readonly uuid: string
  /** Name or ARN of the function. */
  readonly functionName: string
  readonly enabled: boolean
  readonly eventSource: 'aws:kafka' | 'SelfManagedKafka'
  /** Only of an MSK mapping. */
  readonly eventSourceArn?: string
  /** `host:port`; empty for an MSK mapping, which leaves it to the reader to find the brokers of the cluster. */
  readonly bootstrapServers: readonly string[]
  readonly topics: readonly string[]
  /** Default: the UUID, as Lambda does. */
  readonly consumerGroupId: string
  readonly startingPosition: StartingPosition
  /** Topics that start elsewhere; only of jobs that run here, see `JoinOptions`. */
  readonly startingPositions?: ReadonlyMap<string, StartingPosition>
  /** Most records of one invocation, 1 to 10,000; default 100. */
  readonly batchSize: number
  /** How long to gather after the first record; 0 to 300,000 ms; default 500 for Kafka. */
  readonly maximumBatchingWindowMs: number
  /** Retries after the first attempt, 0 to 10,000; -1, the default: for ever, and ten with an on-failure destination. */
  readonly maximumRetryAttempts: number
  /** Older records are discarded; -1, the default: none is. */
  readonly maximumRecordAgeMs: number
  /** Split a failed batch in two and retry each half. */
  readonly bisectOnError: boolean
  /** `FunctionResponseTypes: ['ReportBatchItemFailures']`. */
  readonly reportBatchItemFailures: boolean
  /** ARN of the on-failure destination, or `kafka://topic`. */
  readonly onFailureDestination?: string
  /** Credentials and network of a self-managed cluster, as the API names them (`SASL_SCRAM_512_AUTH`, …). */
  readonly sourceAccess: readonly { readonly type: string; readonly uri: string }[]
  /** Patterns of `FilterCriteria`; the function gets records that one of them matches. None: all records. */
  readonly filters: readonly string[]
  /** Absent in on-demand mode. */
  readonly provisioned?: ProvisionedPollers
}

/** What has to be said of a mapping; everything else has Lambda's default. */
export type MappingOptions = Pick<EventSourceMapping, 'functionName' | 'topics'> & Partial<EventSourceMapping>

/**
 * Fills in Lambda's defaults and checks the ranges that Lambda's API documents.
 *
 * @throws InvalidOptionError
 */
export function eventSourceMapping(options: MappingOptions): EventSourceMapping {
  const uuid = options.uuid ?? crypto.randomUUID()
  const mapping: EventSourceMapping = {
    enabled: true,
    eventSource: options.eventSourceArn === undefined ? 'SelfManagedKafka' : 'aws:kafka',
    bootstrapServers: [],
    consumerGroupId: uuid,
    startingPosition: { type: 'TRIM_HORIZON' },
    batchSize: 100,
    maximumBatchingWindowMs: 500,
    maximumRetryAttempts: -1,
    maximumRecordAgeMs: -1,
    bisectOnError: false,
    reportBatchItemFailures: false,
    sourceAccess: [],
    filters: [],
    ...options,
    uuid,
  }
  const at = `Event source mapping ${uuid}`
  if (mapping.topics.length === 0 || mapping.topics.some((topic) => topic === '')) {
    throw new InvalidOptionError(`${at}: Topics is empty; name the topic to read.`)
  }
  if (mapping.consumerGroupId === '') throw new InvalidOptionError(`${at}: ConsumerGroupId is empty.`)
  if (mapping.eventSource === 'aws:kafka' && mapping.eventSourceArn === undefined) {
    throw new InvalidOptionError(`${at}: an MSK mapping (aws:kafka) needs EventSourceArn, the ARN of the cluster.`)
  }
  between(at, 'BatchSize', mapping.batchSize, 1, 10_000)
  between(at, 'MaximumBatchingWindow (ms)', mapping.maximumBatchingWindowMs, 0, 300_000)
  if (mapping.maximumRetryAttempts !== -1) between(at, 'MaximumRetryAttempts', mapping.maximumRetryAttempts, 0, 10_000)
  // Lambda's own least is 60 s; shorter ages are allowed here, since a test does not wait for a minute.
  if (mapping.maximumRecordAgeMs !== -1)
    between(at, 'MaximumRecordAge (ms)', mapping.maximumRecordAgeMs, 1, 604_800_000)
  if (mapping.startingPosition.type === 'AT_TIMESTAMP' && mapping.startingPosition.timestamp > Date.now()) {
    throw new InvalidOptionError(`${at}: StartingPositionTimestamp is in the future.`)
  }
  recordFilter(mapping.filters)
  checkDestination(at, mapping)
  checkPollers(at, mapping.provisioned)
  return mapping
}

/** https://docs.aws.amazon.com/lambda/latest/dg/kafka-on-failure-destination.html: with both, Lambda stops after ten. */
const RETRIES_BEFORE_DESTINATION = 10

/** How often a batch is retried; Infinity: for ever. */
export function retriesOf({ maximumRetryAttempts: retries, onFailureDestination }: EventSourceMapping): number {
  if (retries !== -1) return retries
  return onFailureDestination === undefined ? Number.POSITIVE_INFINITY : RETRIES_BEFORE_DESTINATION
}

function checkDestination(at: string, { onFailureDestination, topics }: EventSourceMapping): void {
  if (onFailureDestination === undefined) return
  const destination = destinationOf(at, onFailureDestination)
  if (destination.kind === 'kafka' && topics.includes(destination.topic)) {
    throw new InvalidOptionError(
      `${at}: the on-failure destination ${onFailureDestination} is a topic that the mapping reads; Lambda refuses such a loop.`,
    )
  }
}

function checkPollers(at: string, provisioned: ProvisionedPollers | undefined): void {
  if (!provisioned) return
  const { minimum, maximum, group } = provisioned
  between(at, 'MinimumPollers', minimum, 1, 200)
  between(at, 'MaximumPollers', maximum, 1, 2000)
  if (minimum > maximum) {
    throw new InvalidOptionError(`${at}: MinimumPollers (${minimum}) is greater than MaximumPollers (${maximum}).`)
  }
  if (group !== undefined && !/^[a-zA-Z0-9_-]{1,128}$/.test(group)) {
    throw new InvalidOptionError(`${at}: PollerGroupName "${group}" is not 1 to 128 of a-z, A-Z, 0-9, "_", "-".`)
  }
}

function between(at: string, name: string, value: number, least: number, most: number): void {
  if (!Number.isInteger(value) || value < least || value > most) {
    throw new InvalidOptionError(`${at}: ${name} is ${value}; it must be a whole number from ${least} to ${most}.`)
  }
}
