// Real Kafka as infra/kafka.ts brings it up: killed, brought back, side by side, three together, with SASL and TLS.

import { existsSync } from 'node:fs'
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Kafka as Client, type KafkaConfig, logLevel, Partitioners } from 'kafkajs'
import { afterEach, describe, expect, inject, test } from 'vitest'
import { type Kafka, type KafkaOptions, startKafka } from '../../../infra/kafka.ts'
import { isRunning, listProcesses } from '../../../infra/process.ts'

const { kafka: service } = inject('services')

describe.skipIf('missing' in service)('Kafka', () => {
  const started: Kafka[] = []
  const start = async (options?: KafkaOptions) => {
    const kafka = await startKafka(options)
    started.push(kafka)
    return kafka
  }
  afterEach(async () => {
    await Promise.all(started.splice(0).map((kafka) => kafka.stop()))
  })

  test('killed and brought back keeps its records, its committed offsets and its ports', async () => {
    const kafka = await start()
    const { bootstrap, brokers } = kafka
    await createTopic(kafka, 'lines')
    await produce(bootstrap, 'lines', ['a', 'b', 'c'])
    await inAdmin({ brokers: [bootstrap] }, (admin) =>
      admin.setOffsets({ groupId: 'readers', topic: 'lines', partitions: [{ partition: 0, offset: '2' }] }),
    )

    await kafka.kill()
    expect(kafka.brokers).toEqual([])
    expect(brokers.map(isRunning)).toEqual([false])
    await kafka.restart()

    expect(kafka.bootstrap).toBe(bootstrap)
    expect(kafka.brokers).toMatchObject([{ id: 1, port: brokers[0]?.port }])
    expect(kafka.brokers[0]?.pid).not.toBe(brokers[0]?.pid)
    await produce(bootstrap, 'lines', ['d'])
    expect(await readAll(bootstrap, 'lines', 4)).toEqual(['a', 'b', 'c', 'd'])
    const offsets = await inAdmin({ brokers: [bootstrap] }, (admin) =>
      admin.fetchOffsets({ groupId: 'readers', topics: ['lines'] }),
    )
    expect(offsets).toMatchObject([{ topic: 'lines', partitions: [{ partition: 0, offset: '2' }] }])
  })

  test('two side by side do not know of each other, and nothing is left of one that is stopped', async () => {
    const [one, other] = await Promise.all([start(), start()])
    await createTopic(one, 'only-here')
    const topics = ({ bootstrap }: Kafka) => inAdmin({ brokers: [bootstrap] }, (admin) => admin.listTopics())
    expect(await topics(one)).toEqual(['only-here'])
    expect(await topics(other)).toEqual([])

    const sessions = new Set(one.brokers.map(({ pid }) => pid))
    await one.stop()
    expect(listProcesses().filter((p) => sessions.has(p.session) && p.state !== 'Z')).toEqual([])
    expect(existsSync(one.dir)).toBe(false)
    expect(await topics(other)).toEqual([])
  })

  test('three brokers: one may be killed, and comes back', async () => {
    const kafka = await start({ nodes: 3 })
    await createTopic(kafka, 'replicated', 3)
    await produce(kafka.bootstrap, 'replicated', ['a'])
    await kafka.kill(2)
    expect(kafka.brokers.map(({ id }) => id)).toEqual([1, 3])
    await produce(kafka.bootstrap, 'replicated', ['b'])
    await kafka.restart(2)
    expect(kafka.brokers.map(({ id }) => id)).toEqual([1, 2, 3])
    expect(await readAll(kafka.bootstrap, 'replicated', 2)).toEqual(['a', 'b'])
    await expect(kafka.kill(4)).rejects.toThrow('There is no broker 4, only 1 to 3')
  })

  test('SASL and TLS: the right password gets in, by each mechanism, and another does not', async () => {
    const user = 'somebody'
    const { secure } = await start({ secure: { user, password: 'right' } })
    const { ssl: brokers = '', saslSsl = '', ca = '' } = secure ?? {}
    const tls = { ca: [await readFile(ca, 'utf8')] }
    const topics = (config: KafkaConfig) => inAdmin({ ...config, ssl: tls }, (admin) => admin.listTopics())
    expect(await topics({ brokers: [brokers] })).toEqual([])
    for (const mechanism of ['plain', 'scram-sha-256', 'scram-sha-512'] as const) {
      const as = (password: string) => topics({ brokers: [saslSsl], sasl: saslOf(mechanism, user, password) })
      expect(await as('right')).toEqual([])
      await expect(as('wrong')).rejects.toThrow(/auth/i)
    }
  })

  test('a given folder stays', async () => {
    const dir = await mkdtemp(join(tmpdir(), 'millrace-kafka-test-'))
    const kafka = await startKafka({ dir })
    await kafka.stop()
    expect(await readdir(join(dir, '1', 'data'))).toContain('meta.properties')
    await rm(dir, { recursive: true })
  })
})

function saslOf(mechanism: 'plain' | 'scram-sha-256' | 'scram-sha-512', username: string, password: string) {
  // kafkajs types each mechanism on its own
  if (mechanism === 'plain') return { mechanism, username, password }
  if (mechanism === 'scram-sha-256') return { mechanism, username, password }
  return { mechanism, username, password }
}

function clientOf(config: KafkaConfig): Client {
  return new Client({
    logLevel: logLevel.NOTHING,
    retry: { retries: 60, initialRetryTime: 100, maxRetryTime: 500 },
    ...config,
  })
}

async function inAdmin<T>(config: KafkaConfig, work: (admin: ReturnType<Client['admin']>) => Promise<T>): Promise<T> {
  const admin = clientOf({ ...config, ...(config.sasl && { retry: { retries: 0 } }) }).admin()
  await admin.connect()
  try {
    return await work(admin)
  } finally {
    await admin.disconnect()
  }
}

async function createTopic({ bootstrap }: Kafka, topic: string, replicationFactor = 1): Promise<void> {
  await inAdmin({ brokers: bootstrap.split(',') }, (admin) =>
    admin.createTopics({ topics: [{ topic, numPartitions: 1, replicationFactor }], waitForLeaders: true }),
  )
}

async function produce(bootstrap: string, topic: string, values: readonly string[]): Promise<void> {
  const producer = clientOf({ brokers: bootstrap.split(',') }).producer({
    createPartitioner: Partitioners.DefaultPartitioner,
  })
  await producer.connect()
  await producer.send({ topic, messages: values.map((value) => ({ value, partition: 0 })) })
  await producer.disconnect()
}

async function readAll(bootstrap: string, topic: string, count: number): Promise<string[]> {
  const consumer = clientOf({ brokers: bootstrap.split(',') }).consumer({
    groupId: `read-${topic}`,
    maxWaitTimeInMs: 100,
  })
  const values: string[] = []
  await consumer.connect()
  await consumer.subscribe({ topic, fromBeginning: true })
  await new Promise<void>((resolve, reject) => {
    // A coordinator that is still loading its groups ends the consumer's run, and kafkajs starts it again.
    consumer.on(consumer.events.CRASH, ({ payload }) => payload.restart || reject(payload.error))
    const eachMessage = async ({ message }: { message: { value: Buffer | null } }) => {
      values.push(String(message.value))
      if (values.length === count) resolve()
    }
    consumer.run({ eachMessage }).catch(reject)
  })
  await consumer.disconnect()
  return values
}
