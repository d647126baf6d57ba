// What a deployment has made, asked of the services' own APIs.

import { DescribeTableCommand, DescribeTimeToLiveCommand, DynamoDBClient } from '@aws-sdk/client-dynamodb'
import { GetFunctionConfigurationCommand, LambdaClient, ListEventSourceMappingsCommand } from '@aws-sdk/client-lambda'
import { GetBucketEncryptionCommand, GetPublicAccessBlockCommand, S3Client } from '@aws-sdk/client-s3'
import { GetQueueAttributesCommand, SQSClient } from '@aws-sdk/client-sqs'

export class Deployed {
  readonly functionName: string
  readonly lambda: LambdaClient
  readonly #endpoint: string
  readonly #region: string
  readonly #dynamo: DynamoDBClient
  readonly #s3: S3Client
  readonly #sqs: SQSClient

  constructor(endpoint: string, region: string, functionName: string) {
    const credentials = { accessKeyId: 'test', secretAccessKey: 'test' }
    const config = { endpoint, region, credentials, maxAttempts: 1 }
    this.functionName = functionName
    this.#endpoint = endpoint
    this.#region = region
    this.lambda = new LambdaClient(config)
    this.#dynamo = new DynamoDBClient(config)
    this.#s3 = new S3Client({ ...config, forcePathStyle: true })
    this.#sqs = new SQSClient(config)
  }

  async variables(): Promise<Record<string, string>> {
    const { Environment } = await this.function()
    return Environment?.Variables ?? {}
  }

  function() {
    return this.lambda.send(new GetFunctionConfigurationCommand({ FunctionName: this.functionName }))
  }

  async mappings() {
    const { EventSourceMappings = [] } = await this.lambda.send(
      new ListEventSourceMappingsCommand({ FunctionName: this.functionName }),
    )
    return EventSourceMappings
  }

  async table(TableName: string) {
    const [{ Table }, { TimeToLiveDescription }] = await Promise.all([
      this.#dynamo.send(new DescribeTableCommand({ TableName })),
      this.#dynamo.send(new DescribeTimeToLiveCommand({ TableName })),
    ])
    return {
      keys: Table?.KeySchema?.map(({ AttributeName, KeyType }) => `${KeyType} ${AttributeName}`),
      billing: Table?.BillingModeSummary?.BillingMode,
      ttl: TimeToLiveDescription,
    }
  }

  /** Its default encryption and what access is blocked; an error when there is none. */
  async bucket(Bucket: string) {
    const [encryption, access] = await Promise.all([
      this.#s3.send(new GetBucketEncryptionCommand({ Bucket })),
      this.#s3.send(new GetPublicAccessBlockCommand({ Bucket })),
    ])
    const [rule] = encryption.ServerSideEncryptionConfiguration?.Rules ?? []
    return {
      encryption: rule?.ApplyServerSideEncryptionByDefault?.SSEAlgorithm,
      blocked: access.PublicAccessBlockConfiguration,
    }
  }

  /** The template that the stack was made of, as text. LocalStack checks no signatures. */
  async template(StackName: string): Promise<string> {
    const scope = `test/20260101/${this.#region}/cloudformation/aws4_request`
    const answer = await fetch(this.#endpoint, {
      method: 'POST',
      headers: {
        accept: 'application/json',
        authorization: `AWS4-HMAC-SHA256 Credential=${scope}, SignedHeaders=host, Signature=0`,
      },
      body: new URLSearchParams({ Action: 'GetTemplate', Version: '2010-05-15', StackName }),
    })
    return answer.text()
  }

  async queue(QueueUrl: string): Promise<Record<string, string>> {
    const { Attributes = {} } = await this.#sqs.send(
      new GetQueueAttributesCommand({ QueueUrl, AttributeNames: ['All'] }),
    )
    return Attributes
  }

  close(): void {
    for (const client of [this.lambda, this.#dynamo, this.#s3, this.#sqs]) client.destroy()
  }
}
