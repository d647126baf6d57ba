// `run` and `millrace run` on real brokers that want a login: exact counts by each mechanism, when partitions are added, when tokens end,
// when Kafka or the table and the objects go away and come back, and when one of several processes is killed.

import { mkdtempSync, rmSync } from 'node:fs'
import { readdir, readFile } from 'node:fs/promises'
import { connect, createServer, type Server, type Socket } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { CreateBucketCommand, GetObjectCommand, ListObjectsV2Command, S3Client } from '@aws-sdk/client-s3'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, inject, it, vi } from 'vitest'
import { type Job, job, seconds, text } from '../../../src/index.ts'
import { type App, type RunOptions, run } from '../../../src/local/run/index.ts'
import { until } from '../../local/event-source/until.ts'
import { DevProcess, projectFolder } from '../../support/dev-process.ts'
import { KafkaService } from '../poller/kafka-service.ts'
import { unique } from '../poller/services.ts'
import { account, noKafka, PASSWORD, type Secured, startSecured, token, USER, unsigned } from './secured-kafka.ts'

const PATIENCE = 90_000
const { ministack } = inject('services')

/** Counts each value over all time, and writes what it has after each batch. */
const counting = (name: string, topic: string): Job =>
  job(name, { batch: seconds(1), idleAfter: '1s' }, ({ kafka }) => {
    kafka(topic, { value: text() })
      .map(({ value }) => [value, 1] as const)
      .updateStateByKey((values: readonly number[], count: number | undefined) => (count ?? 0) + values.length)
      .map(([key, count]) => `${key}=${count}`)
      .saveAsTextFiles('s3://out/counts')
  })

describe.skipIf(noKafka)('run on real Kafka with a login', () => {
  let secured: Secured
  let service: KafkaService
  let dir: string
  const apps: App[] = []
  beforeAll(async () => {
    secured = await startSecured()
    service = await new KafkaService(secured.kafka.bootstrap).connect()
  }, 120_000)
  afterAll(async () => {
    await service?.close().catch(() => undefined)
    await secured?.kafka.stop()
  })
  beforeEach(() => {
    dir = mkdtempSync(join(tmpdir(), 'millrace-secured-'))
  })
  afterEach(async () => {
    await Promise.all(apps.splice(0).map((app) => app.stop()))
    vi.unstubAllEnvs()
    rmSync(dir, { recursive: true, force: true, maxRetries: 5, retryDelay: 100 })
  })

  const started = async (made: Job, options: RunOptions): Promise<App> => {
    const app = await run(made, { dir, batchingWindow: 20, parameters: { MILLRACE_LOG_LEVEL: 'silent' }, ...options })
    apps.push(app)
    return app
  }
  const produce = (topic: string, count: number, partition = 0): Promise<void> =>
    service.append(Array.from({ length: count }, () => ({ topic, partition, value: 'a' })))

  const ways: readonly (readonly [string, () => RunOptions])[] = [
    ['PLAIN', () => ({ brokers: [secured.at.saslPlaintext], sasl: account('plain') })],
    ['SCRAM-SHA-256', () => ({ brokers: [secured.at.saslPlaintext], sasl: account('scram-sha-256') })],
    [
      'SCRAM-SHA-512 and TLS',
      () => ({ brokers: [secured.at.saslSsl], tls: { ca: secured.pem.ca }, sasl: account('scram-sha-512') }),
    ],
    ['OAUTHBEARER and TLS', () => ({ brokers: [secured.at.saslSsl], tls: { ca: secured.pem.ca }, sasl: token() })],
    ['a certificate', () => ({ brokers: [secured.at.mtls], tls: secured.pem })],
  ]
  it.each(ways)('counts exactly by %s', async (way, options) => {
    const topic = unique(`by-${way.replaceAll(/\W+/g, '-')}`)
    await service.createTopic(topic, 2)
    await produce(topic, 30)
    const app = await started(counting(topic, topic), options())
    await produce(topic, 12, 1)
    await counts(dir, 42)
    expect(app.progress).toMatchObject({ records: 42, failures: 0 })
    expect(await counted(dir)).toBe(42)
  })

  it('goes on when tokens end, with new ones', async () => {
    const topic = unique('tokens')
    await service.createTopic(topic, 1)
    let given = 0
    const short = async (): Promise<string> => {
      given++
      return unsigned(14)
    }
    await started(counting(topic, topic), {
      brokers: [secured.at.saslPlaintext],
      sasl: { mechanism: 'oauthbearer', token: short },
    })
    const atFirst = given
    let produced = 0
    const began = Date.now()
    // More than the life of a token. The broker lets nobody log in anew within a second, and kafkajs does so 10 s before the end: one
    // that lives for less than that it cannot use.
    await until(
      'tokens have ended',
      async () => {
        await produce(topic, 1)
        produced++
        await new Promise((resolve) => setTimeout(resolve, 100))
        return Date.now() - began > 20_000 && given > atFirst + 2
      },
      PATIENCE,
    )
    await counts(dir, produced)
    expect(await counted(dir)).toBe(produced)
  })

  it('reads partitions that are added, and comes back when Kafka does', async () => {
    const topic = unique('grows')
    await service.createTopic(topic, 1)
    const app = await started(counting(topic, topic), { brokers: [secured.at.saslPlaintext], sasl: account('plain') })
    await produce(topic, 10)
    await counts(dir, 10)
    await service.addPartitions(topic, 3)
    await until('it reads all', () => app.progress.partitions.length === 3, PATIENCE)
    await service.close()
    service = await new KafkaService(secured.kafka.bootstrap).connect() // a producer that knows them
    await produce(topic, 5, 2)
    await counts(dir, 15)

    await service.close()
    await secured.kafka.kill()
    await secured.kafka.restart()
    service = await new KafkaService(secured.kafka.bootstrap).connect()
    await produce(topic, 7, 1)
    await counts(dir, 22)
    expect(await counted(dir)).toBe(22)
  })

  it('loses nothing when one of several processes is killed', async () => {
    const topic = unique('shared')
    await service.createTopic(topic, 4)
    const project = await projectFolder(WORDS)
    vi.stubEnv('KAFKA_PASSWORD', PASSWORD)
    vi.stubEnv('MILLRACE_DIR', dir)
    vi.stubEnv('TOPIC', topic)
    const args = [
      'words.ts',
      '--brokers',
      secured.at.saslSsl,
      '--tls-ca',
      secured.at.ca,
      '--sasl',
      'scram-sha-512',
      '--user',
      USER,
    ]
    const processes = [new DevProcess(project.folder, args, 'run'), new DevProcess(project.folder, args, 'run')]
    try {
      const [one, two] = processes
      if (!one || !two) throw new Error('there are two')
      await Promise.all([one.shows('"msg":"started"'), two.shows('"msg":"started"')])
      for (let round = 0; round < 5; round++)
        for (let partition = 0; partition < 4; partition++) await produce(topic, 10, partition)
      await one.killAll()
      for (let partition = 0; partition < 4; partition++) await produce(topic, 10, partition)
      await counts(dir, 240)
      expect(await counted(dir)).toBe(240)
      expect(await two.end('SIGTERM')).toBe(0)
      expect(two.output).toMatch(/"msg":"stopping: what is under way is finished/)
      expect(two.output).toMatch(/"finished":\{"invocations":\d+,"records":\d+\}.*"msg":"stopped"/)
      for (const { output } of processes) expect(output).not.toContain(PASSWORD)
    } finally {
      await Promise.all(processes.map((one) => one.end('SIGKILL')))
      await project.remove()
    }
  })

  it.skipIf('missing' in ministack)('loses nothing while table and objects are away', async () => {
    const topic = unique('emulated')
    await service.createTopic(topic, 1)
    const gate = await openGate('missing' in ministack ? '' : ministack.endpoint)
    const bucket = unique('state')
    vi.stubEnv('AWS_ENDPOINT_URL', gate.endpoint)
    vi.stubEnv('AWS_REGION', 'us-east-1')
    vi.stubEnv('AWS_ACCESS_KEY_ID', 'x')
    vi.stubEnv('AWS_SECRET_ACCESS_KEY', 'x')
    vi.stubEnv('MILLRACE_BUCKET', bucket)
    vi.stubEnv('MILLRACE_TABLE', bucket)
    const s3 = new S3Client({ endpoint: gate.endpoint, forcePathStyle: true })
    try {
      await s3.send(new CreateBucketCommand({ Bucket: 'out' }))
      const made = await run(counting(topic, topic), {
        brokers: [secured.at.saslPlaintext],
        sasl: account('plain'),
        batchingWindow: 20,
        parameters: { MILLRACE_LOG_LEVEL: 'silent' },
      })
      apps.push(made)
      await produce(topic, 10)
      await until('all are counted', async () => (await countedInS3(s3)) === 10, PATIENCE)
      await gate.close()
      await produce(topic, 10)
      await until('it has failed', () => made.progress.failures > 0 || made.progress.inFlight > 0, PATIENCE)
      await gate.open()
      await produce(topic, 10)
      await until('all are counted', async () => (await countedInS3(s3)) === 30, PATIENCE)
      await made.stop()
      expect(await countedInS3(s3)).toBe(30)
    } finally {
      s3.destroy()
      await gate.close()
    }
  })
})

const WORDS = `
import { job, seconds, text } from 'millrace'
import { lambda } from 'millrace/lambda'

export const handler = lambda(job('shared', { batch: seconds(1), idleAfter: '1s' }, ({ kafka }) => {
  kafka(process.env.TOPIC, { value: text() })
    .map(({ value }) => [value, 1] as const)
    .updateStateByKey((values: readonly number[], count: number | undefined) => (count ?? 0) + values.length)
    .map(([key, count]) => key + '=' + count)
    .saveAsTextFiles('s3://out/counts')
}))
`

/** The greatest count in lines such as `a=3`. */
const greatest = (texts: readonly string[]): number =>
  Math.max(0, ...texts.flatMap((one) => one.split('\n').filter(Boolean)).map((line) => Number(line.split('=')[1])))

async function counted(dir: string): Promise<number> {
  const folder = join(dir, 'objects', 'out')
  const names = await readdir(folder, { recursive: true }).catch(() => [])
  const parts = names.filter((name) => /part-[^/]*$/.test(name))
  return greatest(await Promise.all(parts.map((name) => readFile(join(folder, name), 'utf8'))))
}

const counts = (dir: string, count: number): Promise<void> =>
  until(`all ${count} are counted`, async () => (await counted(dir)) >= count, PATIENCE)

async function countedInS3(s3: S3Client): Promise<number> {
  const { Contents = [] } = await s3.send(new ListObjectsV2Command({ Bucket: 'out' })).catch(() => ({ Contents: [] }))
  const parts = Contents.flatMap(({ Key = '' }) => (/part-[^/]*$/.test(Key) ? [Key] : []))
  const texts = parts.map(async (Key) => {
    const { Body } = await s3.send(new GetObjectCommand({ Bucket: 'out', Key }))
    return (await Body?.transformToString()) ?? ''
  })
  return greatest(await Promise.all(texts))
}

/** A way to an emulator that can be closed: nothing answers there then, as when it is down. */
async function openGate(
  upstream: string,
): Promise<{ endpoint: string; open(): Promise<void>; close(): Promise<void> }> {
  const { hostname, port: to } = new URL(upstream)
  const sockets = new Set<Socket>()
  let server: Server | undefined
  let port = 0
  const open = async (): Promise<void> => {
    const opened = createServer((socket) => {
      const onward = connect(Number(to), hostname)
      for (const one of [socket, onward]) {
        sockets.add(one)
        one.on('error', () => undefined)
        one.on('close', () => {
          sockets.delete(one)
          socket.destroy()
          onward.destroy()
        })
      }
      socket.pipe(onward).pipe(socket)
    })
    await new Promise<void>((resolve) => opened.listen(port, '127.0.0.1', resolve))
    const address = opened.address()
    if (typeof address === 'object' && address) port = address.port
    server = opened
  }
  const close = async (): Promise<void> => {
    const closing = server
    server = undefined
    for (const socket of sockets) socket.destroy()
    if (closing) await new Promise((resolve) => closing.close(resolve))
  }
  await open()
  return { endpoint: `http://127.0.0.1:${port}`, open, close }
}
