// Wake-ups by watching the row: each is handled, also one for an earlier time than one that was handled.

import { expect, it } from 'vitest'
import { watchWakeUps } from '../../src/local/wake-watch.ts'
import { WAKE_ROW } from '../../src/names/rows.ts'
import { rowOf } from '../../src/runtime/wake-row.ts'
import { memoryEnvironment } from '../../src/testing/memory-environment.ts'
import { until } from './event-source/until.ts'

it('takes a wake-up for an earlier time than one that was handled, and none twice', async () => {
  const { table } = memoryEnvironment()
  const woken: number[] = []
  const arm = async (at: number) =>
    table.putRow('job', WAKE_ROW, rowOf(await table.getRow('job', WAKE_ROW), [{ at, turn: 1, next: at }]))
  const invoker = {
    invoke: async (event: string) => {
      woken.push(Number(/at\D+(\d+)/.exec(event)?.[1]))
      return { ok: true as const, payload: 'null', durationMs: 0 }
    },
    close: async () => {},
  }
  await arm(5000)
  const watch = watchWakeUps(table, 'job', invoker, { clock: { now: () => 10_000 } })
  try {
    await until('the first', () => woken.length === 1)
    await arm(4000)
    await until('the earlier one', () => woken.length === 2)
    await until('rest', () => watch.atRest())
    expect(woken).toHaveLength(2)
  } finally {
    await watch.stop()
  }
})

it('wakes again when the function was killed after it had begun', async () => {
  const { table } = memoryEnvironment()
  let calls = 0
  const invoker = {
    invoke: async () => {
      calls++
      // What the runtime notes before it looks: the row names nothing, or something far ahead.
      const row = await table.getRow('job', WAKE_ROW)
      await table.putRow('job', WAKE_ROW, rowOf(row, calls === 1 ? [] : [{ at: 99_000, turn: 1, next: 99_000 }], 5000))
      return calls < 3
        ? { ok: false as const, errorType: 'Runtime.ExitError', errorMessage: 'killed' }
        : { ok: true as const, payload: null }
    },
    close: async () => {},
  }
  await table.putRow('job', WAKE_ROW, rowOf(undefined, [{ at: 5000, turn: 1, next: 5000 }]))
  const watch = watchWakeUps(table, 'job', invoker, { clock: { now: () => 10_000 } })
  try {
    await until('the third', () => calls === 3)
    expect(await watch.atRest()).toBe(false)
  } finally {
    await watch.stop()
  }
})
