// `custom.millrace` of serverless.yml, checked once against a closed schema: an unknown name is an error that suggests the
// nearest known one. Names of mapping options are those of the framework's own `kafka` and `msk` events.

import { InvalidOptionError } from '../errors/errors.ts'
import { checkKnownOptions } from '../options/options.ts'
import type { Brokers, MappingOptions } from '../sources/kafka/mapping.ts'
import { checkAccess } from './access.ts'
import { boolean, choice, integer, nonEmptyText, type Options, options, textList } from './checks.ts'

/** Who makes a resource: this deployment, or somebody else beforehand. */
export type Ownership = 'managed' | 'external'

/** The one Kafka cluster of a service. */
export interface KafkaCluster extends Brokers {
  /** Partition counts by topic, as far as they are given rather than looked up. */
  readonly partitions: ReadonlyMap<string, number>
}

export interface PluginOptions {
  readonly kafka: KafkaCluster
  /** By the function's name in serverless.yml. */
  readonly jobs: ReadonlyMap<string, MappingOptions>
  /** Of functions that say so: whether DuckDB is packed with them. */
  readonly sql: ReadonlyMap<string, boolean>
  /** Who makes the table and the bucket of state. */
  readonly state: Ownership
  /** Who makes the buckets that jobs write to. */
  readonly buckets: Ownership
  /** What `serverless remove` does with table and buckets. */
  readonly onRemove: 'keep' | 'delete'
  /** Whether each job has a role of its own, or all share the service's. */
  readonly roles: 'job' | 'service'
  /** Ids of operators that may go, or start with empty state. */
  readonly accept: readonly string[]
}

/**
 * A commit costs about the same for one record as for thousands, an invocation too; but a batch has to be through within
 * the function's timeout, also when its operators wait for something. Lambda's own default of 100 is for functions that do.
 */
const DEFAULT_BATCH_SIZE = 1000

const PLUGIN_OPTIONS = ['kafka', 'jobs', 'state', 'buckets', 'onRemove', 'roles', 'accept']
const KAFKA_OPTIONS = ['bootstrapServers', 'mskArn', 'accessConfigurations', 'partitions']
const JOB_OPTIONS = [
  'handler',
  'sql',
  'batchSize',
  'maximumBatchingWindow',
  'startingPosition',
  'startingPositionTimestamp',
  'enabled',
  'provisionedPollerConfig',
  'reportBatchItemFailures',
]

const PLUGIN = 'custom.millrace'

/**
 * @param accept of the command line.
 * @throws InvalidOptionError naming the option and where it stands.
 */
export function checkPluginOptions(custom: unknown, accept?: unknown): PluginOptions {
  const millrace = millraceOf(custom)
  if (millrace === undefined) {
    throw new InvalidOptionError(`${PLUGIN} is missing in serverless.yml: say there which Kafka and which jobs.`)
  }
  checkKnownOptions(PLUGIN, millrace, PLUGIN_OPTIONS)
  const given = options(PLUGIN, millrace)
  const jobs = options(`${PLUGIN}.jobs`, given.jobs)
  const checked = Object.entries(jobs).map(([name, job]) => [name, checkJob(`${PLUGIN}.jobs.${name}`, job)] as const)
  if (checked.length === 0) throw new InvalidOptionError(`${PLUGIN}.jobs names no job, so there is nothing to deploy.`)
  return {
    kafka: checkKafka(`${PLUGIN}.kafka`, given.kafka),
    jobs: new Map(checked),
    sql: new Map(
      Object.entries(jobs).flatMap(([name, job]) => {
        const sql = property(job, 'sql')
        return sql === undefined ? [] : [[name, boolean(`${PLUGIN}.jobs.${name}.sql`, sql, false)] as const]
      }),
    ),
    state: choice(`${PLUGIN}.state`, given.state, ['managed', 'external']),
    buckets: choice(`${PLUGIN}.buckets`, given.buckets, ['managed', 'external']),
    onRemove: choice(`${PLUGIN}.onRemove`, given.onRemove, ['keep', 'delete']),
    roles: choice(`${PLUGIN}.roles`, given.roles, ['job', 'service']),
    accept: [...new Set([...textList(`${PLUGIN}.accept`, given.accept), ...textList('--accept', accept)])],
  }
}

/** Handlers by the function's name; read before variables of AWS are known, so only what is there is looked at. */
export function handlersOf(custom: unknown): ReadonlyMap<string, string | undefined> {
  const jobs = property(millraceOf(custom), 'jobs')
  if (typeof jobs !== 'object' || jobs === null) return new Map()
  return new Map(
    Object.entries(jobs).map(([name, job]) => {
      const handler = property(job, 'handler')
      return [name, typeof handler === 'string' ? handler : undefined]
    }),
  )
}

function millraceOf(custom: unknown): unknown {
  return property(custom, 'millrace')
}

function property(value: unknown, name: string): unknown {
  return typeof value === 'object' && value !== null ? Reflect.get(value, name) : undefined
}

function checkKafka(where: string, value: unknown): KafkaCluster {
  if (value === undefined) throw new InvalidOptionError(`${where} is missing: give bootstrapServers, or mskArn.`)
  checkKnownOptions(where, value, KAFKA_OPTIONS)
  const given = options(where, value)
  // A list in one environment variable is the usual thing: `bootstrapServers: ['${env:KAFKA_BROKERS}']`.
  const bootstrapServers = textList(`${where}.bootstrapServers`, given.bootstrapServers)
    .flatMap((servers) => servers.split(','))
    .map((server) => server.trim())
    .filter((server) => server !== '')
  const mskArn = given.mskArn === undefined ? undefined : nonEmptyText(`${where}.mskArn`, given.mskArn)
  if (bootstrapServers.length > 0 === (mskArn !== undefined)) {
    throw new InvalidOptionError(
      `${where}: give either bootstrapServers (a cluster of your own) or mskArn, ${mskArn ? 'not both' : 'and not nothing'}.`,
    )
  }
  for (const server of bootstrapServers) {
    if (/^[^\s:]+:\d{1,5}$/.test(server) || /^\[[^\s\]]+\]:\d{1,5}$/.test(server)) continue
    throw new InvalidOptionError(`${where}.bootstrapServers: '${server}' is not of the form host:port.`)
  }
  const counts = Object.entries(options(`${where}.partitions`, given.partitions ?? {}))
  return {
    bootstrapServers,
    mskArn,
    access: checkAccess(`${where}.accessConfigurations`, given.accessConfigurations ?? {}, mskArn !== undefined),
    partitions: new Map(
      counts.map(([topic, count]) => [topic, integer(`${where}.partitions.${topic}`, count, 1, 100_000)]),
    ),
  }
}

function checkJob(where: string, value: unknown): MappingOptions {
  const job = value ?? {}
  checkKnownOptions(where, job, JOB_OPTIONS)
  const given = options(where, job)
  const pollers =
    given.provisionedPollerConfig === undefined
      ? undefined
      : checkPollers(`${where}.provisionedPollerConfig`, given.provisionedPollerConfig)
  const reportBatchItemFailures = boolean(`${where}.reportBatchItemFailures`, given.reportBatchItemFailures, false)
  // https://docs.aws.amazon.com/lambda/latest/dg/kafka-retry-configurations.html: error handling is of provisioned mode.
  if (reportBatchItemFailures && !pollers) {
    throw new InvalidOptionError(
      `${where}.reportBatchItemFailures: Lambda takes partial responses of Kafka mappings in provisioned mode only. ` +
        'Add provisionedPollerConfig, or leave it out: without it nothing is lost or doubled, a failed batch is only delivered again as a whole.',
    )
  }
  const position = `${where}.startingPosition`
  const startingPosition = choice(position, given.startingPosition, ['TRIM_HORIZON', 'LATEST', 'AT_TIMESTAMP'])
  const timestamp = given.startingPositionTimestamp
  if ((startingPosition === 'AT_TIMESTAMP') !== (timestamp !== undefined)) {
    throw new InvalidOptionError(`${position} AT_TIMESTAMP and startingPositionTimestamp go together.`)
  }
  const window = given.maximumBatchingWindow
  return {
    batchSize: integer(`${where}.batchSize`, given.batchSize ?? DEFAULT_BATCH_SIZE, 1, 10_000),
    maximumBatchingWindow: window === undefined ? undefined : integer(`${where}.maximumBatchingWindow`, window, 0, 300),
    startingPosition,
    startingPositionTimestamp:
      timestamp === undefined ? undefined : integer(`${where}.startingPositionTimestamp`, timestamp, 0, 1e11),
    enabled: boolean(`${where}.enabled`, given.enabled, true),
    pollers,
    reportBatchItemFailures,
  }
}

function checkPollers(where: string, value: unknown): MappingOptions['pollers'] {
  checkKnownOptions(where, value, ['minimumPollers', 'maximumPollers'])
  const { minimumPollers, maximumPollers }: Options = options(where, value)
  return {
    minimum: minimumPollers === undefined ? undefined : integer(`${where}.minimumPollers`, minimumPollers, 1, 200),
    maximum: maximumPollers === undefined ? undefined : integer(`${where}.maximumPollers`, maximumPollers, 1, 2000),
  }
}
