import { expect, it } from 'vitest'
import { spreadByRecord } from '../../src/programs/lineage.ts'
import { KAFKA } from '../../src/sources/kafka/kind.ts'
import { eventRecord } from '../support/kafka-events.ts'

const at = (offset: number) => eventRecord('t', 0, { offset, timestamp: 0, value: null })

it('spreads what comes of one record over the next buckets', () => {
  expect(spreadByRecord(KAFKA, [at(1)], [0, 0, 0, 0, 0])(3)).toEqual([1, 2, 0, 1, 2])
})

it('fills all buckets by every round of offsets', () => {
  const records = Array.from({ length: 30 }, (_, i) => at(60 + i))
  const buckets = spreadByRecord(
    KAFKA,
    records,
    records.map((_, i) => i),
  )(5)
  for (let round = 0; round < 30; round += 5)
    expect(buckets.slice(round, round + 5).toSorted()).toEqual([0, 1, 2, 3, 4])
})
