// A service's jobs as they will be deployed, before any of it is CloudFormation: options, and what the bundles say of themselves.

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
export const DASHBOARD = 'MillraceDashboard'

/**
 * Calls of a service are tried for up to 51 s (`stores/aws-client.ts`); a function that ends before would end without the
 * error's name.
 */
export const DEFAULT_TIMEOUT = 60

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

export function queuePolicyId({ functionName }: DeployedJob): string {
  return logicalId(functionName, 'MillraceQueuePolicy')
}

export function bucketPolicyId(bucketId: string): string {
  return `${bucketId}Policy`
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

export function groupOf({ service, stage }: Deployment, { job }: DeployedJob, feed: string): string {
  return consumerGroup(service, stage, job.name, feed)
}

/** Variables of a job's function. */
export function environmentOf(deployment: Deployment, deployed: DeployedJob): Record<string, CfnValue> {
  const { job, bundle, mapping } = deployed
  const { accept, metrics } = deployment.options
  const known = job.feeds.flatMap(({ name }) => {
    const count = deployment.partitions.get(name)
    return count === undefined ? [] : [`${name}=${count}`]
  })
  return {
    MILLRACE_TABLE: tableRef(deployment),
    MILLRACE_BUCKET: stateBucketRef(deployment),
    MILLRACE_WAKE_QUEUE_URL: { Ref: queueId(deployed) },
    MILLRACE_CODE: bundle.hash,
    ...(metrics !== 'off' && { MILLRACE_METRICS: metrics }),
    ...(mapping.reportBatchItemFailures && { MILLRACE_REPORT_FAILURES: '1' }),
    ...(known.length > 0 && { MILLRACE_PARTITIONS: known.join(',') }),
    ...(accept.length > 0 && { MILLRACE_ACCEPT: JSON.stringify(accept) }),
  }
}
