// Transactional producers upstream: only committed records are delivered, however transactions lie over each other and
// wherever reading begins. As Kafka's own client does with isolation.level=read_committed. What a job makes of the holes that
// markers and aborted records leave: test/integration/transactional/.

import { Kafka, logLevel, type Producer, type Transaction } from 'kafkajs'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { take } from '../../local/event-source/topic-source.contract.ts'
import { KafkaService } from './kafka-service.ts'
import { bootstrap, describeWith, unique } from './services.ts'

describeWith(bootstrap)('transactions on Kafka', () => {
  let service: KafkaService
  const producers: Producer[] = []
  beforeAll(async () => {
    service = await new KafkaService(bootstrap).connect()
  })
  afterAll(async () => {
    for (const producer of producers) await producer.disconnect()
    await service?.close()
  })

  async function transactional(): Promise<Producer> {
    const kafka = new Kafka({ brokers: bootstrap.split(','), logLevel: logLevel.NOTHING })
    const producer = kafka.producer({ transactionalId: unique('tx'), idempotent: true, maxInFlightRequests: 1 })
    await producer.connect()
    producers.push(producer)
    return producer
  }

  async function topicOf(partitions = 1): Promise<string> {
    const topic = unique('transactions')
    await service.createTopic(topic, partitions)
    return topic
  }

  const send = (to: Transaction, topic: string, values: readonly string[], key: Buffer | null = null) =>
    to.send({ topic, messages: values.map((value) => ({ partition: 0, key, value })) })

  /** The values that a group is handed out; where markers lie between them is up to Kafka. */
  async function delivered(topic: string, count: number, group = unique('group')): Promise<string[]> {
    const source = service.source()
    try {
      const member = await source.join({ groupId: group, topics: [topic], startingPosition: { type: 'TRIM_HORIZON' } })
      return (await take(member, count, 60_000)).map(({ value }) => Buffer.from(value ?? []).toString())
    } finally {
      await source.close()
    }
  }

  it('hands out what is committed and nothing that was aborted', async () => {
    const topic = await topicOf()
    const producer = await transactional()
    for (const [values, commit] of [
      [['a', 'b'], true],
      [['x', 'y'], false],
      [['c'], true],
    ] as const) {
      const transaction = await producer.transaction()
      await send(transaction, topic, values)
      await (commit ? transaction.commit() : transaction.abort())
    }
    expect(await delivered(topic, 3)).toEqual(['a', 'b', 'c'])
  })

  it('an aborted transaction around another one that was aborted earlier', async () => {
    const topic = await topicOf()
    const [outer, inner] = [await transactional(), await transactional()]
    const [long, short] = [await outer.transaction(), await inner.transaction()]
    await send(long, topic, ['x0', 'x1'])
    await send(short, topic, ['y2'])
    await short.abort() // Kafka lists aborted transactions by their ends
    await send(long, topic, ['x4'])
    await long.abort()
    await service.append([{ topic, partition: 0, value: 'plain' }])
    expect(await delivered(topic, 1)).toEqual(['plain'])
  })

  it('reading begins in the middle of two that were aborted', async () => {
    const topic = await topicOf()
    const [one, other] = [await transactional(), await transactional()]
    const [first, second] = [await one.transaction(), await other.transaction()]
    await send(first, topic, ['x0'])
    await send(second, topic, ['y1'])
    await service.append([{ topic, partition: 0, value: 'plain 2' }])
    await send(second, topic, ['y3'])
    await send(first, topic, ['x4'])
    await first.abort()
    await second.abort()
    await service.append([{ topic, partition: 0, value: 'plain 5' }])
    const group = unique('group')
    await service.setCommitted(group, topic, 0, 3)
    expect(await delivered(topic, 1, group)).toEqual(['plain 5'])
    expect(await delivered(topic, 2)).toEqual(['plain 2', 'plain 5'])
  })

  it('a record whose key looks like the end of an aborted transaction', async () => {
    const topic = await topicOf()
    const producer = await transactional()
    const aborted = await producer.transaction()
    await send(aborted, topic, ['x0'], Buffer.from([0, 0, 0, 0]))
    await send(aborted, topic, ['x1'])
    await aborted.abort()
    await service.append([{ topic, partition: 0, value: 'plain' }])
    expect(await delivered(topic, 1)).toEqual(['plain'])
  })
})
