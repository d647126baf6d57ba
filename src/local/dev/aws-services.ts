// Table and objects of an emulator of AWS (AWS_ENDPOINT_URL): LocalStack, MiniStack, or whatever answers there. What is missing is made.

import { CreateBucketCommand } from '@aws-sdk/client-s3'
import { InvalidOptionError } from '../../errors/errors.ts'
import { dynamoClient, dynamoTable } from '../../stores/dynamo-table.ts'
import type { ObjectStore } from '../../stores/object-store.ts'
import { s3Client } from '../../stores/s3-client.ts'
import { s3Objects } from '../../stores/s3-objects.ts'
import { serviceError } from '../../stores/service-errors.ts'
import type { StateTable } from '../../stores/table.ts'
import { createTable } from '../../stores/table-definition.ts'

export interface AwsServices {
  readonly table: StateTable
  readonly objects: ObjectStore
  readonly variables: Readonly<Record<string, string>>
  makeBuckets(buckets: readonly string[]): Promise<void>
  stop(): Promise<void>
}

const NAME = 'millrace-dev'
const ALREADY = new Set(['BucketAlreadyOwnedByYou', 'BucketAlreadyExists'])

export async function awsServices(environment: NodeJS.ProcessEnv): Promise<AwsServices> {
  // What clients of an emulator need, where nothing else is set; the values mean nothing to it.
  for (const [name, value] of Object.entries({
    AWS_REGION: 'us-east-1',
    AWS_ACCESS_KEY_ID: 'dev',
    AWS_SECRET_ACCESS_KEY: 'dev',
  }))
    environment[name] ||= value
  const { MILLRACE_TABLE = NAME, MILLRACE_BUCKET = NAME } = environment
  const client = dynamoClient()
  await createTable(client, MILLRACE_TABLE)
  client.destroy()
  const table = dynamoTable({ table: MILLRACE_TABLE })
  const s3 = s3Client()
  const made = new Set<string>()
  const makeBuckets = async (buckets: readonly string[]): Promise<void> => {
    for (const Bucket of buckets) {
      if (made.has(Bucket)) continue
      await s3.send(new CreateBucketCommand({ Bucket })).catch((cause: unknown) => {
        if (cause instanceof Error && ALREADY.has(cause.name)) return
        throw serviceError({
          service: 's3',
          operation: 'CreateBucket',
          target: `bucket ${Bucket}`,
          action: 's3:CreateBucket',
          cause,
        })
      })
      made.add(Bucket)
    }
  }
  await makeBuckets([MILLRACE_BUCKET])
  const objects = s3Objects()
  return {
    table,
    objects,
    variables: { MILLRACE_TABLE, MILLRACE_BUCKET, MILLRACE_WAKE: 'watched' },
    makeBuckets,
    async stop() {
      table.close()
      objects.close()
      s3.destroy()
    },
  }
}

/**
 * Table and bucket that somebody has deployed: nothing is made.
 *
 * @throws InvalidOptionError when a variable does not name them
 */
export function deployedServices(environment: NodeJS.ProcessEnv): AwsServices {
  const { MILLRACE_TABLE, MILLRACE_BUCKET } = environment
  if (!MILLRACE_TABLE || !MILLRACE_BUCKET)
    throw new InvalidOptionError(
      `${MILLRACE_TABLE ? 'MILLRACE_BUCKET' : 'MILLRACE_TABLE'} is not set: MILLRACE_TABLE and MILLRACE_BUCKET together name where a job is in AWS. Set both, or neither for a folder.`,
    )
  const table = dynamoTable({ table: MILLRACE_TABLE })
  const objects = s3Objects()
  return {
    table,
    objects,
    variables: { MILLRACE_TABLE, MILLRACE_BUCKET, MILLRACE_WAKE: 'watched' },
    makeBuckets: async () => {},
    async stop() {
      table.close()
      objects.close()
    },
  }
}
