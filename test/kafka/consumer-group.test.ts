import { expect, test } from 'vitest'
import { consumerGroup } from '../../src/kafka/index.ts'

test('what is no group is refused', () => {
  expect(() => consumerGroup({ group: '', brokers: ['localhost:9092'] })).toThrow(/group: must be the name/)
  expect(() => consumerGroup({ group: 'billing', brokers: [] })).toThrow(/brokers: must be a list/)
  expect(() => Reflect.apply(consumerGroup, undefined, [{ group: 'a', brokers: ['b:1'], broker: 'c' }])).toThrow(
    /broker/,
  )
})

test('it is called by its name, and connects only when it is used', async () => {
  const group = consumerGroup({ group: 'billing', brokers: ['127.0.0.1:1'] })
  expect(group.name).toBe('consumer group billing')
  await expect(group.write([{ topic: 'lines', partition: 0, offset: 1 }])).rejects.toThrow(/ECONNREFUSED|Connection/)
})
