// Event source mappings in Lambda's own words, as ListEventSourceMappings answers and CreateEventSourceMapping takes them. What
// Lambda would refuse is refused, and so is what the stand-in does not do: nothing that is asked for is passed over.
// https://docs.aws.amazon.com/lambda/latest/api/API_CreateEventSourceMapping.html

import {
  type EventSourceMappingConfiguration,
  type LambdaClient,
  paginateListEventSourceMappings,
} from '@aws-sdk/client-lambda'
import { InvalidOptionError } from '../../errors/errors.ts'
import { serviceError } from '../../stores/service-errors.ts'
import {
  type EventSourceMapping,
  eventSourceMapping,
  type ProvisionedPollers,
  type StartingPosition,
} from './mapping.ts'

/** Of all mappings of a group together. https://docs.aws.amazon.com/lambda/latest/dg/kafka-esm-parameters.html */
const [MOST_MAPPINGS_OF_GROUP, MOST_POLLERS_OF_GROUP] = [100, 2000]

/**
 * A mapping from one entry of ListEventSourceMappings, MSK or self-managed.
 *
 * @throws InvalidOptionError when it is no Kafka mapping, or asks for something that Lambda or the stand-in does not do
 */
export function mappingFromApi(api: EventSourceMappingConfiguration): EventSourceMapping {
  const at = `Event source mapping ${api.UUID ?? '(without UUID)'}`
  if (!isKafkaMapping(api)) {
    throw new InvalidOptionError(
      `${at} is not of a Kafka topic (EventSourceArn ${api.EventSourceArn ?? 'missing'}); it needs Topics and either ` +
        'the ARN of an MSK cluster or SelfManagedEventSource.Endpoints.KAFKA_BOOTSTRAP_SERVERS.',
    )
  }
  return mappingOf(at, api)
}

/** A mapping whose cluster is known, or told elsewhere. @param at for messages. @throws InvalidOptionError */
export function mappingOf(at: string, api: EventSourceMappingConfiguration): EventSourceMapping {
  if (api.UUID === undefined) throw new InvalidOptionError(`${at}: UUID is missing.`)
  if (api.FunctionArn === undefined) throw new InvalidOptionError(`${at}: FunctionArn is missing.`)
  const arn = api.EventSourceArn
  const config = arn ? api.AmazonManagedKafkaEventSourceConfig : api.SelfManagedKafkaEventSourceConfig
  const provisioned = provisionedFrom(api)
  refuse(at, api, provisioned)
  const destination = api.DestinationConfig?.OnFailure?.Destination
  return eventSourceMapping({
    uuid: api.UUID,
    functionName: api.FunctionArn,
    enabled: enabledFrom(at, api.State),
    eventSource: arn ? 'aws:kafka' : 'SelfManagedKafka',
    ...(arn && { eventSourceArn: arn }),
    bootstrapServers: api.SelfManagedEventSource?.Endpoints?.KAFKA_BOOTSTRAP_SERVERS ?? [],
    topics: api.Topics ?? [],
    consumerGroupId: config?.ConsumerGroupId ?? api.UUID,
    startingPosition: startingPositionFrom(at, api),
    batchSize: api.BatchSize ?? 100,
    maximumBatchingWindowMs:
      api.MaximumBatchingWindowInSeconds === undefined ? 500 : api.MaximumBatchingWindowInSeconds * 1000,
    maximumRetryAttempts: api.MaximumRetryAttempts ?? -1,
    maximumRecordAgeMs: secondsToMs(api.MaximumRecordAgeInSeconds),
    bisectOnError: api.BisectBatchOnFunctionError ?? false,
    reportBatchItemFailures: reportsItemFailures(at, api.FunctionResponseTypes),
    // An empty text removes a destination.
    ...(destination && { onFailureDestination: destination }),
    sourceAccess: (api.SourceAccessConfigurations ?? []).map(({ Type, URI }) => ({ type: Type ?? '', uri: URI ?? '' })),
    filters: (api.FilterCriteria?.Filters ?? []).map(({ Pattern }) => Pattern ?? ''),
    ...(provisioned && { provisioned }),
  })
}

/** The words that are of other sources, and what a value means that asks for nothing. */
const OF_OTHER_SOURCES = {
  TumblingWindowInSeconds: 0,
  ParallelizationFactor: 1,
  ScalingConfig: undefined,
  Queues: undefined,
  DocumentDBEventSourceConfig: undefined,
} as const satisfies Partial<Record<keyof EventSourceMappingConfiguration, unknown>>

function refuse(at: string, api: EventSourceMappingConfiguration, provisioned: ProvisionedPollers | undefined): void {
  for (const name of [
    'TumblingWindowInSeconds',
    'ParallelizationFactor',
    'ScalingConfig',
    'Queues',
    'DocumentDBEventSourceConfig',
  ] as const) {
    const value = api[name]
    if (value === undefined || value === null || value === OF_OTHER_SOURCES[name] || isEmpty(value)) continue
    throw new InvalidOptionError(`${at}: ${name} is not for Kafka topics. Leave it out.`)
  }
  const config = { ...api.AmazonManagedKafkaEventSourceConfig, ...api.SelfManagedKafkaEventSourceConfig }
  if (config.SchemaRegistryConfig !== undefined) {
    throw new InvalidOptionError(
      `${at}: the stand-in does not look into a schema registry (SchemaRegistryConfig). Leave it out: the function then gets records as they are in the topic.`,
    )
  }
  if (api.SelfManagedKafkaEventSourceConfig?.ConsumptionMode === 'Queue') {
    throw new InvalidOptionError(`${at}: the stand-in reads as a consumer group; it has no ConsumptionMode Queue.`)
  }
  if (api.KMSKeyArn && !api.FilterCriteria?.Filters) {
    throw new InvalidOptionError(
      `${at}: its FilterCriteria are encrypted (KMSKeyArn) and cannot be read here. Leave KMSKeyArn out beside an emulator.`,
    )
  }
  const age = api.MaximumRecordAgeInSeconds ?? -1
  if (age !== -1 && age < 60)
    throw new InvalidOptionError(`${at}: MaximumRecordAgeInSeconds is ${age}; it is -1, or from 60 to 604,800.`)
  if (!provisioned) refuseOnDemand(at, api)
}

/** What Lambda takes of Kafka mappings in provisioned mode only: kafka-scaling-modes.html, kafka-on-failure-destination.html, esm-logging.html. */
function refuseOnDemand(at: string, api: EventSourceMappingConfiguration): void {
  const asked = [
    ['MaximumRetryAttempts', (api.MaximumRetryAttempts ?? -1) !== -1],
    ['MaximumRecordAgeInSeconds', (api.MaximumRecordAgeInSeconds ?? -1) !== -1],
    ['BisectBatchOnFunctionError', api.BisectBatchOnFunctionError === true],
    ['FunctionResponseTypes', (api.FunctionResponseTypes ?? []).length > 0],
    ['DestinationConfig of a Kafka topic', api.DestinationConfig?.OnFailure?.Destination?.startsWith('kafka://')],
    ['LoggingConfig', api.LoggingConfig?.SystemLogLevel !== undefined],
    ['MetricsConfig', (api.MetricsConfig?.Metrics ?? []).length > 0],
  ] as const
  for (const [name, isAsked] of asked) {
    if (!isAsked) continue
    throw new InvalidOptionError(
      `${at}: Lambda takes ${name} for Kafka topics in provisioned mode only. Add ProvisionedPollerConfig: {"MinimumPollers": 1}.`,
    )
  }
}

/** An empty object takes a mapping back to on-demand mode. */
function provisionedFrom({
  ProvisionedPollerConfig: config,
}: EventSourceMappingConfiguration): ProvisionedPollers | undefined {
  if (!config || Object.values(config).every((value) => value === undefined)) return undefined
  const {
    MinimumPollers: minimum = 1,
    MaximumPollers: maximum = Math.max(200, minimum),
    PollerGroupName: group,
  } = config
  return { minimum, maximum, ...(group && { group }) }
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
  return checkGroups(found.filter(isKafkaMapping).map(mappingFromApi))
}

/** @throws InvalidOptionError for more mappings or pollers in a group than Lambda takes. */
export function checkGroups(mappings: EventSourceMapping[]): EventSourceMapping[] {
  const grouped = Map.groupBy(mappings, ({ provisioned }) => provisioned?.group)
  for (const [group, members] of grouped) {
    if (group === undefined) continue
    const most = members.reduce((sum, { provisioned }) => sum + (provisioned?.maximum ?? 0), 0)
    if (members.length === 1 || (members.length <= MOST_MAPPINGS_OF_GROUP && most <= MOST_POLLERS_OF_GROUP)) continue
    throw new InvalidOptionError(
      `PollerGroupName ${group} has ${members.length} mappings with ${most} pollers at most; Lambda takes ${MOST_MAPPINGS_OF_GROUP} and ${MOST_POLLERS_OF_GROUP}. Lower MaximumPollers, or name another group.`,
    )
  }
  return mappings
}

export function isKafkaMapping(api: EventSourceMappingConfiguration): boolean {
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

function isEmpty(value: unknown): boolean {
  return typeof value === 'object' && value !== null && Object.keys(value).length === 0
}
