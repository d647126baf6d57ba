// A service's jobs as they will be deployed, before any of it is CloudFormation: options, what the bundles say of themselves,
// and the checks that need all jobs at once.

import { InvalidOptionError } from '../errors/errors.ts'
import type { MappingOptions } from '../sources/kafka/mapping.ts'
import type { Bundle } from './bundle.ts'
import type { JobDescription, WrittenPlace } from './describe.ts'
import type { CfnValue } from './framework.ts'
import { consumerGroup, logicalId, stateBucketName, tableName } from './names.ts'
import type { PluginOptions } from './options.ts'

/** A job and the function that runs it. */
export interface DeployedJob {
  /** The function's name in serverless.yml. */
  readonly functionName: string
  readonly job: JobDescription
  readonly bundle: Pick<Bundle, 'hash' | 'handler'>
  readonly mapping: MappingOptions
  /** Seconds. */
  readonly timeout: number
}

export interface Deployment {
  readonly service: string
  readonly stage: string
  readonly options: Omit<PluginOptions, 'jobs'>
  readonly jobs: readonly DeployedJob[]
  /** Partition counts by topic; topics that nobody could be asked about are not in it. */
  readonly partitions: ReadonlyMap<string, number>
}

/** Logical ids of what the whole service shares. */
export const TABLE = 'MillraceTable'
export const BUCKET = 'MillraceBucket'

/** Longest that Lambda lets the function of a Kafka mapping run: 14 minutes. */
const LONGEST_TIMEOUT = 840
/**
 * Calls of a service are tried for up to 51 s (`stores/aws-client.ts`); a function that ends before would end without the
 * error's name.
 */
export const DEFAULT_TIMEOUT = 60

/** @throws InvalidOptionError for two functions with one job name, a topic nobody reads, an impossible timeout. */
export function checkDeployment({ jobs, options }: Deployment): void {
  const functions = new Map<string, string>()
  for (const { functionName, job, timeout } of jobs) {
    const other = functions.get(job.name)
    if (other !== undefined) {
      throw new InvalidOptionError(
        `custom.millrace.jobs: the functions '${other}' and '${functionName}' both run a job named '${job.name}'. The name is the ` +
          "identity of a job's state, and they would take each other's commits for their own: give one of them another name.",
      )
    }
    functions.set(job.name, functionName)
    if (job.topics.length === 0) {
      throw new InvalidOptionError(`The job '${job.name}' (function '${functionName}') reads no topic of Kafka.`)
    }
    if (timeout > LONGEST_TIMEOUT) {
      throw new InvalidOptionError(
        `functions.${functionName}.timeout: Lambda ends functions of Kafka mappings after ${LONGEST_TIMEOUT} s, got ${timeout}.`,
      )
    }
  }
  const topics = new Set(jobs.flatMap(({ job }) => job.topics))
  for (const topic of options.kafka.partitions.keys()) {
    if (topics.has(topic)) continue
    throw new InvalidOptionError(
      `custom.millrace.kafka.partitions: no job reads the topic '${topic}'; there are ${[...topics].join(', ')}.`,
    )
  }
}

/** The table: the resource itself when this stack makes it, so that CloudFormation knows what comes first. */
export function tableRef({ service, stage, options }: Deployment): CfnValue {
  return options.state === 'managed' ? { Ref: TABLE } : tableName(service, stage)
}

export function stateBucketRef({ service, stage, options }: Deployment): CfnValue {
  return options.state === 'managed' ? { Ref: BUCKET } : stateBucketName(service, stage)
}

export function queueId({ functionName }: DeployedJob): string {
  return logicalId(functionName, 'MillraceWakeQueue')
}

/** The queue of what the other one has given up. */
export function lostQueueId({ functionName }: DeployedJob): string {
  return logicalId(functionName, 'MillraceLostWakeUps')
}

export function lostAlarmId({ functionName }: DeployedJob): string {
  return logicalId(functionName, 'MillraceLostWakeUpsAlarm')
}

/** Buckets that jobs name, in the order in which they come. */
export function outputBuckets({ jobs }: Deployment): string[] {
  return [...new Set(jobs.flatMap(writtenPlaces).map(({ bucket }) => bucket))]
}

export function outputBucketId(bucket: string): string {
  return logicalId('MillraceOutput', bucket)
}

function writtenPlaces({ job }: DeployedJob): WrittenPlace[] {
  return job.quarantine ? [...job.outputs, job.quarantine] : [...job.outputs]
}

export function groupOf({ service, stage }: Deployment, { job }: DeployedJob, topic: string): string {
  return consumerGroup(service, stage, job.name, topic)
}

/** Variables of a job's function. */
export function environmentOf(deployment: Deployment, deployed: DeployedJob): Record<string, CfnValue> {
  const { job, bundle, mapping } = deployed
  const { accept } = deployment.options
  const known = job.topics.flatMap((topic) => {
    const count = deployment.partitions.get(topic)
    return count === undefined ? [] : [`${topic}=${count}`]
  })
  return {
    MILLRACE_TABLE: tableRef(deployment),
    MILLRACE_BUCKET: stateBucketRef(deployment),
    MILLRACE_WAKE_QUEUE_URL: { Ref: queueId(deployed) },
    MILLRACE_CODE: bundle.hash,
    ...(mapping.reportBatchItemFailures && { MILLRACE_REPORT_FAILURES: '1' }),
    ...(known.length > 0 && { MILLRACE_PARTITIONS: known.join(',') }),
    ...(accept.length > 0 && { MILLRACE_ACCEPT: JSON.stringify(accept) }),
  }
}
