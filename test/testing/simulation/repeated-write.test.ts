// The example of docs/simulate.md: a function of foreachRDD that adds is found, one that writes by the batch's id is not.

import { expect, it } from 'vitest'
import { job, seconds, text } from '../../../src/index.ts'
import { simulate } from '../../../src/testing/index.ts'

it('finds a write that must not be repeated', async () => {
  const records = Array.from({ length: 30 }, (_, i) => ({ value: `r${i}` }))
  const totals: number[] = []
  for (let seed = 1; seed <= 5; seed++) {
    let total = 0
    const rows = new Map<string, number>()
    const counted = () =>
      job('counted', { batch: seconds(1) }, ({ kafka }) => {
        kafka('lines', { value: text() })
          .count()
          .foreachRDD((batch) => {
            for (const n of batch) {
              total += n
              rows.set(batch.id, n)
            }
          })
      })
    expect((await simulate(counted, { seed, records })).violations, `seed ${seed}`).toEqual([])
    expect([...rows.values()].reduce((a, b) => a + b, 0)).toBe(records.length)
    totals.push(total)
  }
  expect(Math.max(...totals)).toBeGreaterThan(records.length)
})
