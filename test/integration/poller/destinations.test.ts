// `millrace poller` alone, with a mapping in a file and a handler that knows nothing of Millrace: what the function cannot handle
// is found by halves and goes where the mapping says; all else is handled.

import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { LambdaClient } from '@aws-sdk/client-lambda'
import { CreateBucketCommand, GetObjectCommand, ListObjectsV2Command, S3Client } from '@aws-sdk/client-s3'
import { CreateQueueCommand, ReceiveMessageCommand, SQSClient } from '@aws-sdk/client-sqs'
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import { signed } from '../../../src/local/event-source/sns.ts'
import { until } from '../../local/event-source/until.ts'
import { deployFunction, emulatorClient } from './deploy-function.ts'
import { KafkaService } from './kafka-service.ts'
import { Command } from './poller-command.ts'
import { bootstrap, describeWith, endpoints, unique } from './services.ts'

const FUNCTION = fileURLToPath(new URL('./fixtures/plain-handler.ts', import.meta.url))
const ACCOUNT = 'us-east-1:000000000000'
const credentials = { accessKeyId: 'test', secretAccessKey: 'test' }

/** What a destination was told, as far as it is looked at. */
interface Told {
  readonly requestContext: { readonly condition: string; readonly approximateInvokeCount: number }
  readonly KafkaBatchInfo: {
    readonly batchSize: number
    readonly recordsInfo: Readonly<Record<string, { readonly firstRecordOffset: string }>>
  }
  readonly payload?: string
}

describe.each(['localstack', 'ministack'] as const)('on %s', (emulator) => {
  const endpoint = endpoints[emulator]

  describeWith(bootstrap, endpoint)('a plain function', () => {
    const name = unique('plain')
    const config = { endpoint, region: 'us-east-1', credentials }
    let [lambda, sqs, s3]: [LambdaClient?, SQSClient?, S3Client?] = []
    let service: KafkaService
    let folder = ''
    let command: Command | undefined

    beforeAll(async () => {
      folder = await mkdtemp(join(tmpdir(), 'millrace-mapping-'))
      lambda = emulatorClient(endpoint)
      sqs = new SQSClient(config)
      s3 = new S3Client({ ...config, forcePathStyle: true })
      service = await new KafkaService(bootstrap).connect()
      await deployFunction(lambda, name, {}, FUNCTION)
    })
    afterEach(() => command?.child.kill('SIGKILL'))
    afterAll(async () => {
      for (const client of [lambda, sqs, s3]) client?.destroy()
      await service?.close()
      await rm(folder, { recursive: true, force: true })
    })

    /** Eight records, of which the function cannot handle one, through a mapping with this destination. */
    async function poll(destination: string, bad = 'poison'): Promise<string> {
      const topic = unique('orders')
      await service.createTopic(topic, 1)
      const values = ['a', 'b', 'c', 'd', 'e', bad, 'g', 'h']
      await service.append(values.map((value) => ({ topic, partition: 0, key: 'k', value })))
      const mapping = join(folder, `${topic}.json`)
      await writeFile(
        mapping,
        JSON.stringify({
          FunctionName: name,
          Topics: [topic],
          SelfManagedEventSource: { Endpoints: { KAFKA_BOOTSTRAP_SERVERS: bootstrap.split(',') } },
          SelfManagedKafkaEventSourceConfig: { ConsumerGroupId: topic },
          StartingPosition: 'TRIM_HORIZON',
          MaximumBatchingWindowInSeconds: 0,
          MaximumRetryAttempts: 1,
          BisectBatchOnFunctionError: true,
          DestinationConfig: { OnFailure: { Destination: destination } },
          ProvisionedPollerConfig: { MinimumPollers: 1 },
        }),
      )
      command = new Command('--endpoint', endpoint, '--mapping', mapping)
      await until(
        `all is committed: ${command.out}`,
        // Right after Kafka has started its coordinator may be loading.
        () =>
          service.committed(topic, { topic, partition: 0 }).then(
            (offset) => offset === 8,
            () => false,
          ),
        60_000,
      )
      await command.says(`gave up 1 record (RetryAttemptsExhausted): ${topic}-0 offset 5`)
      expect(await command.stop()).toBe(0)
      return topic
    }

    const theOneOf = (topic: string, told: Told): void => {
      expect(told.requestContext.condition).toBe('RetryAttemptsExhausted')
      // Eight, four, two, one, and one again.
      expect(told.requestContext.approximateInvokeCount).toBeGreaterThanOrEqual(5)
      expect(told.KafkaBatchInfo).toMatchObject({
        batchSize: 1,
        recordsInfo: { [`${topic}-0`]: { firstRecordOffset: '5' } },
      })
    }

    async function queue(): Promise<{ url: string; arn: string }> {
      const QueueName = unique('failed')
      const made = await sqs?.send(new CreateQueueCommand({ QueueName }))
      return { url: made?.QueueUrl ?? '', arn: `arn:aws:sqs:${ACCOUNT}:${QueueName}` }
    }

    async function received(QueueUrl: string): Promise<string[]> {
      const bodies: string[] = []
      await until('a message', async () => {
        const got = await sqs?.send(new ReceiveMessageCommand({ QueueUrl, MaxNumberOfMessages: 10 }))
        for (const { Body = '' } of got?.Messages ?? []) bodies.push(Body)
        return bodies.length > 0
      })
      return bodies
    }

    it('has what it cannot handle sent to a queue', async () => {
      const { url, arn } = await queue()
      const topic = await poll(arn)
      const [body = '', ...more] = await received(url)
      expect(more).toEqual([])
      theOneOf(topic, JSON.parse(body))
      expect(JSON.parse(body)).not.toHaveProperty('payload')
    })

    const only = emulator === 'localstack' ? it : undefined // MiniStack has nothing more to say to it
    only?.('has the record that kills its process found and sent as well', async () => {
      const { url, arn } = await queue()
      const topic = await poll(arn, 'exit')
      theOneOf(topic, JSON.parse((await received(url))[0] ?? ''))
    })

    it('has it sent to a bucket, with the event', async () => {
      const Bucket = unique('failed')
      await s3?.send(new CreateBucketCommand({ Bucket }))
      const topic = await poll(`arn:aws:s3:::${Bucket}`)
      const listed = await s3?.send(new ListObjectsV2Command({ Bucket }))
      expect(listed?.Contents).toHaveLength(1)
      const Key = listed?.Contents?.[0]?.Key ?? ''
      expect(Key).toMatch(/^aws\/lambda\/[\da-f-]{36}\/orders-.*-0\/\d{4}\/\d\d\/\d\d\//)
      const object = await s3?.send(new GetObjectCommand({ Bucket, Key }))
      const told: Told = JSON.parse((await object?.Body?.transformToString()) ?? '')
      theOneOf(topic, told)
      expect(JSON.parse(told.payload ?? '').records[`${topic}-0`]).toMatchObject([{ offset: 5, value: 'cG9pc29u' }])
    })

    it('has it published to a topic of SNS', async () => {
      const { url, arn } = await queue()
      const Name = unique('failed')
      await sns({ Action: 'CreateTopic', Name })
      const TopicArn = `arn:aws:sns:${ACCOUNT}:${Name}`
      await sns({ Action: 'Subscribe', TopicArn, Protocol: 'sqs', Endpoint: arn })
      const topic = await poll(TopicArn)
      const [body = ''] = await received(url)
      theOneOf(topic, JSON.parse(JSON.parse(body).Message))
    })

    it('has it sent to a topic of the same Kafka, under its key, with its event', async () => {
      const failed = unique('failed')
      await service.createTopic(failed, 1)
      const topic = await poll(`kafka://${failed}`)
      const source = service.source()
      const member = await source.join({
        groupId: failed,
        topics: [failed],
        startingPosition: { type: 'TRIM_HORIZON' },
      })
      const { records } = await member.poll({ maxRecords: 10, maxWaitMs: 10_000 })
      await source.close()
      expect(records.map(({ key }) => Buffer.from(key ?? []).toString())).toEqual(['k'])
      const told = JSON.parse(Buffer.from(records[0]?.value ?? []).toString())
      expect(told.requestContext.condition).toBe('RetriesExhausted')
      expect(told.KafkaBatchInfo.recordInfo.offset).toBe('5')
      expect(told.payload.records[`${topic}-0`]).toMatchObject([{ offset: 5, value: 'cG9pc29u' }])
    })

    async function sns(parameters: Record<string, string>): Promise<void> {
      const url = new URL('/', endpoint)
      const body = new URLSearchParams({ Version: '2010-03-31', ...parameters }).toString()
      const headers = signed({ url, region: 'us-east-1', service: 'sns', body, at: new Date() }, credentials)
      const response = await fetch(url, { method: 'POST', headers, body })
      expect(response.status, await response.text()).toBe(200)
    }
  })
})
