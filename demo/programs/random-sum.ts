// Random numbers, ten a second, and their sums of 2 seconds.

import { seededRandom } from '../../src/testing/simulation/random.ts'
import { byBatch, type Program } from './program.ts'

export const RANDOM_SUM: Program = {
  name: 'random-sum',
  topic: ['NUMBERS', 'numbers'],
  what: 'random numbers below 1,000, ten a second',
  batch: 2000,
  batches: '2 seconds',
  shows: 'random-sum',
  records(start) {
    const random = seededRandom(2)
    return Array.from({ length: 1200 }, (_, i) => ({
      key: `${i}`,
      value: `${random.int(0, 1000)}`,
      timestamp: start + i * 100,
    }))
  },
  recount: (records) => ({
    'random-sum': new Map(
      byBatch(records).map(([time, values]) => [time, [`${values.reduce((sum, value) => sum + Number(value), 0)}`]]),
    ),
  }),
}
