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
