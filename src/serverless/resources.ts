// The resources of a deployment, as CloudFormation: table, buckets, and for each job the queue of its wake-ups. Pure.

import { SPILLED } from '../names/objects.ts'
import { TTL_ATTRIBUTE, tableDefinition } from '../stores/table-definition.ts'
import { jobAlarms, tableAlarms } from './alarms.ts'
import { dashboard } from './dashboard.ts'
import {
  BUCKET,
  bucketPolicyId,
  DASHBOARD,
  type DeployedJob,
  type Deployment,
  lostQueueId,
  outputBucketId,
  outputBuckets,
  queueId,
  queuePolicyId,
  TABLE,
} from './deployment.ts'
import type { CfnResource, CfnValue } from './framework.ts'
import { type FunctionTarget, mappingsOf } from './mappings.ts'
import { stateBucketName, tableName } from './names.ts'
import { named } from './pseudo-parameters.ts'
import { bucketPolicy, queuePolicy } from './tls-only.ts'

/** All resources that the plugin adds, by logical id. */
export function resourcesOf(
  deployment: Deployment,
  targetOf: (functionName: string) => FunctionTarget,
): Record<string, CfnResource> {
  const { service, stage, jobs, options } = deployment
  const resources: Record<string, CfnResource> = {}
  const addBucket = (id: string, bucket: CfnResource) => {
    resources[id] = options.onRemove === 'keep' ? kept('keep', bucket) : { ...bucket, ...EMPTIED_BY_US }
    resources[bucketPolicyId(id)] = kept(options.onRemove, bucketPolicy(id))
  }
  if (options.state === 'managed') {
    resources[TABLE] = kept(options.onRemove, tableResource(tableName(service, stage)))
    addBucket(BUCKET, bucketResource(stateBucketName(service, stage), deployment, SPILLED))
  }
  if (options.buckets === 'managed') {
    for (const bucket of outputBuckets(deployment)) {
      addBucket(outputBucketId(bucket), bucketResource(named(bucket), deployment))
    }
  }
  const stores = Object.keys(resources).filter((id) => !resources[id]?.Type.endsWith('Policy'))
  for (const job of jobs) {
    resources[queueId(job)] = queueResource(job)
    resources[lostQueueId(job)] = lostQueueResource()
    resources[queuePolicyId(job)] = queuePolicy([queueId(job), lostQueueId(job)])
    Object.assign(resources, jobAlarms(deployment, job, targetOf(job.functionName).name))
    Object.assign(resources, mappingsOf(deployment, job, targetOf(job.functionName), stores))
  }
  Object.assign(resources, tableAlarms(deployment))
  if (options.dashboard) resources[DASHBOARD] = dashboard(deployment, (functionName) => targetOf(functionName).name)
  return resources
}

function kept(onRemove: 'keep' | 'delete', resource: CfnResource): CfnResource {
  const policy = onRemove === 'keep' ? 'Retain' : 'Delete'
  return { ...resource, DeletionPolicy: policy, UpdateReplacePolicy: policy }
}

/**
 * With `onRemove: delete` the plugin deletes buckets once the stack is gone: CloudFormation deletes none that holds anything, and before that
 * functions may still write. Only a stack whose creation fails takes them with it, while they are empty.
 */
const EMPTIED_BY_US = { DeletionPolicy: 'RetainExceptOnCreate', UpdateReplacePolicy: 'Retain' } as const

function tableResource(name: string): CfnResource {
  return {
    Type: 'AWS::DynamoDB::Table',
    Properties: {
      ...tableDefinition(name),
      TimeToLiveSpecification: { AttributeName: TTL_ATTRIBUTE, Enabled: true },
      PointInTimeRecoverySpecification: { PointInTimeRecoveryEnabled: true },
    },
  }
}

const DAY_MS = 86_400_000
/**
 * Entries of a log, and so what they point to, are needed for `retention`, the head included while it waits to be published.
 * A week on top is for whoever finds out on Monday that the job has stood still.
 */
const MARGIN_DAYS = 7

function bucketResource(name: CfnValue, { jobs }: Deployment, expiring?: string): CfnResource {
  const retention = Math.max(...jobs.map(({ job }) => job.retention))
  const days = Math.ceil(retention / DAY_MS) + MARGIN_DAYS
  const rules: CfnValue[] = [
    {
      Id: 'millrace-stale-uploads',
      Status: 'Enabled',
      // Parts of uploads whose commit did not come about, left by a process that died before it could abort them.
      AbortIncompleteMultipartUpload: { DaysAfterInitiation: days },
    },
  ]
  if (expiring !== undefined) {
    rules.push({ Id: 'millrace-spill', Status: 'Enabled', Prefix: expiring, ExpirationInDays: days })
  }
  return {
    Type: 'AWS::S3::Bucket',
    Properties: {
      BucketName: name,
      BucketEncryption: {
        ServerSideEncryptionConfiguration: [{ ServerSideEncryptionByDefault: { SSEAlgorithm: 'AES256' } }],
      },
      PublicAccessBlockConfiguration: {
        BlockPublicAcls: true,
        BlockPublicPolicy: true,
        IgnorePublicAcls: true,
        RestrictPublicBuckets: true,
      },
      OwnershipControls: { Rules: [{ ObjectOwnership: 'BucketOwnerEnforced' }] },
      LifecycleConfiguration: { Rules: rules },
    },
  }
}

/** The longest that SQS keeps a message: a job whose function fails for days is still brought back. */
const MESSAGE_RETENTION_SECONDS = 1_209_600

/** SQS's greatest. A message comes every minute for an hour, then every quarter of an hour (`lambda/hold.ts`): ten days. */
const MAX_RECEIVES = 1000

function queueResource(job: DeployedJob): CfnResource {
  return {
    Type: 'AWS::SQS::Queue',
    Properties: {
      // The least that a mapping takes: a function that died before it could say so is back after its timeout. AWS advises
      // six times as much, so that no message comes twice; that does no harm here.
      VisibilityTimeout: job.timeout,
      MessageRetentionPeriod: MESSAGE_RETENTION_SECONDS,
      SqsManagedSseEnabled: true,
      RedrivePolicy: {
        deadLetterTargetArn: { 'Fn::GetAtt': [lostQueueId(job), 'Arn'] },
        maxReceiveCount: MAX_RECEIVES,
      },
    },
  }
}

function lostQueueResource(): CfnResource {
  return {
    Type: 'AWS::SQS::Queue',
    Properties: { MessageRetentionPeriod: MESSAGE_RETENTION_SECONDS, SqsManagedSseEnabled: true },
  }
}
