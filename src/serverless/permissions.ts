// What the functions may do: the calls that Millrace makes, on the things of this deployment, and no more. Pure.
// Calls: `stores/dynamo-table.ts`, `stores/s3-objects.ts`, `lambda/sqs-waker.ts`.

import { OWN_PREFIX } from '../names/objects.ts'
import { jobKey, logKeysOf } from '../names/table-keys.ts'
import { permissionsOf } from '../sources/kafka/permissions.ts'
import { type Deployment, groupOf, queueId, stateBucketRef, tableRef } from './deployment.ts'
import type { WrittenPlace } from './describe.ts'
import type { CfnValue, IamStatement } from './framework.ts'

export function statementsOf(deployment: Deployment): IamStatement[] {
  const { jobs, options } = deployment
  const topics = [...new Set(jobs.flatMap(({ job }) => job.topics))]
  const groups = jobs.flatMap((job) => job.job.topics.map((topic) => groupOf(deployment, job, topic)))
  return [
    tableStatement(deployment),
    ...stateBucketStatements(deployment),
    ...outputStatements(deployment),
    {
      Effect: 'Allow',
      Action: [
        'sqs:SendMessage',
        'sqs:ReceiveMessage',
        'sqs:DeleteMessage',
        'sqs:ChangeMessageVisibility',
        'sqs:GetQueueAttributes',
      ],
      Resource: jobs.map((job) => ({ 'Fn::GetAtt': [queueId(job), 'Arn'] })),
    },
    ...permissionsOf(options.kafka.access, options.kafka.mskArn, topics, groups),
  ]
}

/** Only items of these jobs: several services may share a table. https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/specifying-conditions.html */
function tableStatement(deployment: Deployment): IamStatement {
  const keys = deployment.jobs.flatMap(({ job }) => [`${literal(logKeysOf(job.name))}*`, literal(jobKey(job.name))])
  return {
    Effect: 'Allow',
    Action: ['dynamodb:PutItem', 'dynamodb:UpdateItem', 'dynamodb:Query', 'dynamodb:GetItem', 'dynamodb:DeleteItem'],
    Resource: arn(`dynamodb:\${AWS::Region}:\${AWS::AccountId}:table/`, tableRef(deployment)),
    Condition: { 'ForAllValues:StringLike': { 'dynamodb:LeadingKeys': keys } },
  }
}

/** Without ListBucket S3 answers 403 instead of 404 for an object that is not there. */
function stateBucketStatements(deployment: Deployment): IamStatement[] {
  const bucket = stateBucketRef(deployment)
  return [
    {
      Effect: 'Allow',
      Action: ['s3:PutObject', 's3:GetObject', 's3:DeleteObject', 's3:AbortMultipartUpload'],
      Resource: arn('s3:::', bucket, `/${OWN_PREFIX}*`),
    },
    { Effect: 'Allow', Action: ['s3:ListBucket'], Resource: arn('s3:::', bucket) },
  ]
}

/** Below their prefixes jobs may write, look, and abort what they have staged; nothing that is visible may they delete. */
function outputStatements({ jobs }: Deployment): IamStatement[] {
  const outputs = jobs.flatMap(({ job }) => job.outputs.map((place) => keysOf(place, '-')))
  const quarantines = jobs.flatMap(({ job }) => (job.quarantine ? [keysOf(job.quarantine, '/')] : []))
  const places = [...new Set([...outputs, ...quarantines])]
  if (places.length === 0) return []
  const buckets = new Set(places.map((place) => place.slice(0, place.indexOf('/'))))
  return [
    {
      Effect: 'Allow',
      Action: ['s3:PutObject', 's3:GetObject', 's3:AbortMultipartUpload'],
      Resource: places.map((place) => arn('s3:::', place)),
    },
    { Effect: 'Allow', Action: ['s3:ListBucket'], Resource: [...buckets].map((bucket) => arn('s3:::', bucket)) },
  ]
}

function keysOf({ bucket, prefix }: WrittenPlace, then: '-' | '/'): string {
  return `${bucket}/${literal(prefix)}${then}*`
}

/** Wildcards and variables of IAM, taken as the characters they are. */
function literal(text: string): string {
  return text.replace(/[*?$]/g, (char) => `\${${char}}`)
}

function arn(service: string, name: CfnValue, rest = ''): CfnValue {
  // What others have named goes in as a variable: Fn::Sub does not look for `${…}` in its variables' values.
  return { 'Fn::Sub': [`arn:\${AWS::Partition}:${service}\${Name}${rest}`, { Name: name }] }
}
