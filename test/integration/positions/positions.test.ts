// Positions for others on real Kafka and a real Redis: what Kafka's own lag tool and the hash say while a job runs, when it rests, and after
// its processes have died.

import { Redis } from 'ioredis'
import { afterAll, afterEach, beforeAll, expect, it } from 'vitest'
import { installKafka } from '../../../infra/kafka/install.ts'
import { run as runProgram } from '../../../infra/run.ts'
import { consumerGroup } from '../../../src/kafka/index.ts'
import { redisOffsets } from '../../../src/redis/index.ts'
import { readObjects } from '../../../src/testing/memory-environment.ts'
import { until } from '../../local/event-source/until.ts'
import { Stage } from '../exactly-once/stage.ts'
import { KafkaService } from '../poller/kafka-service.ts'
import { bootstrap, describeWith, endpoints, redisUrl, unique } from '../poller/services.ts'

const PARTITIONS = 2

/** What `kafka-consumer-groups --describe` says of a topic: by partition `[current offset, end offset, lag]`. */
async function lagOf(group: string, topic: string): Promise<Record<number, readonly number[]>> {
  const { jars } = await installKafka()
  const said = await runProgram('java', [
    ...['-Xmx128m', '-cp', `${jars}/*`, 'org.apache.kafka.tools.consumer.group.ConsumerGroupCommand'],
    ...['--bootstrap-server', bootstrap, '--describe', '--group', group],
  ])
  const rows = said.split('\n').map((line) => line.trim().split(/\s+/))
  // GROUP TOPIC PARTITION CURRENT-OFFSET LOG-END-OFFSET LAG …
  return Object.fromEntries(
    rows.flatMap(([name, of, partition, ...numbers]) =>
      name === group && of === topic ? [[Number(partition), numbers.slice(0, 3).map(Number)]] : [],
    ),
  )
}

let stage: Stage | undefined
afterEach(async () => {
  await stage?.close()
  stage = undefined
})

describeWith(
  bootstrap,
  endpoints.ministack,
  redisUrl,
)('positions for others', () => {
  let kafka: KafkaService
  let redis: Redis
  beforeAll(async () => {
    kafka = await new KafkaService(bootstrap).connect()
    redis = new Redis(redisUrl)
  })
  afterAll(async () => {
    await kafka?.close()
    await redis?.quit()
  })

  it('show the right lag while the job runs, when it rests, and after a crash', { timeout: 600_000 }, async () => {
    const group = unique('seen')
    const run = new Stage(kafka, endpoints.ministack, {
      module: new URL('mirrored.ts', import.meta.url),
      topics: { LINES: PARTITIONS },
      job: unique('mirrored'),
      env: { GROUP: group, BROKERS: bootstrap, REDIS: redisUrl, IDLE_AFTER: '2s' },
    })
    stage = run
    await run.prepare()
    const topic = run.topic('LINES')
    const produce = (partition: number, count: number): Promise<void> =>
      kafka.append(
        Array.from({ length: count }, (_, i) => ({ topic, partition, value: `line ${i}`, timestamp: Date.now() })),
      )
    const inRedis = (): Promise<Record<string, string>> => redis.hgetall(`kafka:topic:${topic}:${group}`)

    let poller = await run.start()
    await produce(0, 10)
    // While it runs: the first commit is mirrored at once, and what comes later within seconds.
    await until('the first positions', async () => (await inRedis())[0] === '10', 60_000)
    await produce(0, 5)
    await produce(1, 7)
    await until('later ones', async () => JSON.stringify(await inRedis()) === '{"0":"15","1":"7"}', 60_000)
    await until('the group', async () => (await kafka.committed(group, { topic, partition: 1 })) === 7, 60_000)
    expect(await lagOf(group, topic)).toEqual({ 0: [15, 15, 0], 1: [7, 7, 0] })

    // Nobody reads, and the lag shows it.
    await until('rest', () => run.atRest(), 120_000)
    await poller.stop()
    await produce(1, 4)
    expect(await lagOf(group, topic)).toEqual({ 0: [15, 15, 0], 1: [7, 11, 4] })

    // Functions are killed as soon as they have committed; whoever comes after them makes up for it.
    poller = await run.start()
    await produce(0, 30)
    let kills = 0
    for (const end = Date.now() + 8000; Date.now() < end; await new Promise((resolve) => setTimeout(resolve, 100)))
      kills += poller.invoker.kill()
    expect(kills).toBeGreaterThan(0)
    await until('all to be read', () => run.consumed(), 120_000)
    await until('rest', () => run.atRest(), 120_000)
    expect(await lagOf(group, topic)).toEqual({ 0: [45, 45, 0], 1: [11, 11, 0] })
    expect(await inRedis()).toEqual({ 0: '45', 1: '11' })
    await poller.stop()
  })

  it.each([
    ['0', ''],
    ['0', '1e3'],
    ['', '4'],
  ])('a field %j of the hash with %j is no offset, and says so', async (field, value) => {
    const [name, group] = [unique('odd'), unique('odd')]
    await redis.hset(`kafka:topic:${name}:${group}`, { [field]: value })
    await expect(redisOffsets({ group, url: redisUrl }).read(name)).rejects.toThrow(
      /which is no partition with an offset/,
    )
  })

  it.each(['group', 'redis', 'json'])('are where another job begins: %s', { timeout: 600_000 }, async (START) => {
    const group = unique('begin')
    const run = new Stage(kafka, endpoints.ministack, {
      module: new URL('mirrored.ts', import.meta.url),
      topics: { LINES: PARTITIONS },
      job: unique('begins'),
      env: { GROUP: group, BROKERS: bootstrap, REDIS: redisUrl, IDLE_AFTER: '1s', START },
    })
    stage = run
    await run.prepare()
    const topic = run.topic('LINES')
    const values = Array.from({ length: 6 }, (_, i) => ({ topic, partition: 0, value: `r${i}`, timestamp: Date.now() }))
    await kafka.append([...values, { topic, partition: 1, value: 'x', timestamp: Date.now() }])
    const at = [{ topic, partition: 0, offset: 4 }]
    await consumerGroup({ group, brokers: bootstrap.split(',') }).write(at)
    await redisOffsets({ group, url: redisUrl }).write(at)
    const poller = await run.start()
    await until('all to be read', () => run.consumed(), 120_000)
    await until('rest', () => run.atRest(), 120_000)
    await poller.stop()
    const texts = await readObjects(run.objects, run.bucket, 'lines')
    expect([...texts.values()].join('').trim().split('\n').sort()).toEqual(['r4', 'r5', 'x'])
  })
})
