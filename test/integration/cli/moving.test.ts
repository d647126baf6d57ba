// Moves and edits on services as they are: the log in DynamoDB, records and a consumer group in Kafka, and a warm function that has seen
// nothing of either.

import { CreateBucketCommand } from '@aws-sdk/client-s3'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { job, text } from '../../../src/index.ts'
import { lambda } from '../../../src/lambda/index.ts'
import { dynamoClient, dynamoTable } from '../../../src/stores/dynamo-table.ts'
import { s3Client } from '../../../src/stores/s3-client.ts'
import { s3Objects } from '../../../src/stores/s3-objects.ts'
import { createTable } from '../../../src/stores/table-definition.ts'
import { memoryEnvironment } from '../../../src/testing/memory-environment.ts'
import { inProcess } from '../../cli/in-process.ts'
import { kafkaEvent } from '../../support/kafka-events.ts'
import { KafkaService } from '../poller/kafka-service.ts'
import { bootstrap, describeWith, endpoints, unique } from '../poller/services.ts'

const ACCOUNT = { accessKeyId: 'test', secretAccessKey: 'test' }
const REGION = 'us-east-1'

describeWith(bootstrap, endpoints.localstack)('moves and edits, on LocalStack and Kafka', () => {
  const options = { endpoint: endpoints.localstack, region: REGION, credentials: ACCOUNT }
  const [name, bucket, topic, group] = [unique('moved'), unique('moved'), unique('lines'), unique('workers')]
  const env = {
    AWS_ENDPOINT_URL: endpoints.localstack,
    AWS_REGION: REGION,
    AWS_ACCESS_KEY_ID: ACCOUNT.accessKeyId,
    AWS_SECRET_ACCESS_KEY: ACCOUNT.secretAccessKey,
    MILLRACE_TABLE: name,
    MILLRACE_BUCKET: bucket,
    KAFKA_BROKERS: bootstrap,
  }
  const millrace = (...args: string[]) => inProcess(args, env)
  const start = Math.floor(Date.now() / 1000 - 600) * 1000
  const values = ['a', 'a', 'b', 'a', 'b', 'a']
  let kafka: KafkaService
  let deliver: (from: number, until: number) => Promise<unknown>
  let close: () => void = () => {}

  beforeAll(async () => {
    kafka = await new KafkaService(bootstrap).connect()
    await kafka.createTopic(topic, 1)
    await kafka.append(values.map((value, i) => ({ topic, partition: 0, value, timestamp: start + i * 1000 })))
    const dynamo = dynamoClient(options)
    await createTable(dynamo, name)
    dynamo.destroy()
    const s3 = s3Client(options)
    for (const Bucket of [bucket, `${bucket}-results`]) await s3.send(new CreateBucketCommand({ Bucket }))
    s3.destroy()
    const [table, objects] = [dynamoTable({ table: name, ...options }), s3Objects(options)]
    close = () => {
      table.close()
      objects.close()
    }
    const code = job('counts', { batch: '1s', numPartitions: 2 }, (sources) => {
      sources
        .kafka(topic, { value: text() })
        .map(({ value }): [string, number] => [value, 1])
        .updateStateByKey(
          (some: readonly number[], sum: number | undefined) => some.reduce((a, b) => a + b, sum ?? 0),
          { id: 'totals' },
        )
        .saveAsTextFiles(`s3://${bucket}-results/totals`)
    })
    const handler = lambda(code, { environment: { ...memoryEnvironment(start + 100_000), table, objects, bucket } })
    deliver = (from, until) =>
      handler(
        kafkaEvent({
          [`${topic}-0`]: values
            .slice(from, until)
            .map((value, i) => ({ offset: from + i, timestamp: start + (from + i) * 1000, value })),
        }),
      )
    await deliver(0, 5)
  })
  afterAll(async () => {
    close()
    await kafka?.close()
  })

  const total = async (key: string) => (await millrace('state', 'get', 'counts', 'totals', key)).stdout

  it('moves a job back with its consumer group, and the warm function counts again what comes again', async () => {
    const moved = await millrace('offsets', 'set', 'counts', topic, '2', '--group', group, '--execute', '--yes')
    expect(moved).toMatchObject({ code: 0, stderr: '' })
    expect(await kafka.committed(group, { topic, partition: 0 })).toBe(2)
    await deliver(2, 6)
    // Of b, a, b, a the last batch is open still: a job without silence closes what later records have passed.
    expect(await total('b')).toMatch(/state: 4\n$/)
    expect((await millrace('offsets', 'show', 'counts', '--json')).stdout).toContain('"position":6')
  })

  it('edits a state that the warm function goes on with, and takes it back', async () => {
    const edited = await millrace('state', 'edit', 'counts', 'totals', 'b', '100', '--execute', '--reason', 'a test')
    expect(edited).toMatchObject({ code: 0 })
    expect(await total('b')).toMatch(/state: 100\n$/)
    expect((await millrace('log', 'counts')).stdout).toContain('a test')
  })
})
