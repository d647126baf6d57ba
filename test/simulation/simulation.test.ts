// I1, I2, I3 and rest under crashes, lost answers, zombies, duplicates and other cuts, decided by a seed.
// More seeds: MILLRACE_SEEDS=100000 npx vitest run --project unit test/simulation; one seed: MILLRACE_SEED=42.

import { describe, expect, it } from 'vitest'
import { publishedContents } from './expected.ts'
import type { Fault } from './faults.ts'
import { FAULTS } from './faults.ts'
import { simulate } from './simulate.ts'

const ONE = process.env.MILLRACE_SEED
const SEEDS = Number(process.env.MILLRACE_SEEDS ?? 2000)
const FIRST = Number(process.env.MILLRACE_FIRST_SEED ?? 1)
/** Every so many seeds the contents are compared with those of an undisturbed run. */
const COMPARE_EVERY = 10

describe('simulation', () => {
  it(
    'holds I1, I2 and I3 and comes to rest, whatever fails',
    async () => {
      const seeds = ONE === undefined ? Array.from({ length: SEEDS }, (_, i) => FIRST + i) : [Number(ONE)]
      const faults = new Map<Fault, number>()
      for (const seed of seeds) {
        const report = await simulate(seed)
        const { kind, pace, partitions } = report.scenario
        const what = `MILLRACE_SEED=${seed} (${kind}, ${pace}, ${partitions.length} partitions)`
        expect(report.violations.slice(0, 5), what).toEqual([])
        for (const [fault, count] of report.faults) faults.set(fault, (faults.get(fault) ?? 0) + count)
        if (pace === 'exact' && seed % COMPARE_EVERY === 0) {
          const undisturbed = await simulate(seed, { undisturbed: true })
          expect(undisturbed.violations, `${what}, undisturbed`).toEqual([])
          expect(publishedContents(report.objects, 'all'), what).toEqual(publishedContents(undisturbed.objects, 'all'))
        }
      }
      if (seeds.length >= 1000) for (const fault of FAULTS) expect(faults.get(fault) ?? 0, fault).toBeGreaterThan(100)
    },
    Math.max(60_000, SEEDS * 60),
  )
})
