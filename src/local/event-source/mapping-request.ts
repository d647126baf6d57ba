// A mapping as a file: the JSON that CreateEventSourceMapping takes, or that GetEventSourceMapping answers. Every field is
// checked: a typing error must not end as a default.
// https://docs.aws.amazon.com/lambda/latest/api/API_CreateEventSourceMapping.html

import { createHash } from 'node:crypto'
import type { EventSourceMappingConfiguration } from '@aws-sdk/client-lambda'
import { InvalidOptionError } from '../../errors/errors.ts'
import { checkKnownOptions } from '../../options/options.ts'
import type { EventSourceMapping } from './mapping.ts'
import { isKafkaMapping, mappingOf } from './mapping-api.ts'

/** `any`: of other sources, which mapping-api.ts refuses, or of no meaning here. */
type Shape = 'text' | 'number' | 'boolean' | 'time' | 'any' | readonly [Shape] | { readonly [name: string]: Shape }

const KAFKA_CONFIG: Shape = { ConsumerGroupId: 'text', SchemaRegistryConfig: 'any', ConsumptionMode: 'text' }

const REQUEST: { readonly [name: string]: Shape } = {
  UUID: 'text',
  FunctionName: 'text',
  FunctionArn: 'text',
  Enabled: 'boolean',
  State: 'text',
  EventSourceArn: 'text',
  SelfManagedEventSource: { Endpoints: { KAFKA_BOOTSTRAP_SERVERS: ['text'] } },
  Topics: ['text'],
  AmazonManagedKafkaEventSourceConfig: KAFKA_CONFIG,
  SelfManagedKafkaEventSourceConfig: KAFKA_CONFIG,
  StartingPosition: 'text',
  StartingPositionTimestamp: 'time',
  BatchSize: 'number',
  MaximumBatchingWindowInSeconds: 'number',
  MaximumRetryAttempts: 'number',
  MaximumRecordAgeInSeconds: 'number',
  BisectBatchOnFunctionError: 'boolean',
  FunctionResponseTypes: ['text'],
  DestinationConfig: { OnFailure: { Destination: 'text' }, OnSuccess: 'any' },
  FilterCriteria: { Filters: [{ Pattern: 'text' }] },
  ProvisionedPollerConfig: { MinimumPollers: 'number', MaximumPollers: 'number', PollerGroupName: 'text' },
  SourceAccessConfigurations: [{ Type: 'text', URI: 'text' }],
  KMSKeyArn: 'text',
  LoggingConfig: { SystemLogLevel: 'text' },
  MetricsConfig: { Metrics: ['text'] },
  // Of no meaning here.
  Tags: 'any',
  EventSourceMappingArn: 'any',
  LastModified: 'any',
  LastProcessingResult: 'any',
  StateTransitionReason: 'any',
  FilterCriteriaError: 'any',
  // Of other sources.
  TumblingWindowInSeconds: 'number',
  ParallelizationFactor: 'number',
  ScalingConfig: 'any',
  Queues: 'any',
  DocumentDBEventSourceConfig: 'any',
}

export interface RequestOptions {
  /** The cluster is told elsewhere, and needs not be in the request. */
  readonly elsewhere?: boolean
}

/**
 * The mappings of a file: one, a list, or what ListEventSourceMappings answers.
 *
 * @param where for messages: `--mapping mapping.json`
 * @throws InvalidOptionError
 */
export function mappingsFromJson(where: string, value: unknown, options: RequestOptions = {}): EventSourceMapping[] {
  if (isObject(value) && Array.isArray(value.EventSourceMappings)) {
    return mappingsFromJson(where, value.EventSourceMappings, options)
  }
  if (Array.isArray(value)) return value.map((one, index) => mappingFromJson(`${where}[${index}]`, one, options))
  return [mappingFromJson(where, value, options)]
}

function mappingFromJson(where: string, given: unknown, { elsewhere = false }: RequestOptions): EventSourceMapping {
  // What AWS leaves out it may answer as null.
  const value: unknown = isObject(given)
    ? Object.fromEntries(Object.entries(given).filter(([, one]) => one !== null))
    : given
  checkShape(where, value)
  const { FunctionName, Enabled, StartingPositionTimestamp: time, ...api } = value
  const FunctionArn = api.FunctionArn ?? FunctionName
  if (FunctionArn === undefined) throw new InvalidOptionError(`${where}: FunctionName is missing.`)
  if (!elsewhere && !isKafkaMapping(api)) {
    throw new InvalidOptionError(
      `${where}: which cluster? It needs EventSourceArn of an MSK cluster, or SelfManagedEventSource: {"Endpoints": {"KAFKA_BOOTSTRAP_SERVERS": ["host:9092"]}}.`,
    )
  }
  const state = Enabled === undefined ? api.State : Enabled ? 'Enabled' : 'Disabled'
  return mappingOf(where, {
    ...api,
    UUID: api.UUID ?? uuidOf(FunctionArn, api),
    FunctionArn,
    ...(state !== undefined && { State: state }),
    ...(time !== undefined && { StartingPositionTimestamp: timeOf(where, time) }),
  })
}

/** The same for the same function and topics, so that a poller that is started again goes on as the same group. */
function uuidOf(name: string, { EventSourceArn = '', Topics = [] }: EventSourceMappingConfiguration): string {
  const hash = createHash('sha256')
    .update(JSON.stringify([name, EventSourceArn, Topics]))
    .digest('hex')
  return hash.replace(/^(.{8})(.{4})(.{4})(.{4})(.{12}).*$/, '$1-$2-$3-$4-$5')
}

function timeOf(where: string, time: unknown): Date {
  const date = typeof time === 'number' ? new Date(time * 1000) : new Date(String(time))
  if (!Number.isNaN(date.getTime())) return date
  throw new InvalidOptionError(
    `${where}: StartingPositionTimestamp ${time} is no time: seconds since 1970, or 2026-01-31T12:00:00Z.`,
  )
}

type Request = Omit<EventSourceMappingConfiguration, 'StartingPositionTimestamp'> & {
  readonly FunctionName?: string
  readonly Enabled?: boolean
  readonly StartingPositionTimestamp?: unknown
}

function checkShape(where: string, value: unknown): asserts value is Request {
  check(where, value, REQUEST)
}

function check(where: string, value: unknown, shape: Shape): void {
  if (value === undefined || shape === 'any') return
  const wrong = (wanted: string): InvalidOptionError =>
    new InvalidOptionError(`${where} is ${JSON.stringify(value)}; it must be ${wanted}.`)
  if (typeof shape === 'object') {
    if (isShapeOfList(shape)) {
      if (!Array.isArray(value)) throw wrong('a list')
      for (const [index, one] of value.entries()) check(`${where}[${index}]`, one, shape[0])
      return
    }
    if (!isObject(value)) throw wrong('a JSON object')
    checkKnownOptions(where, value, Object.keys(shape))
    for (const [name, one] of Object.entries(value)) check(`${where}: ${name}`, one, shape[name] ?? 'any')
    return
  }
  if (shape === 'text' && typeof value !== 'string') throw wrong('a text')
  if (shape === 'number' && typeof value !== 'number') throw wrong('a number')
  if (shape === 'boolean' && typeof value !== 'boolean') throw wrong('true or false')
  if (shape === 'time' && typeof value !== 'number' && typeof value !== 'string') throw wrong('a time')
}

const isShapeOfList = (shape: Exclude<Shape, string>): shape is readonly [Shape] => Array.isArray(shape)

const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value)
