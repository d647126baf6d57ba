// What one code has written expires by its own `retention`, whatever the next one has (I7). In the stories of `retention.test.ts`
// `keep-alive.ts` makes up for either rule being wrong, so each is held here by itself.

import { describe, expect, it } from 'vitest'
import type { CloseCommit } from '../../src/log/commit-record.ts'
import { isSnapshotDue, keptFor, LEAST_RETENTION, trustedFor } from '../../src/runtime/snapshot-due.ts'
import { defined } from '../support/definition.ts'
import { copying } from '../support/driven.ts'

const HOUR = 3_600_000
const { settings } = defined(copying())
const week = { ...settings, retention: 7 * 24 * HOUR }
const hour = { ...settings, retention: HOUR }

describe('a snapshot is due', () => {
  const log = { snapshot: undefined, logBytes: 0, logSince: 0 }
  const isDue = (logFor: number | undefined, now: number, with_ = week) =>
    isSnapshotDue(logFor === undefined ? log : { ...log, logFor }, 0, now, with_)

  it('before what the code before has written expires, and what this one has', () => {
    const quarter = HOUR / 4
    for (const [logFor, code] of [
      [HOUR, week],
      [week.retention, hour],
      [undefined, week], // who does not say how long keeps it for the least
    ] as const) {
      expect(isDue(logFor, quarter, code)).toBe(false)
      expect(isDue(logFor, quarter + 1, code)).toBe(true)
    }
    expect(isDue(week.retention, week.retention / 4)).toBe(false)
  })

  it('when the log has outgrown the last one', () => {
    const state = { ref: { bucket: 'state', key: 'snapshot' }, bytes: 100_000, version: 1 }
    expect(isSnapshotDue({ ...log, logBytes: 60_000 }, 5_536, 0, week)).toBe(false)
    expect(isSnapshotDue({ ...log, logBytes: 60_000 }, 5_537, 0, week)).toBe(true)
    expect(isSnapshotDue({ ...log, snapshot: state, logBytes: 60_000 }, 40_000, 0, week)).toBe(false)
    expect(isSnapshotDue({ ...log, snapshot: state, logBytes: 60_000 }, 40_001, 0, week)).toBe(true)
  })
})

describe('entries of a job that is not sealed', () => {
  const head = (more: Partial<CloseCommit>): CloseCommit => ({
    kind: 'close',
    at: 1,
    code: 'code',
    closedUntil: 0,
    before: 0,
    tasks: [],
    buckets: [],
    closed: [],
    outbox: [],
    ...more,
  })

  it('are kept for what the code before or this one says, whatever is less', () => {
    expect(keptFor(head({ retention: HOUR }), week)).toBe(HOUR)
    expect(keptFor(head({ retention: week.retention }), hour)).toBe(HOUR)
    expect(keptFor(head({}), week)).toBe(LEAST_RETENTION)
  })

  it('are all of this code where there were none, or a seal stands before them', () => {
    expect(keptFor(head({ kind: 'seal', retention: HOUR }), week)).toBe(week.retention)
    expect(keptFor(head({ at: 0 }), week)).toBe(week.retention)
  })
})

it('memory counts for half of what any code keeps, at the most', () => {
  expect(trustedFor(week)).toBe(LEAST_RETENTION / 2)
  expect(trustedFor({ retention: 1000 })).toBe(500)
})
