import { expect, it } from 'vitest'
import { spreadByOffset } from '../../src/programs/lineage.ts'
import { eventRecord } from '../support/kafka-events.ts'

const at = (offset: number) => eventRecord('t', 0, { offset, timestamp: 0, value: null })

it('spreads what comes of one record over the next buckets', () => {
  expect(spreadByOffset([at(1)], [0, 0, 0, 0, 0])(3)).toEqual([1, 2, 0, 1, 2])
})

it('fills all buckets by every round of offsets', () => {
  const records = Array.from({ length: 30 }, (_, i) => at(60 + i))
  const buckets = spreadByOffset(
    records,
    records.map((_, i) => i),
  )(5)
  for (let round = 0; round < 30; round += 5)
    expect(buckets.slice(round, round + 5).toSorted()).toEqual([0, 1, 2, 3, 4])
})
