// Wake-ups: as few as will do, never one too few (DESIGN §4).

import { describe, expect, it } from 'vitest'
import { job, type State, StateSpec, seconds, text } from '../../src/index.ts'
import { lambda } from '../../src/lambda/index.ts'
import type { Environment } from '../../src/runtime/environment.ts'
import { WakeUps } from '../../src/runtime/wake-ups.ts'
import { memoryEnvironment, readObjects } from '../../src/testing/memory-environment.ts'
import { copying, driven, records } from '../support/driven.ts'
import { kafkaEvent, lines } from '../support/kafka-events.ts'
import { wakeUpEvent } from '../support/rest.ts'
import { queueEvent, SimulatedQueue } from '../support/simulated-queue.ts'

const copy = copying({ idleAfter: '10s' })

describe('wake-ups', () => {
  it('are one per job, however many partitions and invocations commit', async () => {
    const one = driven(copy)
    await one.deliver(records('lines-0', ['a']), records('lines-1', ['b']), records('lines-2', ['c']))
    await one.another().deliver(records('lines-0', ['d']))
    expect(one.environment.armed).toHaveLength(1)
  })

  it('end: a job at rest arms nothing, and a wake-up that comes again neither', async () => {
    const one = driven(copy)
    await one.deliver(records('lines-0', ['a']))
    const [first = 0] = one.environment.armed
    expect(await one.rest()).toBeLessThanOrEqual(2)
    expect(await one.closed()).toContain('copy-1000')
    await one.wake(first)
    await one.another().wake(first)
    expect(one.environment.armed).toEqual([])
  })

  it.each([100, 60_000])(
    'are armed for new data even by an instance whose clock, %i ms behind, says that the last one is still to come',
    async (skew) => {
      const one = driven(copy)
      await one.deliver(records('lines-0', ['a']))
      await one.rest()
      const { clock, armed } = one.environment
      const behind = one.another({ clock: { now: () => clock.now() - skew } })
      await behind.deliver(records('lines-0', ['b'], { at: 1000 }))
      expect(armed).toHaveLength(1)
    },
  )

  // The counterexample of model/Wake.tla without its rule "begin outdates rows to come".
  it('are not taken for under way because their row was written after they were handled', async () => {
    const environment = memoryEnvironment()
    const arm = async (name: string, at: number): Promise<void> => {
      environment.setTime(at)
      await lambda(copy, { environment: environment.another() })(wakeUpEvent(name, at))
    }
    await lambda(copy, { environment: environment.another({ waker: { arm } }) })(
      kafkaEvent({ 'lines-0': lines(['a']) }),
    )
    expect([...(await readObjects(environment.objects, 'results')).keys()]).toContain('copy-1000/_SUCCESS')
    expect(environment.armed).toEqual([])

    const { clock } = environment
    const behind = environment.another({ clock: { now: () => clock.now() - 100 } })
    await lambda(copy, { environment: behind })(kafkaEvent({ 'lines-0': lines(['b'], { from: 1, at: 1000 }) }))
    expect(environment.armed).toHaveLength(1)
  })

  it('for later than a queue can delay are passed on until they are due, by nobody else', async () => {
    const code = job('hourly', { batch: '1h' }, ({ kafka }) => {
      kafka('lines', { value: text() })
        .map((record) => record.value)
        .saveAsTextFiles('s3://results/hourly')
    })
    const start = 1_699_999_200_000 // a full hour
    const hourly = driven(code, { start })
    const { armed, setTime } = hourly.environment
    await hourly.deliver(records('lines-0', ['a'], { at: start }))
    const [due = 0] = armed
    expect(due).toBeGreaterThan(start + 7_200_000)
    for (let hops = 1; hops <= 7; hops++) {
      hourly.later('15m') // SQS delays by no more
      await hourly.wake(armed.shift())
      expect(armed).toEqual([due])
    }
    setTime(due)
    await hourly.wake(armed.shift())
    expect(await hourly.closed()).toContain(`hourly-${start + 3_600_000}`)
    expect(armed).toEqual([])
  })

  // It took 360 messages under way and 4,500 invocations, before those that the row does not name any more went.
  it('for far timeouts are not one more with every record', async () => {
    const start = 1_699_999_200_000
    const base = memoryEnvironment(start)
    const queue = new SimulatedQueue(base.clock.now)
    const environment = base.another({ waker: queue.waker() })
    const away = job('away', { batch: seconds(1), idleAfter: seconds(10) }, ({ kafka }) => {
      const spec = StateSpec.function((key: string, value: number | undefined, state: State<number>) => {
        if (!state.isTimingOut()) state.update(value ?? 0)
        return `${key} ${state.isTimingOut()}`
      })
      kafka('lines', { value: text() })
        .map(({ value }) => [value, 1] as const)
        .mapWithState(spec.timeout('24h').numPartitions(2))
        .saveAsTextFiles('s3://results/away')
    })
    const handler = lambda(away, { environment })
    let invocations = 0
    const runUntil = async (time: number): Promise<void> => {
      for (let message = queue.next; message && message.due <= time; message = queue.next) {
        base.setTime(Math.max(base.clock.now(), message.due))
        await handler(queueEvent(message))
        invocations++
        queue.remove(message)
      }
      base.setTime(time)
    }
    const minutes = 24 * 60
    for (let i = 0; i < minutes; i++) {
      await runUntil(start + i * 60_000)
      await handler(kafkaEvent({ 'lines-0': lines(['a'], { from: i, at: start + i * 60_000 }) }))
    }
    // One a minute to close it, and one that is passed on every 15 minutes.
    expect(queue.most).toBeLessThanOrEqual(3)
    expect(invocations).toBeLessThanOrEqual(minutes + 24 * 4 + 2)
    await runUntil(start + 25 * 3_600_000 * 2)
    expect(queue.messages).toEqual([])
    const timedOut = [...(await readObjects(base.objects, 'results')).values()].filter((text) => text.includes('true'))
    expect(timedOut).toEqual(['a true\n'])
  })

  it('that were passed on twice are one again at the next turn', async () => {
    const environment = memoryEnvironment()
    const queue = new SimulatedQueue(environment.clock.now)
    const wakeUps = () => new WakeUps('job', environment.another({ waker: queue.waker() }))
    const due = environment.clock.now() + 3_600_000
    await wakeUps().ensure(due)
    const pass = async (): Promise<void> => {
      const [...all] = queue.messages
      environment.setTime(environment.clock.now() + 900_000)
      for (const message of all) {
        const { at, turn } = JSON.parse(message.body)
        expect(await wakeUps().passOn(at, turn)).toBe(true)
        queue.remove(message)
      }
    }
    // The function dies before the message is gone: it comes again.
    const [message] = queue.messages
    environment.setTime(environment.clock.now() + 900_000)
    const { at, turn } = JSON.parse(message?.body ?? '')
    await wakeUps().passOn(at, turn)
    environment.setTime(environment.clock.now() + 60_000)
    expect(queue.messages).toHaveLength(2)
    await pass()
    expect(queue.messages).toHaveLength(1)
    await pass()
    expect(queue.messages).toHaveLength(1)
  })

  it('that the queue has given up do not count as under way for ever', async () => {
    const environment = memoryEnvironment()
    const queue = new SimulatedQueue(environment.clock.now)
    const due = environment.clock.now() + 24 * 3_600_000
    await new WakeUps('job', environment.another({ waker: queue.waker() })).ensure(due)
    queue.messages.splice(0)
    environment.setTime(environment.clock.now() + 1_900_000)
    await new WakeUps('job', environment.another({ waker: queue.waker() })).ensure(due)
    expect(queue.messages).toHaveLength(1)
  })

  it.each(['the row', 'memory'])('for much later will not do, by %s', async (by) => {
    const environment = memoryEnvironment()
    const wakeUps = new WakeUps('job', environment)
    const now = environment.clock.now()
    await wakeUps.ensure(now + 3_600_000)
    await (by === 'memory' ? wakeUps : new WakeUps('job', environment.another())).ensure(now + 10_000)
    expect(environment.armed).toEqual([now + 3_600_000, now + 10_000])
    await wakeUps.begin(now + 10_000)
    // The one for later is still under way.
    await new WakeUps('job', environment.another()).ensure(now + 3_600_000)
    expect(environment.armed).toHaveLength(2)
  })

  it('are noted as handled also when the row has just changed', async () => {
    const base = memoryEnvironment()
    const now = base.clock.now()
    const armer = new WakeUps('job', base)
    let meanwhile: (() => Promise<unknown>) | undefined = () => armer.ensure(now + 10_000)
    const table: Environment['table'] = {
      ...base.table,
      async getRow(job, name) {
        const row = await base.table.getRow(job, name)
        const other = meanwhile
        meanwhile = undefined
        await other?.()
        return row
      },
    }
    await new WakeUps('job', { ...base.another(), table }).begin(now + 10_000)
    await new WakeUps('job', base.another()).ensure(now + 10_000)
    expect(base.armed).toHaveLength(2)
  })

  it.each([
    ['learned from the row', 4_900, false],
    ['sent by the instance itself', 200, true],
  ])('count as over in time where clocks differ: %s', async (_, behind, own) => {
    const base = memoryEnvironment()
    const now = base.clock.now()
    const slow = base.another({ clock: { now: () => base.clock.now() - behind } })
    const [here, there] = [new WakeUps('job', slow), new WakeUps('job', base)]
    const at = now + 10_000
    await (own ? here : there).ensure(at)
    base.setTime(now + 5_000)
    await here.ensure(at + 5_000) // knows it now
    base.armed.splice(0)
    base.setTime(at + 10)
    await there.begin(at)
    await here.ensure(at + 10_000)
    expect(base.armed).toHaveLength(1)
  })

  it('that the row does not name are not remembered: whoever gets one early drops it', async () => {
    const environment = memoryEnvironment()
    const at = environment.clock.now() + 60_000
    const other = new WakeUps('copy', environment.another())
    let sent = 0
    const arm = async (): Promise<void> => {
      if (++sent === 1) await other.ensure(at - 500) // at the same moment, and its row comes first
    }
    const own = new WakeUps('copy', environment.another({ waker: { arm } }))
    await own.ensure(at)
    expect(await other.passOn(at, 1)).toBe(true)
    await other.begin(at - 500)
    await own.ensure(at)
    expect(sent).toBe(2)
  })

  it('of another job are left alone', async () => {
    const one = driven(copy)
    await one.deliver(records('lines-0', ['a']))
    one.later('1m')
    await one.handler(wakeUpEvent('another', 0))
    expect(await one.closed()).not.toContain('copy-1000')
  })
})
