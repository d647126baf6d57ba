// A deployed job on LocalStack, stopped, drained and started by its real mappings. MiniStack refuses Kafka mappings in its API and forgets
// whether they are enabled (infra/README.md), so there is nothing of it to try.

import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import {
  CreateEventSourceMappingCommand,
  InvokeCommand,
  type LambdaClient,
  ListEventSourceMappingsCommand,
} from '@aws-sdk/client-lambda'
import { CreateBucketCommand, S3Client } from '@aws-sdk/client-s3'
import { CreateQueueCommand, SQSClient } from '@aws-sdk/client-sqs'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { DeployedDoor } from '../../../src/local/control/deployed-door.ts'
import type { Door, Standing } from '../../../src/local/control/door.ts'
import { LambdaCalls } from '../../../src/local/control/lambda-calls.ts'
import { bundleHandler } from '../../../src/serverless/bundle.ts'
import { dynamoClient, dynamoTable } from '../../../src/stores/dynamo-table.ts'
import { s3Objects } from '../../../src/stores/s3-objects.ts'
import { createTable } from '../../../src/stores/table-definition.ts'
import { readObjects } from '../../../src/testing/memory-environment.ts'
import { kafkaEvent } from '../../support/kafka-events.ts'
import { deployFunction, emulatorClient } from '../poller/deploy-function.ts'
import { describeWith, endpoints, unique } from '../poller/services.ts'

const FIXTURES = join(import.meta.dirname, 'fixtures')
const endpoint = endpoints.localstack
/** A record that comes once more has the time that it had. */
const START = Date.now()
const services = { endpoint, region: 'us-east-1', credentials: { accessKeyId: 'test', secretAccessKey: 'test' } }

describeWith(endpoint)('a deployed job', () => {
  const [name, tableName, bucket] = [unique('windowed'), unique('control'), unique('control-state')]
  const table = dynamoTable({ table: tableName, ...services })
  const objects = s3Objects(services)
  let client: LambdaClient
  let door: Door

  beforeAll(async () => {
    client = emulatorClient(endpoint)
    const dynamo = dynamoClient(services)
    await createTable(dynamo, tableName)
    dynamo.destroy()
    const s3 = new S3Client({ ...services, forcePathStyle: true })
    for (const Bucket of [bucket, 'control-results']) await s3.send(new CreateBucketCommand({ Bucket }))
    s3.destroy()
    const sqs = new SQSClient(services)
    const { QueueUrl = '' } = await sqs.send(new CreateQueueCommand({ QueueName: name }))
    sqs.destroy()
    const Variables = { MILLRACE_TABLE: tableName, MILLRACE_BUCKET: bucket, MILLRACE_WAKE_QUEUE_URL: QueueUrl }
    const outDir = mkdtempSync(join(tmpdir(), 'millrace-control-'))
    const input = { handler: 'windowed.handler', serviceDir: FIXTURES, outDir, runtime: 'nodejs24.x' }
    const { archive: ZipFile } = await bundleHandler(input)
    rmSync(outDir, { recursive: true })
    await deployFunction(client, name, { Code: { ZipFile }, Environment: { Variables } })
    const queue = { EventSourceArn: `arn:aws:sqs:us-east-1:000000000000:${name}`, BatchSize: 1 }
    const lines = {
      Topics: ['lines'],
      StartingPosition: 'TRIM_HORIZON' as const,
      SourceAccessConfigurations: [{ Type: 'VPC_SUBNET' as const, URI: 'subnet:subnet-1' }],
      SelfManagedEventSource: { Endpoints: { KAFKA_BOOTSTRAP_SERVERS: ['127.0.0.1:9'] } },
    }
    for (const more of [queue, lines])
      await client.send(new CreateEventSourceMappingCommand({ FunctionName: name, ...more }))
    door = new DeployedDoor('windowed', { table, objects, bucket }, new LambdaCalls(client, name), 500)
  })
  afterAll(() => {
    client?.destroy()
    table.close()
    objects.close()
  })

  async function deliver(values: readonly string[], from: number): Promise<void> {
    const records = values.map((value, i) => ({ offset: from + i, timestamp: START + from + i, value }))
    const Payload = Buffer.from(JSON.stringify(kafkaEvent({ 'lines-0': records })))
    const { FunctionError, Payload: answer } = await client.send(new InvokeCommand({ FunctionName: name, Payload }))
    expect([FunctionError, answer?.transformToString()]).toEqual([undefined, expect.anything()])
  }
  async function untilOver(): Promise<Standing> {
    const end = Date.now() + 60_000
    for (;;) {
      const standing = await door.look()
      if (standing.over) return standing
      if (Date.now() > end) throw new Error(standing.phase)
      await new Promise((resolve) => setTimeout(resolve, 200))
    }
  }
  async function states(): Promise<(string | undefined)[]> {
    const { EventSourceMappings = [] } = await client.send(new ListEventSourceMappingsCommand({ FunctionName: name }))
    return EventSourceMappings.map(({ State }) => State)
  }
  const published = async (): Promise<string> => [...(await readObjects(objects, 'control-results')).values()].join('')

  it('is drained, and starts with other parameters, exactly', async () => {
    await deliver(['a', 'a', 'b'], 0)
    await door.stop(true)
    expect(await untilOver()).toMatchObject({
      application: 'windowed-0001',
      phase: 'drained and stopped: nothing waits',
    })
    expect(await states()).toEqual(['Disabled', 'Disabled'])
    expect(await published()).toContain('(no a,2)')

    await door.start({ parameters: new Map([['GREETING', 'hello']]), keep: true })
    expect(await untilOver()).toMatchObject({ application: 'windowed-0002', wanted: 'running' })
    expect(await states()).toEqual(['Enabled', 'Enabled'])
    await deliver(['a', 'a', 'b', 'a'], 0) // three of them once more
    await door.stop(true)
    await untilOver()
    expect(await published()).toContain('(hello a,1)')
    expect(await published()).not.toMatch(/\(hello a,[2-9]|\(hello b/)
  })
})
