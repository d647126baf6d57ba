import { CompressionTypes } from 'kafkajs'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { BrokerUnreachableError } from '../../../src/errors/stand-in-errors.ts'
import { kafkaSource } from '../../../src/local/event-source/kafka-source.ts'
import { take, topicSourceContract } from '../../local/event-source/topic-source.contract.ts'
import { until } from '../../local/event-source/until.ts'
import { KafkaService } from './kafka-service.ts'
import { bootstrap, describeWith, unique } from './services.ts'

let service: KafkaService
describeWith(bootstrap)('on Kafka', () => {
  beforeAll(async () => {
    service = await new KafkaService(bootstrap).connect()
  })
  afterAll(async () => {
    await service?.close()
  })

  topicSourceContract('Kafka', async () => service)

  it('says within seconds that no broker answers', async () => {
    const source = kafkaSource({ brokers: ['127.0.0.1:1', '127.0.0.1:2'], connectTimeoutMs: 1500 })
    const started = Date.now()
    const error = await source
      .join({ groupId: 'g', topics: ['t'], startingPosition: { type: 'LATEST' } })
      .catch((reason: unknown) => reason)
    expect(error).toBeInstanceOf(BrokerUnreachableError)
    expect(error).toMatchObject({ code: 'BROKER_UNREACHABLE', brokers: ['127.0.0.1:1', '127.0.0.1:2'] })
    expect(Date.now() - started).toBeLessThan(60_000) // for ever is what it must not be
  })

  it('needs a broker', () => {
    expect(() => kafkaSource({ brokers: [] })).toThrow('No brokers')
  })

  it('tells the time of the broker from the time of the record', async () => {
    const topic = unique('log-append-time')
    await service.createTopic(topic, 1, { 'message.timestamp.type': 'LogAppendTime' })
    const before = Date.now()
    await service.append([{ topic, partition: 0, value: 'v', timestamp: 5 }])
    const source = service.source()
    const member = await source.join({ groupId: topic, topics: [topic], startingPosition: { type: 'TRIM_HORIZON' } })
    const [record] = await take(member, 1)
    await source.close()
    expect(record?.timestampType).toBe('LOG_APPEND_TIME')
    expect(record?.timestamp).toBeGreaterThanOrEqual(before)
  })

  it.each([
    ['gzip', CompressionTypes.GZIP],
    ['zstd', CompressionTypes.ZSTD],
    ['snappy', CompressionTypes.Snappy],
    ['lz4', CompressionTypes.LZ4],
  ])('reads records compressed with %s', async (name, compression) => {
    const topic = unique(`compressed-${name}`)
    await service.createTopic(topic, 1)
    const records = Array.from({ length: 100 }, (_, i) => ({ topic, partition: 0, value: `value ${i}` }))
    await service.append(records, compression)
    const source = service.source()
    const member = await source.join({ groupId: topic, topics: [topic], startingPosition: { type: 'TRIM_HORIZON' } })
    const values = (await take(member, 100)).map(({ value }) => Buffer.from(value ?? []).toString())
    expect(values).toEqual(records.map(({ value }) => value))
    await source.close()
  })

  // The broker compresses anew what comes otherwise.
  it.each(['gzip', 'zstd', 'snappy', 'lz4'])('reads topics of compression.type %s', async (codec) => {
    const topic = unique(`broker-${codec}`)
    await service.createTopic(topic, 1, { 'compression.type': codec })
    const records = Array.from({ length: 2000 }, (_, i) => ({
      topic,
      partition: 0,
      value: `value ${i}`.repeat(i % 50),
    }))
    await service.append(records)
    const source = service.source()
    const member = await source.join({ groupId: topic, topics: [topic], startingPosition: { type: 'TRIM_HORIZON' } })
    const values = (await take(member, 2000)).map(({ value }) => Buffer.from(value ?? []).toString())
    expect(values).toEqual(records.map(({ value }) => value))
    await source.close()
  })

  it('finds partitions that are added while it reads', async () => {
    const topic = unique('grows')
    await service.createTopic(topic, 1)
    const source = service.source()
    const member = await source.join({ groupId: topic, topics: [topic], startingPosition: { type: 'TRIM_HORIZON' } })
    await service.addPartitions(topic, 3)
    await until('all partitions', () => member.assigned().length === 3, 60_000)
    await service.close()
    service = await new KafkaService(bootstrap).connect() // a producer that knows them
    await service.append([{ topic, partition: 2, value: 'v' }])
    expect(await take(member, 1)).toMatchObject([{ partition: 2, offset: 0 }])
    await source.close()
  })

  it('goes on behind records that retention deleted', async () => {
    const topic = unique('retention')
    await service.createTopic(topic, 1)
    await service.append(Array.from({ length: 10 }, (_, i) => ({ topic, partition: 0, value: `${i}` })))
    await service.setCommitted(topic, topic, 0, 2)
    await service.deleteBelow(topic, 0, 6)
    const source = service.source()
    const member = await source.join({ groupId: topic, topics: [topic], startingPosition: { type: 'TRIM_HORIZON' } })
    expect((await take(member, 4)).map(({ offset }) => offset)).toEqual([6, 7, 8, 9])
    await source.close()
  })

  it('keeps its place in the group while nothing is polled for longer than a session', async () => {
    const topic = unique('slow')
    await service.createTopic(topic, 1)
    await service.append([{ topic, partition: 0, value: 'v' }])
    const source = service.source()
    const member = await source.join({ groupId: topic, topics: [topic], startingPosition: { type: 'TRIM_HORIZON' } })
    // On a machine that stands still for a whole session Kafka is right to give it up: then once more. Without heartbeats
    // it would not hold once.
    const outlived = async (): Promise<boolean> => {
      const { epoch } = await member.poll({ maxRecords: 1, maxWaitMs: 5000 })
      const session = Date.now() + 8000
      while (Date.now() < session) await new Promise((resolve) => setTimeout(resolve, 100))
      return member.epoch === epoch && (await member.commit(epoch, [{ topic, partition: 0, offset: 1 }]))
    }
    await until('a session without a poll', outlived, 180_000)
    await source.close()
  })
})
