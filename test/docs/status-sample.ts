// The job of docs/guide/status.md.

import type { JobStatus } from '../../src/runtime/status.ts'

const T = Date.parse('2026-11-30T12:00:00Z')
export const NOW = T + 14_000

const totals = (records: number, duplicates = 0, quarantined = 0) => ({
  records,
  duplicates,
  skipped: 0,
  quarantined,
  missing: 0,
  written: records,
})

export const SAMPLE: JobStatus = {
  job: 'shop-totals',
  closedUntil: T,
  closedAt: T + 1000,
  code: '17',
  sources: [
    {
      task: 'orders-0',
      position: { until: 48_120 },
      frontier: T + 9400,
      committedAt: T + 9900,
      activeAt: T + 9900,
      state: 'awake',
      totals: totals(48_120, 12, 1),
    },
    {
      task: 'orders-1',
      position: { until: 47_003 },
      frontier: T + 2100,
      committedAt: T + 2600,
      activeAt: T + 2600,
      state: 'awake',
      totals: totals(47_003),
      trouble: { since: T + 4000, waitingFor: 47_003 },
    },
    {
      task: 'orders-2',
      position: { until: 90 },
      frontier: T - 3_600_000,
      committedAt: T - 3_500_000,
      activeAt: T - 3_590_000,
      state: 'asleep',
      totals: totals(90),
    },
  ],
  buckets: [],
  waiting: [{ output: 'to-crm', time: T - 5000, batches: 2, attempts: 4, from: T + 17_000 }],
  wakeUps: [T + 17_000],
}
