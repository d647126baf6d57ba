// Spark's StatsReportListener, to the letter. Sources: src/listeners/stats-report.ts.

import { describe, expect, it } from 'vitest'
import { statsReport } from '../../src/index.ts'
import { batchInfo } from '../../src/listeners/progress.ts'

/** The last report after batches that took so long, each submitted 100 ms before. */
function reported(took: readonly number[], batches?: number): string[] {
  const lines: string[] = []
  const listener = statsReport({ write: (line) => lines.push(line), ...(batches !== undefined && { batches }) })
  for (const [i, milliseconds] of took.entries()) {
    lines.length = 0
    const batch = { time: i, inputs: [], outputs: [], submitted: 0, started: 100, committed: 100 }
    listener.onBatchCompleted?.(batchInfo(batch, { completed: 100 + milliseconds }))
  }
  return lines
}

const HEADER = '\t0%\t5%\t10%\t25%\t50%\t75%\t90%\t95%\t100%'

describe('statsReport', () => {
  it('shows distributions of total delay and processing time', () => {
    expect(reported([900, 2900, 400])).toEqual([
      'Total delay: (count: 3, mean: 1500.000000, stdev: 1080.123450, max: 3000.000000, min: 500.000000)',
      HEADER,
      '\t500.0 ms\t500.0 ms\t500.0 ms\t500.0 ms\t1000.0 ms\t3.0 s\t3.0 s\t3.0 s\t3.0 s',
      'Processing time: (count: 3, mean: 1400.000000, stdev: 1080.123450, max: 2900.000000, min: 400.000000)',
      HEADER,
      '\t400.0 ms\t400.0 ms\t400.0 ms\t400.0 ms\t900.0 ms\t2.9 s\t2.9 s\t2.9 s\t2.9 s',
    ])
  })

  it.each([
    [1000, '1000.0 ms'],
    [1150, '1.2 s'], // 1.15 is less in binary: toFixed has 1.1
    [60_000, '60.0 s'],
    [90_000, '1.5 min'],
    [3_600_001, '1.0 hours'],
  ])('shows %d ms as %s, as Java rounds', (took, shown) => {
    expect(reported([took])[5]?.split('\t').at(-1)).toBe(shown)
  })

  it('forgets batches before the last ten, or as many as it is told', () => {
    const took = Array.from({ length: 12 }, (_, i) => i + 1)
    expect(reported(took)[3]).toContain('count: 10, mean: 7.500000')
    expect(reported(took, 2)[3]).toContain('count: 2, mean: 11.500000')
  })

  it.each([0, 1.5])('refuses %d batches', (batches) => {
    expect(() => statsReport({ batches })).toThrow(
      `statsReport, batches: must be a whole number, 1 or more, got ${batches}.`,
    )
  })
})
