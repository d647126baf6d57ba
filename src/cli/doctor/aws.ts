// What the doctor asks of AWS, as a port: tests answer in its place, and an emulator does over the network.

import {
  DescribeContinuousBackupsCommand,
  DescribeTableCommand,
  DescribeTimeToLiveCommand,
} from '@aws-sdk/client-dynamodb'
import { GetFunctionConfigurationCommand, LambdaClient, paginateListEventSourceMappings } from '@aws-sdk/client-lambda'
import { GetBucketLifecycleConfigurationCommand, HeadBucketCommand } from '@aws-sdk/client-s3'
import { GetQueueAttributesCommand, SQSClient } from '@aws-sdk/client-sqs'
import { awsClientSettings } from '../../stores/aws-client.ts'
import { dynamoClient } from '../../stores/dynamo-table.ts'
import { s3Client } from '../../stores/s3-client.ts'

export interface TableFacts {
  readonly status: string
  /** `pk HASH S`, `sk RANGE S`. */
  readonly keys: readonly string[]
  /** The attribute that expires items; undefined: none does. */
  readonly ttl: string | undefined
  readonly pointInTimeRecovery: boolean
}

export interface LifecycleRule {
  readonly id: string
  readonly prefix: string
  readonly expires: boolean
  readonly abortsUploads: boolean
}

export interface FunctionFacts {
  readonly state: string
  readonly runtime: string
  readonly timeout: number
  readonly variables: Readonly<Record<string, string>>
  readonly reason: string | undefined
}

export interface MappingFacts {
  readonly topics: readonly string[]
  readonly source: string
  readonly state: string
  readonly lastResult: string
}

export interface Aws {
  /** Where requests go, when it is not AWS. */
  readonly endpoint: string | undefined
  region(): Promise<string>
  /** The id of the key, which is no secret. */
  credentials(): Promise<string>
  table(name: string): Promise<TableFacts>
  bucketExists(name: string): Promise<void>
  lifecycle(bucket: string): Promise<readonly LifecycleRule[]>
  queue(url: string): Promise<{ readonly waiting: number; readonly visibility: number }>
  function(name: string): Promise<FunctionFacts>
  mappings(functionName: string): Promise<readonly MappingFacts[]>
  /** By how many milliseconds the clock of the last answer was ahead of this one; undefined: none said. */
  skew(): number | undefined
  close(): void
}

const SETTINGS = awsClientSettings({ maxAttempts: 2 }, { requestTimeout: 5000 })

export function awsServices(variables: Readonly<Record<string, string | undefined>> = process.env): Aws {
  const dynamo = dynamoClient({ maxAttempts: 2 })
  const s3 = s3Client({ maxAttempts: 2 })
  const sqs = new SQSClient(SETTINGS)
  const lambda = new LambdaClient(SETTINGS)
  let skew: number | undefined
  const note = (date: unknown, sent: number): void => {
    const theirs = typeof date === 'string' ? Date.parse(date) : Number.NaN
    // Dates are in whole seconds, and cut off: half a second more is as likely as not. The answer was made some time in between.
    if (!Number.isNaN(theirs)) skew = theirs + 500 - (sent + Date.now()) / 2
  }
  dynamo.middlewareStack.add(
    (next) => async (args) => {
      const sent = Date.now()
      const answer = await next(args)
      note(headerOf(answer.response, 'date'), sent)
      return answer
    },
    { step: 'deserialize', priority: 'low', name: 'clockSkew' },
  )
  return {
    endpoint: variables.AWS_ENDPOINT_URL || undefined,
    region: async () => dynamo.config.region(),
    credentials: async () => (await dynamo.config.credentials()).accessKeyId,
    async table(TableName) {
      const [{ Table = {} }, { TimeToLiveDescription: ttl }, backups] = await Promise.all([
        dynamo.send(new DescribeTableCommand({ TableName })),
        dynamo.send(new DescribeTimeToLiveCommand({ TableName })),
        dynamo.send(new DescribeContinuousBackupsCommand({ TableName })),
      ])
      const typeOf = (name: string | undefined) =>
        Table.AttributeDefinitions?.find(({ AttributeName }) => AttributeName === name)?.AttributeType
      const on = ttl?.TimeToLiveStatus === 'ENABLED' || ttl?.TimeToLiveStatus === 'ENABLING'
      const recovery = backups.ContinuousBackupsDescription?.PointInTimeRecoveryDescription?.PointInTimeRecoveryStatus
      return {
        status: Table.TableStatus ?? 'UNKNOWN',
        keys: (Table.KeySchema ?? []).map(
          ({ AttributeName, KeyType }) => `${AttributeName} ${KeyType} ${typeOf(AttributeName)}`,
        ),
        ttl: on ? ttl?.AttributeName : undefined,
        pointInTimeRecovery: recovery === 'ENABLED',
      }
    },
    async bucketExists(Bucket) {
      await s3.send(new HeadBucketCommand({ Bucket }))
    },
    async lifecycle(Bucket) {
      try {
        const { Rules = [] } = await s3.send(new GetBucketLifecycleConfigurationCommand({ Bucket }))
        return Rules.filter(({ Status }) => Status === 'Enabled').map(
          ({ ID = '', Filter, Expiration, AbortIncompleteMultipartUpload }) => ({
            id: ID,
            prefix: Filter?.Prefix ?? Filter?.And?.Prefix ?? '',
            expires: Expiration !== undefined,
            abortsUploads: AbortIncompleteMultipartUpload !== undefined,
          }),
        )
      } catch (error) {
        if (error instanceof Error && error.name === 'NoSuchLifecycleConfiguration') return []
        throw error
      }
    },
    async queue(QueueUrl) {
      const { Attributes = {} } = await sqs.send(
        new GetQueueAttributesCommand({
          QueueUrl,
          AttributeNames: ['ApproximateNumberOfMessages', 'VisibilityTimeout'],
        }),
      )
      return {
        waiting: Number(Attributes.ApproximateNumberOfMessages ?? 0),
        visibility: Number(Attributes.VisibilityTimeout ?? 0),
      }
    },
    async function(FunctionName) {
      const found = await lambda.send(new GetFunctionConfigurationCommand({ FunctionName }))
      return {
        state: found.State ?? 'Active',
        runtime: found.Runtime ?? '',
        timeout: found.Timeout ?? 0,
        variables: found.Environment?.Variables ?? {},
        reason: found.StateReason,
      }
    },
    async mappings(FunctionName) {
      const found: MappingFacts[] = []
      for await (const { EventSourceMappings = [] } of paginateListEventSourceMappings(
        { client: lambda },
        { FunctionName },
      )) {
        for (const one of EventSourceMappings)
          found.push({
            topics: one.Topics ?? [],
            source:
              one.EventSourceArn ?? one.SelfManagedEventSource?.Endpoints?.KAFKA_BOOTSTRAP_SERVERS?.join(',') ?? '',
            state: one.State ?? 'UNKNOWN',
            lastResult: one.LastProcessingResult ?? '',
          })
      }
      return found
    },
    skew: () => skew,
    close() {
      for (const client of [dynamo, s3, sqs, lambda]) client.destroy()
    },
  }
}

function headerOf(response: unknown, name: string): unknown {
  if (typeof response !== 'object' || response === null || !('headers' in response)) return undefined
  const { headers } = response
  if (typeof headers !== 'object' || headers === null) return undefined
  return Object.entries(headers).find(([header]) => header.toLowerCase() === name)?.[1]
}
