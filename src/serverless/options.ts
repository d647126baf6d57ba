// `custom.millrace` of serverless.yml, checked once against a closed schema: an unknown name is an error that suggests the
// nearest known one. Names of mapping options are those of the framework's own `kafka` and `msk` events.

import { InvalidOptionError } from '../errors/errors.ts'
import type { Metrics } from '../lambda/invocation-line.ts'
import { checkKnownOptions } from '../options/options.ts'
import type { Plain } from '../sources/deployed.ts'
import type { Brokers, MappingOptions } from '../sources/kafka/mapping.ts'
import { checkAccess } from './access.ts'
import { boolean, choice, integer, options, reference, referenceList, textList } from './checks.ts'
import { checkJob } from './job-options.ts'

/** Who makes a resource: this deployment, or somebody else beforehand. */
export type Ownership = 'managed' | 'external'

/** The one Kafka cluster of a service. */
export interface KafkaCluster extends Brokers {
  /** Partition counts by topic, as far as they are given rather than looked up. */
  readonly partitions: ReadonlyMap<string, number>
}

/** Alarms as serverless.yml wants them. */
export interface AlarmOptions {
  /** Whom they tell: ARNs of SNS topics, or what else CloudWatch takes. */
  readonly actions: readonly Plain[]
  /** Records behind. */
  readonly lag: number
  /** Records of five minutes that came after their batch. */
  readonly late: number
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
  /** Undefined: none. */
  readonly alarms: AlarmOptions | undefined
  readonly dashboard: boolean
  /** What invocations write down about themselves (lambda/invocation-line.ts). */
  readonly metrics: Metrics
  /** Ids of operators that may go, or start with empty state. */
  readonly accept: readonly string[]
}

const PLUGIN_OPTIONS = [
  ...['kafka', 'jobs', 'state', 'buckets', 'onRemove', 'roles'],
  ...['alarms', 'dashboard', 'metrics', 'accept'],
]
const KAFKA_OPTIONS = ['bootstrapServers', 'mskArn', 'accessConfigurations', 'partitions']
const PLUGIN = 'custom.millrace'

/** A cluster, or a connection to one of another account. */
const MSK_ARN = {
  pattern: /^arn:aws[a-z-]*:kafka:[a-z0-9-]+:\d{12}:(cluster|vpc-connection)\/[^/]+\/.+$/,
  example: 'arn:aws:kafka:eu-central-1:123456789012:cluster/events/<uuid>',
}

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
    alarms: checkAlarms(`${PLUGIN}.alarms`, given.alarms),
    dashboard: boolean(`${PLUGIN}.dashboard`, given.dashboard, true),
    metrics: choice(`${PLUGIN}.metrics`, given.metrics, ['emf', 'line', 'off']),
    accept: [...new Set([...textList(`${PLUGIN}.accept`, given.accept), ...textList('--accept', accept)])],
  }
}

/** Records behind that a job of some thousand records a second makes good for in a minute. */
const LAG = 100_000

/** Some are late in any topic of several producers. */
const LATE = 1000

/** An SNS topic, or what else an alarm may tell. */
const ACTION = { pattern: /^arn:aws[a-z-]*:[a-z0-9-]+:.+$/, example: 'arn:aws:sns:eu-central-1:123456789012:topic' }

function checkAlarms(where: string, value: unknown): AlarmOptions | undefined {
  if (value === false || value === 'false') return undefined
  const set = value === undefined || value === true || value === 'true' ? {} : value
  checkKnownOptions(where, set, ['actions', 'lag', 'late'])
  const { actions, lag, late } = options(where, set)
  return {
    actions: referenceList(`${where}.actions`, actions, ACTION),
    lag: lag === undefined ? LAG : integer(`${where}.lag`, lag, 1, 1e12),
    late: late === undefined ? LATE : integer(`${where}.late`, late, 1, 1e12),
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
  const mskArn = given.mskArn === undefined ? undefined : reference(`${where}.mskArn`, given.mskArn, MSK_ARN)
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
