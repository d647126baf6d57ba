// A wake-up whose function dies comes again within a minute.

import { describe, expect, it } from 'vitest'
import { job, seconds, text } from '../../src/index.ts'
import { lambda } from '../../src/lambda/index.ts'
import { wakeUpMessage } from '../../src/lambda/sqs-waker.ts'
import type { Environment } from '../../src/runtime/environment.ts'
import { memoryEnvironment } from '../../src/testing/memory-environment.ts'
import { kafkaEvent, lines } from '../support/kafka-events.ts'

const copy = job('copy', { batch: seconds(1) }, ({ kafka }) => {
  kafka('lines', { value: text() })
    .map(({ value }) => value)
    .saveAsTextFiles('s3://results/copy')
})

async function world(hold: NonNullable<Environment['waker']['hold']>) {
  const base = memoryEnvironment()
  const timers = new Set<() => void>()
  const gate = { open: (): void => {}, shut: false }
  const environment: Environment = {
    ...base,
    waker: { ...base.waker, hold },
    later: (_, act) => {
      timers.add(act)
      return () => void timers.delete(act)
    },
    table: {
      ...base.table,
      async head(task) {
        if (gate.shut) await new Promise<void>((resolve) => Object.assign(gate, { open: resolve, shut: false }))
        return base.table.head(task)
      },
    },
  }
  const handler = lambda(copy, { environment })
  await handler(kafkaEvent({ 'lines-0': lines(['a']) }))
  return { base, timers, gate, handler }
}

const wake = (deliveries: number) => ({
  Records: [
    {
      eventSource: 'aws:sqs',
      body: wakeUpMessage('copy', 0),
      receiptHandle: 'handle',
      attributes: { ApproximateReceiveCount: String(deliveries) },
    },
  ],
})

describe('a wake-up', () => {
  it('is held for a minute at a time while it is worked on', async () => {
    const held: [string, number][] = []
    const { timers, gate, handler } = await world(async (receipt, length) => void held.push([receipt, length]))
    gate.shut = true
    const done = handler(wake(1))
    await expect.poll(() => gate.shut).toBe(false)
    expect(held).toEqual([['handle', 60_000]])
    for (const timer of [...timers]) {
      timers.delete(timer)
      timer()
    }
    expect(held).toHaveLength(2)
    gate.open()
    await done
    expect(timers.size).toBe(0)
  })

  it('that fails for an hour comes less often, so that the queue does not give it up for days', async () => {
    const held: number[] = []
    const { handler } = await world(async (_, length) => void held.push(length))
    await handler(wake(60))
    await handler(wake(61))
    expect(held).toEqual([60_000, 900_000])
  })

  it('is handled also where the queue does not allow to hold it, which is said', async () => {
    const { base, handler } = await world(() => Promise.reject(new Error('AccessDenied')))
    await handler(wake(1))
    expect(base.logged.filter(({ level }) => level === 'warn')).toMatchObject([
      { facts: { cause: 'Error: AccessDenied' } },
    ])
  })
})
