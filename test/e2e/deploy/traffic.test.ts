// Deployments in the middle of traffic: two jobs on LocalStack and real Kafka, records coming all the time; other operators, state that is
// new, code that is refused, the code before again. Each record counts once whatever is deployed, and what is removed leaves its data behind.

import { afterAll, beforeAll, expect, it } from 'vitest'
import { kafkaSource } from '../../../src/local/event-source/kafka-source.ts'
import { readMappings } from '../../../src/local/event-source/mapping-api.ts'
import { type Poller, startPoller } from '../../../src/local/event-source/poller.ts'
import { lambdaEndpointInvoker } from '../../../src/local/invoker/lambda-endpoint.ts'
import type { ObjectStore } from '../../../src/stores/object-store.ts'
import { s3Objects } from '../../../src/stores/s3-objects.ts'
import { KafkaService } from '../../integration/poller/kafka-service.ts'
import { bootstrap, describeWith, endpoints, unique } from '../../integration/poller/services.ts'
import { until } from '../../local/event-source/until.ts'
import { ServiceFolder } from '../../serverless/service-folder.ts'
import { Deployed } from './deployed.ts'

const REGION = 'eu-central-1'
const STAGE = unique('traffic')
const TOPIC = unique('words')
const BUCKET = `${STAGE}-results`
const PARTITIONS = 2
const WORDS = ['to', 'be', 'or', 'not']

/** The emulator has enough to do without being asked all the time. */
const eventually = (what: string, condition: () => Promise<boolean>): Promise<void> =>
  until(
    what,
    async () => {
      await new Promise((resolve) => setTimeout(resolve, 250))
      return condition()
    },
    240_000,
  )

const head = `import { job, text } from 'millrace'
import { lambda } from 'millrace/lambda'
`
const copy = (version: string) => `${head}
export const handler = lambda(job('copy', { batch: '1s', idleAfter: '5s' }, ({ kafka }) => {
  kafka('${TOPIC}', { value: text() })
    .map(({ partition, offset }) => ({ record: partition + '-' + offset${version} }))
    .saveAsNdjsonFiles('s3://${BUCKET}/copy')
}))
`
const counts = (state: string) => `${head}
export const handler = lambda(job('counts', { batch: '1s', idleAfter: '5s' }, ({ kafka }) => {
  const ones = kafka('${TOPIC}', { value: text() }).map(({ value }) => [value, 1] as const)
  ones.reduceByKey((a, b) => a + b).map(([word, n]) => ({ word, n })).saveAsNdjsonFiles('s3://${BUCKET}/counts')
  ${state}
}))
`
const totals = (id: string) => `ones
    .updateStateByKey<number>((values, before) => values.reduce((a, b) => a + b, before ?? 0), { id: '${id}' })
    .map(([word, n]) => ({ word, n }))
    .saveAsNdjsonFiles('s3://${BUCKET}/totals')`

const SERVICE = `service: millrace-demo
provider: { name: aws, runtime: nodejs24.x, region: ${REGION} }
plugins: [./src/serverless/index.ts]
custom:
  millrace:
    kafka: { bootstrapServers: ['\${env:KAFKA_BROKERS}'] }
    jobs:
      copy: { handler: copy.handler, batchSize: 50 }
      counts: { handler: counts.handler, batchSize: 50 }
`

interface Line {
  readonly T: number
  readonly record?: string
  readonly version?: number
  readonly word?: string
  readonly n?: number
}

describeWith(bootstrap, endpoints.localstack)('deployed into traffic', () => {
  const pollers: Poller[] = []
  const closing: (() => Promise<void>)[] = []
  const of: Record<'copy' | 'counts', Deployed> = {
    copy: new Deployed(endpoints.localstack, REGION, `millrace-demo-${STAGE}-copy`),
    counts: new Deployed(endpoints.localstack, REGION, `millrace-demo-${STAGE}-counts`),
  }
  let kafka: KafkaService
  let service: ServiceFolder
  let objects: ObjectStore
  let produced = 0
  let traffic: Promise<void> | undefined
  let over = false
  const read = new Map<string, readonly Line[]>()

  beforeAll(async () => {
    kafka = await new KafkaService(bootstrap).connect()
    await kafka.createTopic(TOPIC, PARTITIONS)
    service = await ServiceFolder.make({ 'serverless.yml': SERVICE, 'copy.ts': copy(''), 'counts.ts': counts('') })
    objects = s3Objects({
      endpoint: endpoints.localstack,
      region: REGION,
      credentials: { accessKeyId: 'test', secretAccessKey: 'test' },
    })
  })
  afterAll(async () => {
    over = true
    await traffic?.catch(() => {})
    await Promise.all(pollers.map((poller) => poller.stop()))
    for (const close of closing) await close()
    for (const one of Object.values(of)) one.close()
    objects?.close()
    await kafka?.close()
    await service?.remove()
  })

  it('counts each record once from the first on', async () => {
    await serverless('deploy')
    for (const { lambda, functionName } of Object.values(of)) {
      for (const mapping of await readMappings(lambda, functionName)) {
        const source = kafkaSource({ brokers: mapping.bootstrapServers })
        const invoker = lambdaEndpointInvoker({ functionName, client: lambda })
        pollers.push(await startPoller({ mapping, source, invoker, backoff: { initialMs: 50, maxMs: 1000 } }))
        closing.push(
          () => source.close(),
          () => invoker.close(),
        )
      }
    }
    traffic = produce()
    await eventually('batches of both', async () => (await closed('copy')) > 2 && (await closed('counts')) > 2)
  })

  it('goes on with another narrow operator, and with state that is new', async () => {
    await service.write('copy.ts', copy(', version: 2'))
    await service.write('counts.ts', counts(totals('totals')))
    await serverless('deploy')
    await eventually(
      'batches of the new code',
      async () => (await closed('totals')) > 2 && (await lines('copy')).some(({ version }) => version === 2),
    )
  })

  it('refuses what would lose state, and what runs goes on', async () => {
    const before = (await of.counts.variables()).MILLRACE_CODE
    await service.write('counts.ts', counts(totals('sums')))
    await expect(serverless('deploy')).rejects.toThrow(/totals is gone, and sums of the same kind is new/)
    expect((await of.counts.variables()).MILLRACE_CODE).toBe(before)
    const reached = await closed('totals')
    await eventually('batches meanwhile', async () => (await closed('totals')) > reached)
  })

  it('goes back to the code before', async () => {
    await service.write('copy.ts', copy(''))
    await service.write('counts.ts', counts(totals('totals')))
    const rolledBack = produced
    await serverless('deploy')
    await eventually('records after it', async () => produced > rolledBack + 40)
    over = true
    await traffic
    await eventually(
      'all records, all batches closed',
      async () => (await lines('copy')).length >= produced && sum(await lines('counts')) >= produced,
    )

    const copied = await lines('copy')
    expect(copied).toHaveLength(produced)
    expect(new Set(copied.map(({ record }) => record)).size).toBe(produced)
    const versions = copied.toSorted((a, b) => a.T - b.T).map(({ version = 1 }) => version)
    expect(versions.indexOf(2)).toBeGreaterThan(0)
    expect(versions.at(-1)).toBe(1)

    const counted = await lines('counts')
    expect(sum(counted)).toBe(produced)
    // State is what it was and what each batch adds, across the refusal and the way back.
    const byTime = Map.groupBy(await lines('totals'), ({ T }) => T)
    const [, first = 0, ...times] = [...byTime.keys()].sort((a, b) => a - b)
    expect(times.length).toBeGreaterThan(4)
    let before = sum(byTime.get(first) ?? [])
    for (const T of times) {
      const added = sum(counted.filter((line) => line.T === T))
      expect([T, sum(byTime.get(T) ?? []) - before]).toEqual([T, added])
      before += added
    }
  })

  it('is removed with its data left where it is', async () => {
    const { MILLRACE_TABLE: table = '', MILLRACE_BUCKET: bucket = '' } = await of.copy.variables()
    await Promise.all(pollers.splice(0).map((poller) => poller.stop()))
    const said = await serverless('remove')
    expect(said).toContain('Table and buckets are kept')
    for (const one of Object.values(of)) await expect(one.function()).rejects.toThrow(/not found/i)
    // LocalStack as it is published deletes them; infra's goes by DeletionPolicy, as AWS does.
    expect(await of.copy.table(table)).toMatchObject({ billing: 'PAY_PER_REQUEST' })
    expect(await of.copy.bucket(bucket)).toMatchObject({ encryption: 'AES256' })
    expect(await lines('copy')).toHaveLength(produced)
  })

  function serverless(command: string): Promise<string> {
    const env = { KAFKA_BROKERS: bootstrap, AWS_ENDPOINT_URL: endpoints.localstack }
    return service.serverless([command, '--stage', STAGE], env, 300_000)
  }

  /** Some records every quarter of a second, until it is over. */
  async function produce(): Promise<void> {
    while (!over) {
      const timestamp = Date.now()
      const some = WORDS.map((value, i) => ({ topic: TOPIC, partition: i % PARTITIONS, value, timestamp }))
      await kafka.append(some)
      produced += some.length
      await new Promise((resolve) => setTimeout(resolve, 250))
    }
  }

  /** Of each object once: what is published does not change, and the emulator has enough to do. */
  async function lines(output: string): Promise<Line[]> {
    for await (const { key } of objects.list(BUCKET, `${output}-`)) {
      if (key.endsWith('/_SUCCESS') || read.has(key)) continue
      const body = new TextDecoder().decode(await objects.get({ bucket: BUCKET, key }))
      const T = Number(key.slice(output.length + 1, key.indexOf('/')))
      const rows = body.trimEnd().split('\n')
      read.set(
        key,
        rows.map((line): Line => ({ T, ...JSON.parse(line) })),
      )
    }
    return [...read].flatMap(([key, found]) => (key.startsWith(`${output}-`) ? found : []))
  }

  /** How many batches of an output have their `_SUCCESS`. */
  async function closed(output: string): Promise<number> {
    let count = 0
    for await (const { key } of objects.list(BUCKET, `${output}-`)) if (key.endsWith('/_SUCCESS')) count++
    return count
  }
})

const sum = (lines: readonly Line[]): number => lines.reduce((total, { n = 0 }) => total + n, 0)
