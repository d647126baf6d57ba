// I1, I2, I3, I6, I7 and rest under crashes, lost answers, zombies, duplicates and other cuts, decided by a seed.
// More seeds: MILLRACE_SEEDS=10000 npx vitest run --project unit test/simulation; one: MILLRACE_SEED=42 … -t mapState.

import { describe, expect, it } from 'vitest'
import { Coverage } from '../../src/testing/simulation/coverage.ts'
import { ALL_KINDS, simulateKind } from './job-of.ts'

const ONE = process.env.MILLRACE_SEED
/** Seeds per kind of job. */
const SEEDS = Number(process.env.MILLRACE_SEEDS ?? 30)
const FIRST = Number(process.env.MILLRACE_FIRST_SEED ?? 1)

describe('simulation', () => {
  const coverage = new Coverage()

  it.each(ALL_KINDS)(
    '%s: holds the invariants and comes to rest, whatever fails',
    async (kind) => {
      const seeds = ONE === undefined ? Array.from({ length: SEEDS }, (_, i) => FIRST + i) : [Number(ONE)]
      for (const seed of seeds) {
        const report = await simulateKind(kind, seed, ONE !== undefined)
        const what = `MILLRACE_SEED=${seed} -t ${kind} (${report.pace})\n${report.story}`
        expect(report.violations.slice(0, 5), what).toEqual([])
        coverage.add(report.coverage)
      }
    },
    Math.max(300_000, SEEDS * 5000),
  )

  it('runs the same seed in the same way, whatever the job', async () => {
    for (const [i, kind] of ALL_KINDS.entries()) {
      const [first, second] = [await simulateKind(kind, i, true), await simulateKind(kind, i, true)]
      expect(second.trace, kind).toEqual(first.trace)
      expect(second.outputs, kind).toEqual(first.outputs)
    }
  }, 300_000)

  it.runIf(ONE === undefined && SEEDS >= 30)('takes the rarer paths', () => {
    for (const path of [
      'conflict on a bucket commit',
      'a source commit published by another instance',
      'snapshot read',
    ])
      expect(coverage.paths.get(path) ?? 0, path).toBeGreaterThan(10)
  })
})
