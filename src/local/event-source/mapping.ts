// An event source mapping: what Lambda is told about a topic and a function. Read from ListEventSourceMappings, checked
// once here, so that the poller never meets a value it does not know.
// https://docs.aws.amazon.com/lambda/latest/api/API_EventSourceMappingConfiguration.html

import {
  type EventSourceMappingConfiguration,
  type LambdaClient,
  paginateListEventSourceMappings,
} from '@aws-sdk/client-lambda'
import { InvalidOptionError } from '../../errors/errors.ts'
import { serviceError } from '../../stores/service-errors.ts'

/** Where to start in a partition for which the consumer group has no committed offset. */
export type StartingPosition =
  | { readonly type: 'TRIM_HORIZON' }
  | { readonly type: 'LATEST' }
  /** `timestamp` in milliseconds since the epoch. */
  | { readonly type: 'AT_TIMESTAMP'; readonly timestamp: number }

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
  /** Most records of one invocation, 1 to 10,000; default 100. */
  readonly batchSize: number
  /** How long to gather after the first record; 0 to 300,000 ms; default 500 for Kafka. */
  readonly maximumBatchingWindowMs: number
  /** Retries after the first attempt, 0 to 10,000; -1, the default: for ever. */
  readonly maximumRetryAttempts: number
  /** Older records are discarded; -1, the default: none is. */
  readonly maximumRecordAgeMs: number
  /** Split a failed batch in two and retry each half. */
  readonly bisectOnError: boolean
  /** `FunctionResponseTypes: ['ReportBatchItemFailures']`. */
  readonly reportBatchItemFailures: boolean
  /** ARN of the on-failure destination. */
  readonly onFailureDestination?: string
  /** Credentials and network of a self-managed cluster, as the API names them (`SASL_SCRAM_512_AUTH`, …). */
  readonly sourceAccess: readonly { readonly type: string; readonly uri: string }[]
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
  return mapping
}

/**
 * A mapping from one entry of ListEventSourceMappings, MSK or self-managed.
 *
 * @throws InvalidOptionError when it is no Kafka mapping, or asks for something the stand-in does not do
 */
export function mappingFromApi(api: EventSourceMappingConfiguration): EventSourceMapping {
  const at = `Event source mapping ${api.UUID ?? '(without UUID)'}`
  if (api.UUID === undefined) throw new InvalidOptionError(`${at}: UUID is missing.`)
  if (api.FunctionArn === undefined) throw new InvalidOptionError(`${at}: FunctionArn is missing.`)
  if (!isKafkaMapping(api)) {
    throw new InvalidOptionError(
      `${at} is not of a Kafka topic (EventSourceArn ${api.EventSourceArn ?? 'missing'}); it needs Topics and either ` +
        'the ARN of an MSK cluster or SelfManagedEventSource.Endpoints.KAFKA_BOOTSTRAP_SERVERS.',
    )
  }
  if (api.FilterCriteria?.Filters?.length) {
    throw new InvalidOptionError(`${at} has FilterCriteria, which the stand-in does not apply yet. Remove the filter.`)
  }
  const arn = api.EventSourceArn
  const groupId = arn
    ? api.AmazonManagedKafkaEventSourceConfig?.ConsumerGroupId
    : api.SelfManagedKafkaEventSourceConfig?.ConsumerGroupId
  const destination = api.DestinationConfig?.OnFailure?.Destination
  return eventSourceMapping({
    uuid: api.UUID,
    functionName: api.FunctionArn,
    enabled: enabledFrom(at, api.State),
    eventSource: arn ? 'aws:kafka' : 'SelfManagedKafka',
    ...(arn && { eventSourceArn: arn }),
    bootstrapServers: api.SelfManagedEventSource?.Endpoints?.KAFKA_BOOTSTRAP_SERVERS ?? [],
    topics: api.Topics ?? [],
    consumerGroupId: groupId ?? api.UUID,
    startingPosition: startingPositionFrom(at, api),
    batchSize: api.BatchSize ?? 100,
    maximumBatchingWindowMs:
      api.MaximumBatchingWindowInSeconds === undefined ? 500 : api.MaximumBatchingWindowInSeconds * 1000,
    maximumRetryAttempts: api.MaximumRetryAttempts ?? -1,
    maximumRecordAgeMs: secondsToMs(api.MaximumRecordAgeInSeconds),
    bisectOnError: api.BisectBatchOnFunctionError ?? false,
    reportBatchItemFailures: reportsItemFailures(at, api.FunctionResponseTypes),
    ...(destination && { onFailureDestination: destination }),
    sourceAccess: (api.SourceAccessConfigurations ?? []).map(({ Type, URI }) => ({ type: Type ?? '', uri: URI ?? '' })),
  })
}

/**
 * Reads the Kafka mappings of an account, or of one function; mappings of queues and other streams are left out.
 *
 * @throws InvalidOptionError see mappingFromApi
 * @throws ServiceError when the endpoint does not answer or refuses
 */
export async function readMappings(client: LambdaClient, functionName?: string): Promise<EventSourceMapping[]> {
  const found: EventSourceMappingConfiguration[] = []
  try {
    const pages = paginateListEventSourceMappings({ client }, functionName ? { FunctionName: functionName } : {})
    for await (const page of pages) found.push(...(page.EventSourceMappings ?? []))
  } catch (cause) {
    const target = functionName === undefined ? 'all functions' : `function ${functionName}`
    const [operation, action] = ['ListEventSourceMappings', 'lambda:ListEventSourceMappings']
    throw serviceError({ service: 'lambda', operation, target, action, cause })
  }
  return found.filter(isKafkaMapping).map(mappingFromApi)
}

function isKafkaMapping(api: EventSourceMappingConfiguration): boolean {
  if (api.SelfManagedEventSource?.Endpoints?.KAFKA_BOOTSTRAP_SERVERS?.length) return true
  return api.EventSourceArn?.split(':')[2] === 'kafka'
}

function enabledFrom(at: string, state: string | undefined): boolean {
  switch (state) {
    case undefined:
    case 'Creating':
    case 'Enabling':
    case 'Enabled':
    case 'Updating':
      return true
    case 'Disabled':
    case 'Disabling':
    case 'Deleting':
      return false
    default:
      throw new InvalidOptionError(`${at}: unknown State "${state}".`)
  }
}

function startingPositionFrom(at: string, api: EventSourceMappingConfiguration): StartingPosition {
  switch (api.StartingPosition) {
    case undefined:
    case 'TRIM_HORIZON':
      return { type: 'TRIM_HORIZON' }
    case 'LATEST':
      return { type: 'LATEST' }
    case 'AT_TIMESTAMP': {
      const timestamp = api.StartingPositionTimestamp?.getTime()
      if (timestamp === undefined) {
        throw new InvalidOptionError(`${at}: StartingPosition AT_TIMESTAMP needs StartingPositionTimestamp.`)
      }
      return { type: 'AT_TIMESTAMP', timestamp }
    }
    default:
      throw new InvalidOptionError(
        `${at}: unknown StartingPosition "${api.StartingPosition}"; TRIM_HORIZON, LATEST or AT_TIMESTAMP.`,
      )
  }
}

function reportsItemFailures(at: string, types: readonly string[] | undefined): boolean {
  for (const type of types ?? []) {
    if (type !== 'ReportBatchItemFailures') {
      throw new InvalidOptionError(`${at}: unknown FunctionResponseTypes "${type}"; only ReportBatchItemFailures.`)
    }
  }
  return (types ?? []).length > 0
}

const secondsToMs = (value: number | undefined): number => (value === undefined || value === -1 ? -1 : value * 1000)

function between(at: string, name: string, value: number, least: number, most: number): void {
  if (!Number.isInteger(value) || value < least || value > most) {
    throw new InvalidOptionError(`${at}: ${name} is ${value}; it must be a whole number from ${least} to ${most}.`)
  }
}
