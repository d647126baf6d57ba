// The state of a task at any moment is what the operators held then; what retention no longer keeps is named, never made up.

import { expect, it } from 'vitest'
import { job, text } from '../../../src/index.ts'
import { bucketTask } from '../../../src/names/tasks.ts'
import { entriesOf } from '../../../src/runtime/kept/entries.ts'
import { keptJob } from '../../../src/runtime/kept/operators.ts'
import { TaskState, taskState } from '../../../src/runtime/kept/task-state.ts'
import { driven, records } from '../../support/driven.ts'

const START = 1_000_000_000_000
const HOUR = 3_600_000

const counts = job('counts', { batch: '1s', numPartitions: 1, retention: '1h' }, ({ kafka }) => {
  kafka('lines', { value: text() })
    .map(({ value }) => [value, 1] as const)
    .updateStateByKey((values: readonly number[], sum: number | undefined) => values.length + (sum ?? 0), {
      id: 'sums',
    })
    .saveAsTextFiles('s3://results/counts')
})

/** A batch every ten minutes, `n` of them: many more keys than changes, so that snapshots come now and then. */
async function ranFor(n: number) {
  const words = driven(counts, { start: START })
  const keys = Array.from({ length: 30 }, (_, i) => `key ${i} ${'x'.repeat(50)}`)
  for (let i = 0; i < n; i++) {
    await words.deliver(
      records('lines-0', [...(i === 0 ? keys : keys.slice(0, 5)), 'a'], { at: START + i * 600_000, step: 1 }),
    )
    words.later('10m')
  }
  const { table, objects, bucket } = words.environment
  return { words, logs: { table, objects, bucket } }
}

const task = bucketTask('counts', 'sums', 0)
const batchOf = (i: number): number => START + i * 600_000 + 1000

it('is what it was after every batch, before and after snapshots', async () => {
  const { logs } = await ranFor(6)
  for (let i = 0; i < 5; i++) {
    for (const moment of [{ batch: batchOf(i) }, { batch: batchOf(i) + 5000 }]) {
      const state = await taskState(task, logs, 1000, moment)
      if (!(state instanceof TaskState)) throw new Error('gone')
      expect(state.point?.until).toBe(batchOf(i))
      const entries = new Map(
        [...entriesOf(state, 'sums', (await keptJob('counts', logs))?.operators[0]?.form)].map((one) => [
          one.key,
          one.value,
        ]),
      )
      expect(entries.get('a')).toBe(i + 1)
      expect(entries.size).toBe(31)
    }
  }
  const early = await taskState(task, logs, 1000, { batch: START - 1 })
  expect(early).toBeInstanceOf(TaskState)
  expect(early instanceof TaskState && [...early.cells('sums')]).toEqual([])
})

it('says what the earliest is when older entries have expired, and that one can be seen', async () => {
  const { words, logs } = await ranFor(30)
  words.expire()
  const gone = await taskState(task, logs, 1000, { batch: batchOf(2) })
  if (gone instanceof TaskState) throw new Error('it is there')
  const { until, at } = gone.earliest
  expect(until).toBeGreaterThan(batchOf(2))
  expect(until).toBeLessThanOrEqual(START + 29 * 600_000 - HOUR + 2 * 600_000)
  for (const moment of [{ batch: until }, { clock: at }]) {
    const state = await taskState(task, logs, 1000, moment)
    if (!(state instanceof TaskState)) throw new Error('the earliest is gone')
    const value = [...state.cells('sums')].find(({ cell }) => cell[1] === 'a')?.value()
    expect(value).toBe((until - START - 1000) / 600_000 + 1)
  }
  const later = await taskState(task, logs, 1000, { batch: until - 1 })
  expect(later).not.toBeInstanceOf(TaskState)
})
