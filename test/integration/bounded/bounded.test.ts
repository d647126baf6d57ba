// A bounded run on real Kafka: what it reads, where it ends, and that it publishes what the stream of the same topics does.

import { Kafka, logLevel } from 'kafkajs'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { type Job, job, seconds, text } from '../../../src/index.ts'
import { lambda } from '../../../src/lambda/index.ts'
import type { BoundedSource } from '../../../src/local/bounded/bounded-partition.ts'
import { openKafkaRange } from '../../../src/local/bounded/kafka-range.ts'
import { eventSourceMapping } from '../../../src/local/event-source/mapping.ts'
import { startPoller } from '../../../src/local/event-source/poller.ts'
import { inProcessInvoker } from '../../../src/local/invoker/in-process.ts'
import { parseEntries, parsePosition } from '../../../src/local/offset-language.ts'
import { memoryEnvironment, readObjects } from '../../../src/testing/memory-environment.ts'
import { contents, ran } from '../../local/bounded/ran.ts'
import { until as waitUntil } from '../../local/event-source/until.ts'
import { bringToRest } from '../../support/rest.ts'
import { KafkaService } from '../poller/kafka-service.ts'
import { bootstrap, describeWith, unique } from '../poller/services.ts'

const BASE = Date.parse('2026-01-31T12:00:00Z')

describeWith(bootstrap)('a bounded run on Kafka', () => {
  let service: KafkaService
  beforeAll(async () => {
    service = await new KafkaService(bootstrap).connect()
  })
  afterAll(async () => {
    await service?.close()
  })

  function opened(topics: readonly string[], from = 'start', to = 'end'): Promise<BoundedSource> {
    const entries = (where: string) => parseEntries('here', where, (one) => parsePosition('here', one, Date.now()))
    return openKafkaRange({ kafka: { brokers: bootstrap.split(',') }, topics, from: entries(from), until: entries(to) })
  }

  async function read(source: BoundedSource): Promise<number[][]> {
    try {
      return await Promise.all(
        source.partitions.map(async (partition) => {
          const offsets: number[] = []
          for (let piece = await partition.next(); piece; piece = await partition.next())
            offsets.push(...piece.map(({ offset }) => offset))
          return offsets
        }),
      )
    } finally {
      await source.close()
    }
  }

  async function topicOf(counts: readonly number[], config: Record<string, string> = {}): Promise<string> {
    const topic = unique('bounded')
    await service.createTopic(topic, counts.length, config)
    const records = counts.flatMap((count, partition) =>
      Array.from({ length: count }, (_, i) => ({
        ...{ topic, partition, key: `k${i % 5}`, value: `word${i % 7}` },
        timestamp: BASE + i * 100 + partition,
      })),
    )
    await service.append(records)
    return topic
  }

  const range = (from: number, to: number): number[] => Array.from({ length: to - from }, (_, i) => from + i)

  it('reads what is between two ends, of each partition', async () => {
    const topic = await topicOf([30, 20, 0])
    expect(await read(await opened([topic]))).toEqual([range(0, 30), range(0, 20), []])
    expect(await read(await opened([topic], '+5,1=-3', '10,1=end,2=end'))).toEqual([range(5, 10), range(17, 20), []])
    const t = (i: number): string => `@${new Date(BASE + i * 100).toISOString()}`
    expect(await read(await opened([topic], t(3), t(8)))).toEqual([range(3, 8), range(3, 8), []])
    await expect(opened([topic], '0=31')).rejects.toThrow(
      `Offset 31 of ${topic}-0 is not in Kafka: the partition holds 0 to 30.`,
    )
    await expect(opened([topic], '9,1=start,2=start', '8')).rejects.toThrow(
      `The range of ${topic}-0 ends before it begins: --from is offset 9 and --until, which is not read any more, is 8.`,
    )
    await expect(opened([topic], t(8), t(3))).rejects.toMatchObject({ code: 'INVALID_OPTION' })
    await service.deleteBelow(topic, 0, 4)
    await expect(opened([topic], '0=0')).rejects.toMatchObject({ code: 'OFFSET_OUT_OF_RANGE' })
    expect(await read(await opened([topic]))).toEqual([range(4, 30), range(0, 20), []])
  })

  it('ends behind markers, and reads nothing that was aborted', async () => {
    const topic = unique('bounded')
    await service.createTopic(topic, 1)
    const kafka = new Kafka({ brokers: bootstrap.split(','), logLevel: logLevel.NOTHING })
    const producer = kafka.producer({ transactionalId: unique('tx'), idempotent: true, maxInFlightRequests: 1 })
    await producer.connect()
    for (const [value, commit] of [
      ['a', true],
      ['x', false],
      ['b', true],
      ['y', false],
    ] as const) {
      const transaction = await producer.transaction()
      await transaction.send({ topic, messages: [{ partition: 0, value, timestamp: String(BASE) }] })
      await (commit ? transaction.commit() : transaction.abort())
    }
    await producer.disconnect()
    expect(await read(await opened([topic]))).toEqual([[0, 4]])
    const source = await opened([topic])
    const { published } = await ran(copyOf(topic), { partitions: source.partitions })
    await source.close()
    expect(Object.values(published).join('')).toBe('a\nb\n')
  })

  const copyOf = (topic: string): Job =>
    job('copy', { batch: seconds(1) }, ({ kafka }) => {
      kafka(topic, { value: text() })
        .map(({ value }) => value)
        .saveAsTextFiles('s3://results/copy')
    })

  it('publishes what the stream of the same topics does', async () => {
    const [left, right] = [await topicOf([3000, 1000, 2]), await topicOf([500, 0])]
    const counted = job('counted', { batch: seconds(10), idleAfter: '1h' }, ({ kafka }) => {
      const words = kafka([left, right], { value: text() }).map(({ value }) => [value, 1] as const)
      words.reduceByKey((a, b) => a + b).saveAsNdjsonFiles('s3://results/counts')
      words
        .reduceByKeyAndWindow((a, b) => a + b, seconds(30), seconds(20), { id: 'window' })
        .saveAsNdjsonFiles('s3://results/window')
    })
    // As a deployment finds them: a partition that is learned late begins where the others are.
    const partitions = new Map([
      [left, 3],
      [right, 2],
    ])
    const environment = memoryEnvironment(BASE + 3_600_000).another({ partitions })
    const handler = lambda(counted, { environment })
    const source = service.source()
    let done = 0
    const pollers = await Promise.all(
      [left, right].map((topic) =>
        startPoller({
          mapping: eventSourceMapping({
            functionName: 'counted',
            topics: [topic],
            bootstrapServers: bootstrap.split(','),
            startingPosition: { type: 'TRIM_HORIZON' },
            batchSize: 170,
            consumerGroupId: unique('group'),
          }),
          source,
          invoker: inProcessInvoker(handler),
          onProgress: ({ records, outcome }) => {
            if (outcome === 'success') done += records
          },
        }),
      ),
    )
    await waitUntil('all records', () => done >= 4502)
    await Promise.all(pollers.map((poller) => poller.stop()))
    await source.close()
    await bringToRest('counted', handler, environment)
    const stream = Object.fromEntries(await readObjects(environment.objects, 'results'))

    const bounded = await opened([left, right])
    const { published, report } = await ran(counted, { partitions: bounded.partitions })
    await bounded.close()
    expect(report).toMatchObject({ records: 4502, late: 0 })
    expect(contents(published)).toEqual(contents(stream))
  })
})
