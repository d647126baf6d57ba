// I1, I2, I3 and rest of jobs with shuffles, windows and state, decided by a seed.
// More seeds: MILLRACE_SEEDS=10000 npx vitest run --project unit test/simulation/stateful; one seed: MILLRACE_SEED=42.

import { describe, expect, it } from 'vitest'
import { STATEFUL_KINDS } from './stateful-jobs.ts'
import { simulateStateful } from './stateful-simulate.ts'

const ONE = process.env.MILLRACE_SEED
/** Seeds per kind of job. */
const SEEDS = Number(process.env.MILLRACE_SEEDS ?? 200)
const FIRST = Number(process.env.MILLRACE_FIRST_SEED ?? 1)
/** Every so many seeds everything published is compared with an undisturbed run. */
const COMPARE_EVERY = 5

describe('simulation of stateful jobs', () => {
  it.each(STATEFUL_KINDS)(
    '%s: holds I1, I2 and I3 and comes to rest, whatever fails',
    async (kind) => {
      const seeds = ONE === undefined ? Array.from({ length: SEEDS }, (_, i) => FIRST + i) : [Number(ONE)]
      let snapshots = 0
      for (const seed of seeds) {
        const report = await simulateStateful(seed, kind)
        const { pace, partitions, options } = report.scenario
        const what = `MILLRACE_SEED=${seed} -t ${kind} (${pace}, ${partitions.length} partitions, ${options.numPartitions} buckets)`
        expect(report.violations.slice(0, 5), what).toEqual([])
        snapshots += report.snapshots
        if (pace !== 'exact' || (seed % COMPARE_EVERY !== 0 && ONE === undefined)) continue
        const undisturbed = await simulateStateful(seed, kind, { undisturbed: true })
        expect(undisturbed.violations, `${what}, undisturbed`).toEqual([])
        expect(report.outputs, what).toEqual(undisturbed.outputs)
      }
      if (kind === 'heavy' && seeds.length >= 100) expect(snapshots).toBeGreaterThan(seeds.length / 4)
    },
    Math.max(60_000, SEEDS * 100),
  )
})
