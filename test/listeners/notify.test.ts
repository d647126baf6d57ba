// Listeners harm nothing: what they throw is logged, and who takes long is waited for once.

import { describe, expect, it } from 'vitest'
import type { Listener } from '../../src/listeners/listener.ts'
import { MAX_BEHIND, Notifier } from '../../src/listeners/notify.ts'

/** Time that is over when `pass` says so. */
function world() {
  const warned: { facts: Readonly<Record<string, unknown>>; message: string }[] = []
  let timers: (() => void)[] = []
  return {
    warned,
    pass(): void {
      for (const timer of timers) timer()
    },
    waits: () => timers.length,
    around: {
      log: {
        warn: (facts: Readonly<Record<string, unknown>>, message: string) => void warned.push({ facts, message }),
      },
      later: (_: number, action: () => void) => {
        timers.push(action)
        return () => {
          timers = timers.filter((timer) => timer !== action)
        }
      },
    },
  }
}

const started = (notifier: Notifier, time: number): void =>
  notifier.tell('onStreamingStarted', (one) => one.onStreamingStarted?.({ time }))

const settled = async (promise: Promise<void>): Promise<boolean> => {
  let done = false
  void promise.then(() => {
    done = true
  })
  await new Promise((resolve) => setImmediate(resolve))
  return done
}

describe('listeners', () => {
  it('hear one event after the other, each in its own time, and none before whoever tells is through', async () => {
    const heard: string[] = []
    const slow: Listener = {
      async onStreamingStarted({ time }) {
        await new Promise((resolve) => setImmediate(resolve))
        heard.push(`slow ${time}`)
      },
    }
    const quick: Listener = { onStreamingStarted: ({ time }) => void heard.push(`quick ${time}`) }
    const notifier = new Notifier([slow, quick], world().around)
    for (const time of [1, 2]) started(notifier, time)
    expect(heard).toEqual([])
    await notifier.settle()
    expect(heard).toEqual(['quick 1', 'quick 2', 'slow 1', 'slow 2'])
  })

  it('may throw or reject: it is logged, and they hear what comes next', async () => {
    const { around, warned } = world()
    const heard: number[] = []
    const failing: Listener = {
      onStreamingStarted({ time }) {
        heard.push(time)
        if (time === 1) throw new Error('no')
        return Promise.reject(new Error('never'))
      },
    }
    const notifier = new Notifier([{}, failing], around)
    for (const time of [1, 2]) started(notifier, time)
    await notifier.settle()
    expect(heard).toEqual([1, 2])
    expect(warned.map(({ facts, message }) => [facts, message])).toEqual([
      [{ listener: 1, event: 'onStreamingStarted', cause: 'Error: no' }, 'a listener failed: nothing else is affected'],
      [
        { listener: 1, event: 'onStreamingStarted', cause: 'Error: never' },
        'a listener failed: nothing else is affected',
      ],
    ])
  })

  it('that hang are waited for once, until they have caught up', async () => {
    const { around, warned, pass } = world()
    let release = (): void => {}
    const heard: number[] = []
    const hanging: Listener = {
      onStreamingStarted({ time }) {
        heard.push(time)
        if (time !== 1) return
        return new Promise<void>((resolve) => {
          release = resolve
        })
      },
    }
    const notifier = new Notifier([hanging], around)
    started(notifier, 1)
    const first = notifier.settle()
    expect(await settled(first)).toBe(false)
    pass()
    expect(await settled(first)).toBe(true)
    expect(warned.map(({ facts }) => facts)).toEqual([{ listener: 0, event: 'onStreamingStarted', waiting: 0 }])

    started(notifier, 2)
    expect(await settled(notifier.settle())).toBe(true)
    expect(heard).toEqual([1])
    release()
    await new Promise((resolve) => setImmediate(resolve))
    expect(heard).toEqual([1, 2])

    started(notifier, 3)
    await notifier.settle()
    expect(heard).toEqual([1, 2, 3])
  })

  it('that hang for good miss events, which is said once', async () => {
    const { around, warned, pass } = world()
    const notifier = new Notifier([{ onStreamingStarted: () => new Promise<void>(() => {}) }], around)
    for (let time = 0; time < MAX_BEHIND + 10; time++) started(notifier, time)
    const first = notifier.settle()
    pass()
    await first
    expect(warned.map(({ message }) => message.split(':')[0])).toEqual([
      'a listener is too far behind',
      'a listener takes too long',
    ])
  })

  it('that do not ask for an event cost no wait', async () => {
    const { around, waits } = world()
    const notifier = new Notifier([{ onQueryIdle() {} }], around)
    started(notifier, 1)
    await notifier.settle()
    expect(waits()).toBe(0)
  })
})
