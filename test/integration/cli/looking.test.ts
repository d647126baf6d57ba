// What people look at, on services as they are: `quarantine` with objects in S3 and records in Kafka, `state` and `tail` with a
// table of DynamoDB, and `doctor` against an emulator that has some of it and lacks some.

import { CreateBucketCommand } from '@aws-sdk/client-s3'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { job, json } from '../../../src/index.ts'
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

describeWith(bootstrap, endpoints.localstack)('commands that look, on LocalStack and Kafka', () => {
  const options = { endpoint: endpoints.localstack, region: REGION, credentials: ACCOUNT }
  const [name, bucket, topic] = [unique('looked-at'), unique('looked-at'), unique('orders')]
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
  let kafka: KafkaService

  beforeAll(async () => {
    kafka = await new KafkaService(bootstrap).connect()
    await kafka.createTopic(topic, 2)
    const dynamo = dynamoClient(options)
    await createTable(dynamo, name)
    dynamo.destroy()
    const s3 = s3Client(options)
    for (const Bucket of [bucket, `${bucket}-results`]) await s3.send(new CreateBucketCommand({ Bucket }))
    s3.destroy()
    const [table, objects] = [dynamoTable({ table: name, ...options }), s3Objects(options)]
    const code = job('orders', { batch: '1s', numPartitions: 2, onPoison: 'quarantine' }, (sources) => {
      sources
        .kafka(topic, { value: json<{ k: string; n: number }>() })
        .map(({ value }) => [value.k, value.n] as const)
        .updateStateByKey(
          (values: readonly number[], sum: number | undefined) => values.reduce((a, b) => a + b, sum ?? 0),
          { id: 'sums' },
        )
        .saveAsTextFiles(`s3://${bucket}-results/sums`)
    })
    const start = Math.floor(Date.now() / 1000 - 600) * 1000
    const handler = lambda(code, { environment: { ...memoryEnvironment(start + 100_000), table, objects, bucket } })
    const values = ['{"k":"a","n":1}', 'not json', '{"k":"b","n":2}', '{"k":"a","n":3}']
    for (const [offset, value] of values.entries())
      await handler(
        kafkaEvent({
          [`${topic}-1`]: [
            { offset, timestamp: start + offset * 1000, key: 'é', value, headers: [{ trace: [1, -1] }] },
          ],
        }),
      )
    table.close()
    objects.close()
  })
  afterAll(() => kafka?.close())

  it('replays what was put aside, once, as it was', async () => {
    expect((await millrace('quarantine', 'ls', 'orders')).stdout).toMatch(
      new RegExp(`^${topic}-1@1  "é"  "not json"  UNDECODABLE`),
    )
    expect((await millrace('quarantine', 'replay', 'orders')).stderr).toMatch(/1 record would be produced/)
    const { stderr } = await millrace('quarantine', 'replay', 'orders', '--execute')
    expect(stderr).toMatch(/^1 record produced again/)
    expect((await millrace('quarantine', 'replay', 'orders', '--execute')).stderr).toBe('There is nothing to replay.\n')
    const { stdout } = await millrace('consume', topic, '--format', 'json')
    expect(
      stdout
        .trim()
        .split('\n')
        .map((line) => JSON.parse(line)),
    ).toMatchObject([
      {
        partition: 1,
        offset: 0,
        key: 'é',
        value: 'not json',
        headers: [
          ['trace', { hex: '01ff' }],
          ['millrace-replayed-from', `${topic}-1@1 of orders`],
        ],
      },
    ])
  })

  it('shows state and outputs', async () => {
    expect((await millrace('state', 'get', 'orders', 'sums', 'b')).stdout).toMatch(/^sums .*\n {2}state: 2\n$/)
    expect((await millrace('state', 'ls', 'orders')).stdout).toMatch(/\nsums +updateStateByKey +2 buckets +2 /)
    expect((await millrace('tail', 'orders')).stdout).toContain('(b,2)\n')
  })

  it('finds what is wrong, and ends with 1', async () => {
    const { stdout, code } = await millrace('doctor', 'orders')
    expect(code).toBe(1)
    expect(stdout).toContain(`✔ table ${name}: it is there\n`)
    expect(stdout).toContain(`✔ table ${name}, keys: pk and sk\n`)
    expect(stdout).toContain(`✖ table ${name}, TTL: it is off`)
    expect(stdout).toContain(`✔ bucket ${bucket}, writing: a probe`)
    expect(stdout).toMatch(/✔ clock: this one is [\d.]+ s (ahead of|behind) that of AWS\n/)
    expect(stdout).toContain(`✖ bucket ${bucket}, lifecycle: nothing expires what is spilled`)
    expect(stdout).toContain('✔ job orders: run by test')
    expect(stdout).toContain('✖ function test: ResourceNotFoundException')
    expect(stdout).toContain(`✔ topic ${topic}: 2 partitions, 1 records\n`)
    const missing = await millrace(
      'doctor',
      'orders',
      '--table',
      'nowhere',
      '--bucket',
      'nowhere',
      '--brokers',
      'localhost:1',
    )
    expect(missing.stdout).toMatch(/✖ table nowhere: ResourceNotFoundException.*\n {2}→ Deploy first/)
    expect(missing.stdout).toMatch(/✖ bucket nowhere: NotFound/)
    expect(missing.stdout).toMatch(/✖ brokers: .*localhost:1/)
  })
})
