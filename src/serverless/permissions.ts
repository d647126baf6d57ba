// What the functions may do: the calls that Millrace makes, on the things of this deployment, and no more. Pure.
// Calls: `stores/dynamo-table.ts`, `stores/s3-objects.ts`, `lambda/sqs-waker.ts`.

import { OWN_PREFIX } from '../names/objects.ts'
import { jobKey, logKeysOf } from '../names/table-keys.ts'
import type { Place } from '../sinks/sink.ts'
import { type Deployment, queueId, stateBucketRef, tableRef } from './deployment.ts'
import type { WrittenPlace } from './describe.ts'
import type { CfnValue, IamStatement } from './framework.ts'
import { named } from './pseudo-parameters.ts'
import { deployedSource, readingsOf } from './sources.ts'

export function statementsOf(deployment: Deployment): IamStatement[] {
  const { jobs } = deployment
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
    ...[...readingsOf(jobs)].flatMap(([kind, readings]) => deployedSource(kind).permissionsOf(deployment, readings)),
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

/** What jobs may do where they write, by the kind of place. */
const WRITING: { readonly [K in Place['kind']]: (keys: readonly string[]) => IamStatement[] } = {
  /** Below their prefixes write, look, and abort what they have staged; nothing that is visible may they delete. */
  objects(keys) {
    const buckets = new Set(keys.map((key) => key.slice(0, key.indexOf('/'))))
    return [
      {
        Effect: 'Allow',
        Action: ['s3:PutObject', 's3:GetObject', 's3:AbortMultipartUpload'],
        Resource: keys.map((key) => arn('s3:::', named(key))),
      },
      {
        Effect: 'Allow',
        Action: ['s3:ListBucket'],
        Resource: [...buckets].map((bucket) => arn('s3:::', named(bucket))),
      },
    ]
  },
}

function outputStatements({ jobs }: Deployment): IamStatement[] {
  const outputs = jobs.flatMap(({ job }) => job.outputs.map((place) => [place.kind, keysOf(place, '-')] as const))
  const quarantines = jobs.flatMap(({ job: { quarantine } }) =>
    quarantine ? [[quarantine.kind, keysOf(quarantine, '/')] as const] : [],
  )
  const byKind = Map.groupBy([...outputs, ...quarantines], ([kind]) => kind)
  return [...byKind].flatMap(([kind, all]) => WRITING[kind]([...new Set(all.map(([, keys]) => keys))]))
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
