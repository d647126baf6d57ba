// Deployed once, for real: `serverless deploy` to LocalStack, records on real Kafka, a stand-in for Lambda's pollers that
// reads its mappings from the endpoint, the deployed function, objects in S3. Then other code, then nothing left.

import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { kafkaSource } from '../../../src/local/event-source/kafka-source.ts'
import { readMappings } from '../../../src/local/event-source/mapping-api.ts'
import { type Poller, startPoller } from '../../../src/local/event-source/poller.ts'
import { lambdaEndpointInvoker } from '../../../src/local/invoker/lambda-endpoint.ts'
import { dynamoTable } from '../../../src/stores/dynamo-table.ts'
import type { ObjectStore } from '../../../src/stores/object-store.ts'
import { s3Objects } from '../../../src/stores/s3-objects.ts'
import { EMULATED } from '../../contract/dynalite.ts'
import { KafkaService } from '../../integration/poller/kafka-service.ts'
import { bootstrap, describeWith, endpoints, unique } from '../../integration/poller/services.ts'
import { readMovedOn } from '../../integration/silent-partitions.ts'
import { until } from '../../local/event-source/until.ts'
import { REPOSITORY, ServiceFolder } from '../../serverless/service-folder.ts'
import { batchTimes } from '../../soak/topic.ts'
import { Deployed } from './deployed.ts'
import { DAY, type Flight, type Results, readFlights, readResults } from './flights.ts'

const FUNCTION = 'functions/flights-by-day.ts'
const REGION = 'eu-central-1'
const ACCOUNT = '000000000000'
const EAST = { topic: unique('flights-east'), partitions: 4 }
const WEST = { topic: unique('flights-west'), partitions: 2 }

describeWith(bootstrap, endpoints.localstack)('a deployed service', () => {
  const stage = unique('e2e')
  const results = `millrace-demo-${stage}-results-${ACCOUNT}`
  const pollers: Poller[] = []
  const closing: (() => Promise<void>)[] = []
  let kafka: KafkaService
  let service: ServiceFolder
  let deployed: Deployed
  let objects: ObjectStore

  beforeAll(async () => {
    kafka = await new KafkaService(bootstrap).connect()
    for (const { topic, partitions } of [EAST, WEST]) await kafka.createTopic(topic, partitions)
    service = await copyOfThisRepository()
    deployed = new Deployed(endpoints.localstack, REGION, `millrace-demo-${stage}-flights`)
    const credentials = { accessKeyId: 'test', secretAccessKey: 'test' }
    objects = s3Objects({ endpoint: endpoints.localstack, region: REGION, credentials })
  })
  afterAll(async () => {
    await Promise.all(pollers.map((poller) => poller.stop()))
    for (const close of closing) await close()
    deployed?.close()
    objects?.close()
    await kafka?.close()
    await service?.remove()
  })

  it('is made of a table, buckets, a queue, a function and its mappings', async () => {
    await timed('first deploy', () => serverless('deploy'))

    const variables = await deployed.variables()
    expect(variables).toMatchObject({
      MILLRACE_TABLE: `millrace-demo-${stage}-millrace`,
      MILLRACE_PARTITIONS: `${EAST.topic}=4,${WEST.topic}=2`,
      NODE_OPTIONS: '--enable-source-maps',
      RESULTS_BUCKET: results,
    })
    expect(variables.MILLRACE_CODE).toMatch(/^[0-9a-f]{16}$/)
    expect(variables).not.toHaveProperty('MILLRACE_REPORT_FAILURES')
    expect(await deployed.function()).toMatchObject({ Runtime: 'nodejs24.x', Handler: 'index.handler', Timeout: 60 })

    expect(await deployed.table(variables.MILLRACE_TABLE ?? '')).toMatchObject({
      keys: ['HASH pk', 'RANGE sk'],
      billing: 'PAY_PER_REQUEST',
      ttl: { AttributeName: 'ttl', TimeToLiveStatus: 'ENABLED' },
    })
    const closedToAll = {
      encryption: 'AES256',
      blocked: { BlockPublicAcls: true, BlockPublicPolicy: true, IgnorePublicAcls: true, RestrictPublicBuckets: true },
    }
    for (const bucket of [results, variables.MILLRACE_BUCKET ?? '']) {
      expect(await deployed.bucket(bucket)).toMatchObject(closedToAll)
    }
    // LocalStack's CloudFormation takes these and does not pass them on, so only the stack itself can tell.
    const template = (await deployed.template(`millrace-demo-${stage}`)).replace(/\s|&quot;|"|\\/g, '')
    expect(template).toContain('PointInTimeRecoverySpecification:{PointInTimeRecoveryEnabled:true}')
    expect(template).toContain('AbortIncompleteMultipartUpload:{DaysAfterInitiation:14}')
    expect(template).toContain('Prefix:_millrace/spill/,ExpirationInDays:14')

    const queue = await deployed.queue(variables.MILLRACE_WAKE_QUEUE_URL ?? '')
    expect(queue).toMatchObject({ VisibilityTimeout: '60', SqsManagedSseEnabled: 'true' })
    const mappings = await deployed.mappings()
    expect(mappings).toHaveLength(3)
    expect(mappings).toContainEqual(expect.objectContaining({ EventSourceArn: queue.QueueArn, BatchSize: 1 }))
    for (const { topic } of [EAST, WEST]) {
      expect(mappings).toContainEqual(
        expect.objectContaining({
          Topics: [topic],
          BatchSize: 1000,
          StartingPosition: 'TRIM_HORIZON',
          SelfManagedEventSource: { Endpoints: { KAFKA_BOOTSTRAP_SERVERS: bootstrap.split(',') } },
          SelfManagedKafkaEventSourceConfig: { ConsumerGroupId: `millrace-demo-${stage}.flights-by-day.${topic}` },
        }),
      )
    }
  })

  const flights = readFlights()
  const [first, then] = [days(flights, 0, 8), days(flights, 8, 12)]

  it('publishes every record once and closes every batch, the last ones by wake-ups', async () => {
    for (const mapping of await readMappings(deployed.lambda, deployed.functionName)) {
      const source = kafkaSource({ brokers: mapping.bootstrapServers })
      const invoker = lambdaEndpointInvoker({ functionName: mapping.functionName, client: deployed.lambda })
      pollers.push(await startPoller({ mapping, source, invoker, backoff: { initialMs: 50, maxMs: 1000 } }))
      closing.push(
        () => source.close(),
        () => invoker.close(),
      )
    }
    await produce(kafka, first)
    const found = await timed('records to closed batches', () => allClosed(first.length))
    await expectOnce(found, first)
    expect(found.lines.every(({ line }) => !('version' in line))).toBe(true)
  })

  it('goes on where it was with other code', async () => {
    const before = { variables: await deployed.variables(), mappings: await deployed.mappings() }
    const code = await service.read(FUNCTION)
    await service.write(FUNCTION, code.replace('offset, ...value', 'offset, version: 2, ...value'))
    await timed('second deploy', () => serverless('deploy'))
    const { MILLRACE_CODE: hash, ...rest } = await deployed.variables()
    const { MILLRACE_CODE: former, ...same } = before.variables
    expect(rest).toEqual(same)
    expect(hash).not.toBe(former)
    const ids = (list: typeof before.mappings) => list.map(({ UUID }) => UUID).sort()
    expect(ids(await deployed.mappings())).toEqual(ids(before.mappings))

    await produce(kafka, then)
    const found = await allClosed(first.length + then.length)
    await expectOnce(found, [...first, ...then])
    expect(found.lines.filter(({ line }) => line.version === 2)).toHaveLength(then.length)
    expect(pollers.every(({ stats }) => stats.discarded === 0)).toBe(true)
  })

  it('leaves nothing behind when it is removed', async () => {
    const { MILLRACE_TABLE: table = '', MILLRACE_BUCKET: bucket = '' } = await deployed.variables()
    await Promise.all(pollers.splice(0).map((poller) => poller.stop()))
    await timed('remove', () => serverless('remove'))
    await expect(deployed.function()).rejects.toThrow(/not found/i)
    await expect(deployed.table(table)).rejects.toThrow(/not found|non-existent/i)
    for (const name of [bucket, results]) await expect(deployed.bucket(name)).rejects.toThrow(/does not exist/i)
  })

  function serverless(command: string): Promise<string> {
    return service.serverless([command, '--stage', stage], {
      KAFKA_BROKERS: bootstrap,
      AWS_ENDPOINT_URL: endpoints.localstack,
    })
  }

  /** Every record once, under the day that it belongs to, and the late ones in the second output too. */
  async function expectOnce({ lines, late }: Results, flights: readonly Flight[]): Promise<void> {
    const records = lines.map(({ line }) => `${line.topic}-${line.partition}-${line.offset}`)
    expect(new Set(records).size).toBe(flights.length)
    expect(records).toHaveLength(flights.length)
    const variables = await deployed.variables()
    const [name = '', bucket = ''] = [variables.MILLRACE_TABLE, variables.MILLRACE_BUCKET]
    const table = dynamoTable({ ...EMULATED, region: REGION, endpoint: endpoints.localstack, table: name })
    const partitions = Map.groupBy(lines, ({ line }) => `${line.topic}-${line.partition}`)
    for (const [task, ofPartition] of partitions) {
      const sorted = ofPartition.toSorted((a, b) => Number(a.line.offset) - Number(b.line.offset))
      const moved = await readMovedOn({ table, objects, bucket, job: 'flights-by-day' }, task)
      const order = sorted.map(({ line }) => ({ offset: Number(line.offset), timestamp: Number(line.timestamp) }))
      expect(sorted.map(({ T }) => T)).toEqual(batchTimes(order, moved, DAY))
    }
    table.close()
    expect(late).toBe(flights.filter(({ delay }) => delay >= 60).length)
  }

  /** Waits for `count` lines and for `_SUCCESS` of every batch that has any. */
  async function allClosed(count: number): Promise<Results> {
    let found: Results = { lines: [], late: 0, unclosed: [] }
    await until(
      `${count} lines, all batches closed`,
      async () => {
        found = await readResults(objects, results)
        return found.lines.length >= count && found.unclosed.length === 0
      },
      300_000,
    )
    return found
  }
})

/** serverless.yml and its function as they are, but for the names of the topics, which this run has for itself. */
async function copyOfThisRepository(): Promise<ServiceFolder> {
  const [yml, code] = await Promise.all(
    ['serverless.yml', FUNCTION].map((name) => readFile(join(REPOSITORY, name), 'utf8')),
  )
  const renamed = (code ?? '').replace("'flights-east'", `'${EAST.topic}'`).replace("'flights-west'", `'${WEST.topic}'`)
  return ServiceFolder.make({ 'serverless.yml': yml ?? '', [FUNCTION]: renamed })
}

/** Flights of the days `[from, to)` since the first. */
function days(flights: readonly Flight[], from: number, to: number): Flight[] {
  const start = Math.floor((flights[0]?.timestamp ?? 0) / DAY)
  return flights.filter(({ timestamp }) => {
    const day = Math.floor(timestamp / DAY) - start
    return day >= from && day < to
  })
}

async function produce(kafka: KafkaService, flights: readonly Flight[]): Promise<void> {
  await kafka.append(
    flights.map((flight, i) => {
      const { topic, partitions } = i % 3 === 0 ? WEST : EAST
      return { topic, partition: i % partitions, value: JSON.stringify(flight), timestamp: flight.timestamp }
    }),
  )
}

async function timed<T>(what: string, run: () => Promise<T>): Promise<T> {
  const started = performance.now()
  const result = await run()
  console.log(`${what}: ${((performance.now() - started) / 1000).toFixed(1)} s`)
  return result
}
