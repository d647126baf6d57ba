// What was never taken must be told: a fault that cannot happen is no gap, one that can is.

import { expect, it } from 'vitest'
import { Coverage } from '../../../src/testing/simulation/coverage.ts'

it('counts calls by fault, adds up what others have counted, and names gaps', () => {
  const coverage = new Coverage()
  expect(coverage.gaps()).toContain('append source: crash-after')
  expect(coverage.gaps()).toContain('wake-up passed on')
  expect(coverage.gaps()).not.toContain('arm: stale')
  coverage.call('append source', 'crash-after')
  coverage.call('append source', undefined)
  coverage.path('wake-up passed on')
  const sum = new Coverage()
  sum.add(coverage.counts())
  sum.add(coverage.counts())
  expect(sum.gaps()).not.toContain('append source: crash-after')
  expect(sum.gaps()).not.toContain('wake-up passed on')
  const [header = '', first = ''] = sum.table().split('\n')
  expect(header).toMatch(/^call +fine +crash-before +crash-after/)
  expect(first).toMatch(/^append source +2 +0 +2 /)
  expect(sum.table()).toMatch(/\nNever taken: append source: crash-before; /)
})
