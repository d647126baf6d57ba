// I1 and I2 for random jobs: whatever the event source, processes and faults do, what is published for every T is what a plain
// single-threaded reference makes of the records.
// More: MILLRACE_PROPERTY_RUNS=10000 MILLRACE_PROPERTY_SEED=7 npx vitest run --project unit test/properties/random-jobs

import { describe, expect, it } from 'vitest'
import { checkCases } from './check.ts'

const RUNS = Number(process.env.MILLRACE_PROPERTY_RUNS ?? 400)
const SEED = Number(process.env.MILLRACE_PROPERTY_SEED ?? 1)
/** Of a failure: where among the cases of its seed it is. */
const PATH = process.env.MILLRACE_PROPERTY_PATH

describe('random jobs', () => {
  it(
    'publish what the reference says, however records are cut, repeated, interleaved and processes restarted',
    async () => {
      const { cases, failure } = await checkCases(SEED, RUNS, PATH)
      expect(failure ?? 'no failure').toBe('no failure')
      if (PATH === undefined) expect(cases).toBe(RUNS)
    },
    Math.max(600_000, RUNS * 2000),
  )
})
