// `custom.millrace.jobs.<function>`: how the topics of one job are read, in the words and ranges of
// https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-lambda-eventsourcemapping.html, as far as they are for Kafka.

import { InvalidOptionError } from '../errors/errors.ts'
import { checkKnownOptions } from '../options/options.ts'
import type { MappingOptions, Pollers } from '../sources/kafka/mapping.ts'
import type { FailureDestination } from '../sources/kafka/permissions.ts'
import { boolean, choice, integer, nonEmptyText, type Options, options, reference, textList } from './checks.ts'

/**
 * A commit costs about the same for one record as for thousands, an invocation too; but a batch has to be through within
 * the function's timeout, also when its operators wait for something. Lambda's own default of 100 is for functions that do.
 */
const DEFAULT_BATCH_SIZE = 1000

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
  'onFailureDestination',
  'maximumRetryAttempts',
  'maximumRecordAgeInSeconds',
  'bisectBatchOnFunctionError',
  'filterPatterns',
  'metricsConfig',
  'loggingConfig',
]

/** What Lambda takes of Kafka mappings in provisioned mode only: kafka-retry-configurations.html, esm-logging.html, monitoring-metrics-types.html. */
const PROVISIONED_ONLY: Readonly<Record<string, string>> = {
  reportBatchItemFailures: 'without it nothing is lost or doubled, a failed batch is only delivered again as a whole',
  maximumRetryAttempts: 'without it a batch is tried until it succeeds',
  maximumRecordAgeInSeconds: 'without it records of any age are delivered',
  bisectBatchOnFunctionError: 'without it a failed batch is delivered again as a whole',
  metricsConfig: 'without it there are the metrics of the function, and OffsetLag',
  loggingConfig: 'without it the pollers log nothing',
}

export function checkJob(where: string, value: unknown): MappingOptions {
  const job = value ?? {}
  checkKnownOptions(where, job, JOB_OPTIONS)
  const given = options(where, job)
  const config = given.provisionedPollerConfig
  const pollers = config === undefined ? undefined : checkPollers(`${where}.provisionedPollerConfig`, config)
  if (!pollers) checkOnDemand(where, given)
  const optional = (name: string, least: number, most: number) =>
    given[name] === undefined ? undefined : integer(`${where}.${name}`, given[name], least, most)
  return {
    batchSize: integer(`${where}.batchSize`, given.batchSize ?? DEFAULT_BATCH_SIZE, 1, 10_000),
    maximumBatchingWindow: optional('maximumBatchingWindow', 0, 300),
    ...checkPosition(where, given),
    enabled: boolean(`${where}.enabled`, given.enabled, true),
    pollers,
    reportBatchItemFailures: boolean(`${where}.reportBatchItemFailures`, given.reportBatchItemFailures, false),
    onFailure: checkDestination(`${where}.onFailureDestination`, given.onFailureDestination),
    maximumRetryAttempts: optional('maximumRetryAttempts', -1, 10_000),
    maximumRecordAge: checkAge(`${where}.maximumRecordAgeInSeconds`, given.maximumRecordAgeInSeconds),
    bisectBatchOnFunctionError: boolean(`${where}.bisectBatchOnFunctionError`, given.bisectBatchOnFunctionError, false),
    filterPatterns: checkPatterns(`${where}.filterPatterns`, given.filterPatterns),
    ...checkOwnReports(where, given),
  }
}

function checkOnDemand(where: string, given: Options): void {
  for (const [name, without] of Object.entries(PROVISIONED_ONLY)) {
    const value = given[name]
    if (value === undefined || value === false || value === 'false') continue
    throw new InvalidOptionError(
      `${where}.${name}: Lambda takes it for Kafka mappings in provisioned mode only. Add provisionedPollerConfig, or leave it out: ${without}.`,
    )
  }
}

function checkPosition(where: string, given: Options) {
  const position = `${where}.startingPosition`
  const startingPosition = choice(position, given.startingPosition, ['TRIM_HORIZON', 'LATEST', 'AT_TIMESTAMP'])
  const timestamp = given.startingPositionTimestamp
  if ((startingPosition === 'AT_TIMESTAMP') !== (timestamp !== undefined)) {
    throw new InvalidOptionError(`${position} AT_TIMESTAMP and startingPositionTimestamp go together.`)
  }
  return {
    startingPosition,
    startingPositionTimestamp:
      timestamp === undefined ? undefined : integer(`${where}.startingPositionTimestamp`, timestamp, 0, 1e11),
  }
}

function checkPollers(where: string, value: unknown): Pollers {
  checkKnownOptions(where, value, ['minimumPollers', 'maximumPollers', 'pollerGroupName'])
  const { minimumPollers, maximumPollers, pollerGroupName: group }: Options = options(where, value)
  const minimum = minimumPollers === undefined ? undefined : integer(`${where}.minimumPollers`, minimumPollers, 1, 200)
  const maximum = maximumPollers === undefined ? undefined : integer(`${where}.maximumPollers`, maximumPollers, 1, 2000)
  if (minimum !== undefined && maximum !== undefined && minimum > maximum) {
    throw new InvalidOptionError(`${where}: minimumPollers (${minimum}) is greater than maximumPollers (${maximum}).`)
  }
  if (group === undefined || group === '') return { minimum, maximum, group }
  const name = nonEmptyText(`${where}.pollerGroupName`, group)
  if (!/^[a-zA-Z0-9_-]{1,128}$/.test(name)) {
    throw new InvalidOptionError(`${where}.pollerGroupName: '${name}' is not 1 to 128 of a-z, A-Z, 0-9, '_', '-'.`)
  }
  return { minimum, maximum, group: name }
}

/** https://docs.aws.amazon.com/lambda/latest/dg/kafka-on-failure.html */
const DESTINATIONS = {
  pattern:
    /^(arn:aws[a-z-]*:(sqs|sns):[a-z0-9-]+:\d{12}:[^:/]+|arn:aws[a-z-]*:s3:::[a-z0-9.-]{3,63}|kafka:\/\/[a-zA-Z0-9._-]{1,249})$/,
  example: 'arn:aws:sqs:<region>:<account>:<queue>, arn:aws:sns:…, arn:aws:s3:::<bucket> or kafka://<topic>',
}

function checkDestination(where: string, value: unknown): FailureDestination | undefined {
  if (value === undefined) return undefined
  if (typeof value === 'string') {
    const at = String(reference(where, value, DESTINATIONS))
    return { kind: choice(where, /^(?:arn:[^:]*:)?([a-z0-9]+)/.exec(at)?.[1], ['sqs', 'sns', 's3', 'kafka']), at }
  }
  // The permission depends on what it is, which an intrinsic function does not say.
  checkKnownOptions(where, value, ['type', 'arn'])
  const { type, arn } = options(where, value)
  if (type === undefined) {
    throw new InvalidOptionError(`${where}: say what it is, type: sqs, sns or s3, beside the arn.`)
  }
  return { kind: choice(`${where}.type`, type, ['sqs', 'sns', 's3']), at: reference(`${where}.arn`, arn, DESTINATIONS) }
}

/** -1, or from a minute to a week. */
function checkAge(where: string, value: unknown): number | undefined {
  if (value === undefined) return undefined
  return Number(value) === -1 ? -1 : integer(where, value, 60, 604_800)
}

/** Five, unless AWS has raised it to ten for an account. https://docs.aws.amazon.com/lambda/latest/dg/invocation-eventfiltering.html */
const MOST_PATTERNS = 10
const LONGEST_PATTERN = 4096

function checkPatterns(where: string, value: unknown): string[] {
  if (value === undefined) return []
  const patterns = Array.isArray(value) ? value : [value]
  if (patterns.length > MOST_PATTERNS) {
    throw new InvalidOptionError(`${where}: Lambda takes ${MOST_PATTERNS} patterns at most, got ${patterns.length}.`)
  }
  return patterns.map((pattern: unknown) => {
    const text = JSON.stringify(options(where, typeof pattern === 'string' ? parsed(where, pattern) : pattern))
    if (text.length <= LONGEST_PATTERN) return text
    throw new InvalidOptionError(`${where}: a pattern has ${LONGEST_PATTERN} characters at most, got ${text.length}.`)
  })
}

function parsed(where: string, text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    throw new InvalidOptionError(
      `${where}: ${text.slice(0, 80)} is not JSON. A pattern such as { value: { kind: [order] } } may stand there as it is.`,
    )
  }
}

function checkOwnReports(where: string, { metricsConfig, loggingConfig }: Options) {
  const of = (name: string, value: unknown, key: string): unknown => {
    if (value === undefined) return undefined
    checkKnownOptions(`${where}.${name}`, value, [key])
    return options(`${where}.${name}`, value)[key]
  }
  const metrics = textList(`${where}.metricsConfig.metrics`, of('metricsConfig', metricsConfig, 'metrics'))
  const level = of('loggingConfig', loggingConfig, 'systemLogLevel')
  return {
    metrics: [...new Set(metrics)].map((metric) =>
      choice(`${where}.metricsConfig.metrics`, metric, ['EventCount', 'ErrorCount', 'KafkaMetrics']),
    ),
    logLevel:
      level === undefined
        ? undefined
        : choice(`${where}.loggingConfig.systemLogLevel`, level, ['INFO', 'DEBUG', 'WARN']),
  }
}
