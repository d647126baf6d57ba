// The stand-in on real Kafka: nothing lost, order kept, whatever happens to pollers and brokers.

import { randomBytes } from 'node:crypto'
import { afterAll, afterEach, beforeAll, expect, it } from 'vitest'
import { startKafka } from '../../../infra/kafka.ts'
import { eventSourceMapping, type MappingOptions } from '../../../src/local/event-source/mapping.ts'
import { type Poller, type PollerOptions, startPoller } from '../../../src/local/event-source/poller.ts'
import type { TopicSource } from '../../../src/local/event-source/topic-source.ts'
import { inProcessInvoker } from '../../../src/local/invoker/in-process.ts'
import type { KafkaEvent } from '../../../src/sources/kafka/event.ts'
import type { Produced } from '../../local/event-source/topic-source.contract.ts'
import { until } from '../../local/event-source/until.ts'
import { KafkaService } from './kafka-service.ts'
import { bootstrap, describeWith, unique } from './services.ts'

let service: KafkaService
beforeAll(async () => {
  if (bootstrap !== '') service = await new KafkaService(bootstrap).connect()
})
afterAll(async () => {
  await service?.close()
})

const sources: TopicSource[] = []
const pollers: Poller[] = []
afterEach(async () => {
  for (const poller of pollers.splice(0)) poller.kill()
  await Promise.all(sources.splice(0).map((source) => source.close()))
})

/** What a function saw, over all its invocations: per partition the offsets in the order they came. */
class Seen {
  readonly offsets = new Map<string, number[]>()
  readonly running = new Set<string>()
  events = 0

  async take(event: KafkaEvent): Promise<void> {
    this.events++
    for (const [name, records] of Object.entries(event.records)) {
      const offsets = this.offsets.get(name) ?? []
      this.offsets.set(name, offsets)
      for (const { offset } of records) offsets.push(offset)
    }
  }

  /** Offsets `0 … count - 1` of a partition, each at least once. */
  has(name: string, count: number): boolean {
    return new Set(this.offsets.get(name)).size === count
  }

  /** An order in which offsets only ever go on by one, or back (a redelivery). */
  inOrder(name: string): boolean {
    return (this.offsets.get(name) ?? []).every((offset, i, all) => i === 0 || offset <= (all[i - 1] ?? 0) + 1)
  }

  get deliveries(): number {
    return [...this.offsets.values()].reduce((sum, { length }) => sum + length, 0)
  }
}

interface Start {
  readonly seen: Seen
  readonly mapping?: Partial<MappingOptions>
  readonly options?: Partial<PollerOptions>
  readonly on?: KafkaService
  readonly before?: (event: KafkaEvent) => unknown
}

async function start(topic: string, { seen, mapping, options, on = service, before }: Start): Promise<Poller> {
  const source = on.source()
  sources.push(source)
  const poller = await startPoller({
    mapping: eventSourceMapping({
      functionName: 'f',
      topics: [topic],
      consumerGroupId: topic,
      bootstrapServers: on.bootstrap.split(','),
      batchSize: 1000,
      maximumBatchingWindowMs: 100,
      ...mapping,
    }),
    source,
    invoker: inProcessInvoker(async (event) => {
      if (!isKafkaEvent(event)) throw new Error('no Kafka event')
      await before?.(event)
      await seen.take(event)
    }),
    backoff: { initialMs: 5, maxMs: 50 },
    ...options,
  })
  pollers.push(poller)
  return poller
}

const isKafkaEvent = (event: unknown): event is KafkaEvent =>
  typeof event === 'object' && event !== null && 'records' in event

const records = (topic: string, partitions: number, each: number): Produced[] =>
  Array.from({ length: partitions * each }, (_, i) => ({
    topic,
    partition: i % partitions,
    key: `k${i}`,
    value: `value ${i}`,
  }))

const names = (topic: string, partitions: number): string[] =>
  Array.from({ length: partitions }, (_, p) => `${topic}-${p}`)

async function committedAll(on: KafkaService, topic: string, partitions: number, each: number): Promise<boolean> {
  for (let partition = 0; partition < partitions; partition++) {
    if ((await on.committed(topic, { topic, partition })) !== each) return false
  }
  return true
}

describeWith(bootstrap)('the poller on Kafka', () => {
  it('delivers 50,000 records of 4 partitions through 2 pollers, each at least once and in order', async () => {
    const topic = unique('fifty-thousand')
    await service.createTopic(topic, 4)
    await service.append(records(topic, 4, 12_500))
    const seen = new Seen()
    const started = performance.now()
    const poller = await start(topic, { seen, options: { pollers: 2 } })
    await until('all delivered', () => names(topic, 4).every((name) => seen.has(name, 12_500)), 120_000)
    const seconds = (performance.now() - started) / 1000
    console.log(`50,000 records in ${seconds.toFixed(2)} s, group joining included, ${seen.deliveries} deliveries`)
    for (const name of names(topic, 4)) expect(seen.inOrder(name)).toBe(true)
    await poller.stop()
    expect(await committedAll(service, topic, 4, 12_500)).toBe(true)
  })

  it('loses nothing when pollers come, go and crash during the work', async () => {
    const topic = unique('rebalances')
    await service.createTopic(topic, 4)
    const seen = new Seen()
    const slow = { batchSize: 100 }
    const before = () => new Promise((resolve) => setTimeout(resolve, 20))
    await service.append(records(topic, 4, 5000))
    const first = await start(topic, { seen, mapping: slow, before })
    await until('work has begun', () => seen.events > 5)
    const second = await start(topic, { seen, mapping: slow, before })
    await until('both have partitions', () => first.assigned().length === 2 && second.assigned().length === 2)
    await until('both work', () => second.stats.records > 200)
    first.kill()
    await until('the other took over', () => second.assigned().length === 4)
    const third = await start(topic, { seen, mapping: slow, before })
    await until('shared again', () => third.assigned().length === 2)
    await second.stop()
    await until('all delivered', () => names(topic, 4).every((name) => seen.has(name, 5000)), 120_000)
    await until('all committed', () => committedAll(service, topic, 4, 5000), 120_000)
    expect(seen.deliveries).toBeGreaterThanOrEqual(20_000)
  })

  it('commits nothing of an invocation whose partitions went to another poller', async () => {
    const topic = unique('zombie')
    // Two partitions: with one, the group's leader may give it back to the first poller however many others join.
    await service.createTopic(topic, 2)
    await service.append(records(topic, 2, 10))
    const held = Promise.withResolvers<void>()
    const [zombieSaw, otherSaw] = [new Seen(), new Seen()]
    const zombie = await start(topic, { seen: zombieSaw, before: () => held.promise })
    await until('in flight', () => zombie.stats.inFlight > 0)
    await start(topic, { seen: otherSaw })
    await until('one partition moved', () => names(topic, 2).some((name) => otherSaw.has(name, 10)), 60_000)
    const partition = otherSaw.has(`${topic}-0`, 10) ? 0 : 1
    const committed = () => service.committed(topic, { topic, partition })
    await until('committed by the other', async () => (await committed()) === 10, 60_000)
    await service.append([{ topic, partition, key: 'k', value: 'one more' }])
    await until('goes on', async () => (await committed()) === 11, 60_000)
    held.resolve()
    await until('the zombie ended', () => zombie.stats.lost > 0, 60_000)
    const stayed = { topic, partition: 1 - partition }
    await until('what stayed is delivered again', async () => (await service.committed(topic, stayed)) === 10, 60_000)
    expect(zombieSaw.deliveries).toBeGreaterThanOrEqual(20)
    expect(await committed()).toBe(11)
  })

  it('delivers again from an offset that the group was moved back to', async () => {
    const topic = unique('moved-back')
    await service.createTopic(topic, 1)
    await service.append(records(topic, 1, 100))
    const seen = new Seen()
    const first = await start(topic, { seen })
    await until('committed', () => committedAll(service, topic, 1, 100))
    await first.stop()
    await service.setCommitted(topic, topic, 0, 40)
    await start(topic, { seen })
    await until('again', () => seen.deliveries === 160)
    expect(seen.offsets.get(`${topic}-0`)?.slice(100)).toEqual(Array.from({ length: 60 }, (_, i) => 40 + i))
  })

  it('fills events up to 6 MB, and stops at a record that fits none', async () => {
    const topic = unique('large')
    await service.createTopic(topic, 1, { 'max.message.bytes': '10000000' })
    const random = (bytes: number) => randomBytes(bytes / 2).toString('hex')
    for (let i = 0; i < 6; i++) await service.append([{ topic, partition: 0, value: random(2_000_000) }])
    await service.append([{ topic, partition: 0, value: random(6_000_000) }])
    const seen = new Seen()
    const errors: Error[] = []
    const sizes: number[] = []
    const poller = await start(topic, {
      seen,
      mapping: { maximumBatchingWindowMs: 60_000 }, // longer than fetching takes: events end because they are full
      options: { onError: (error) => errors.push(error), onProgress: ({ bytes }) => sizes.push(bytes) },
    })
    await until('stopped', () => poller.stopped().length === 1, 120_000)
    expect(errors[0]).toMatchObject({ code: 'RECORD_TOO_LARGE', topic, partition: 0, offset: 6 })
    expect(await service.committed(topic, { topic, partition: 0 })).toBe(6)
    expect(seen.events).toBe(3)
    expect(Math.max(...sizes)).toBeLessThanOrEqual(6 * 1024 * 1024)
  })
})

describeWith(bootstrap)('a broker that dies', () => {
  it('is waited for, and nothing is lost or left out', async () => {
    const own = await startKafka()
    const onOwn = await new KafkaService(own.bootstrap).connect()
    try {
      const topic = unique('broker-killed')
      await onOwn.createTopic(topic, 2)
      await onOwn.append(records(topic, 2, 10_000))
      const seen = new Seen()
      const before = () => new Promise((resolve) => setTimeout(resolve, 10))
      const poller = await start(topic, { seen, on: onOwn, mapping: { batchSize: 100 }, before })
      for (const from of [1000, 4000]) {
        await until('work goes on', () => poller.stats.records > from, 60_000)
        await own.kill()
        await own.restart()
      }
      await until('all delivered', () => names(topic, 2).every((name) => seen.has(name, 10_000)), 120_000)
      for (const name of names(topic, 2)) expect(seen.inOrder(name)).toBe(true)
      await until('all committed', () => committedAll(onOwn, topic, 2, 10_000), 60_000)
      await poller.stop()
    } finally {
      for (const poller of pollers.splice(0)) poller.kill()
      await Promise.all(sources.splice(0).map((source) => source.close()))
      await onOwn.close()
      await own.stop()
    }
  })
})
