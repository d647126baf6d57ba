// A partition that fails, or whose invocation takes long, is not silent: T stays open for it, up to a bound (DESIGN §4).

import { describe, expect, it } from 'vitest'
import { type Duration, type JobOptions, job, seconds, text } from '../../src/index.ts'
import type { Environment } from '../../src/runtime/environment.ts'
import { countingTable } from '../../src/testing/counting-table.ts'
import { defined } from '../support/definition.ts'
import { type Deployment, type Driven, driven, records } from '../support/driven.ts'

const known = { partitions: { lines: 2 } }

/** Fails on `bad` as long as it is bad. */
function world(options: Partial<JobOptions> = {}, how: Deployment = {}) {
  const user = { bad: true }
  const code = job('copy', { batch: seconds(1), idleAfter: seconds(10), ...options }, ({ kafka }) => {
    kafka('lines', { value: text() })
      .map(({ value }) => {
        if (value === 'bad' && user.bad) throw new Error('bad')
        return value
      })
      .saveAsTextFiles('s3://results/copy')
  })
  return { user, copy: driven(code, { ...known, ...how }) }
}

const wakeLater = async (copy: Driven, by: Duration): Promise<void> => {
  copy.later(by)
  await copy.another().wake()
}

const results = async (copy: Driven) =>
  Object.fromEntries(
    Object.entries(await copy.published()).map(([key, body]) => [key.replace(/^.*?-/, '').replace(/0{19}/, ''), body]),
  )

const failing = records('lines-1', ['x', 'bad', 'z'], { from: 0, at: 500 })
const others = records('lines-0', ['a', 'b'], { step: 1500 })

describe('a partition that fails', () => {
  it('holds its T open for longer than idleAfter, and is in it when it gets on', async () => {
    const { user, copy } = world()
    await copy.deliver(others)
    await expect(copy.deliver(failing)).rejects.toThrow('bad')
    await wakeLater(copy, '1m')
    await wakeLater(copy, '50m')
    expect(await results(copy)).not.toHaveProperty('1000/_SUCCESS')
    user.bad = false
    await copy.another().again()
    await copy.rest()
    expect(await results(copy)).toEqual({
      '1000/_SUCCESS': '',
      '1000/part-lines-0-0': 'a\n',
      '1000/part-lines-1-0': 'x\n',
      '1000/part-lines-1-1': 'bad\nz\n',
      '2000/_SUCCESS': '',
      '2000/part-lines-0-1': 'b\n',
    })
    expect(copy.said('warn')).toEqual([])
  })

  it.each(['1h', '5m'] as const)('holds it open for %s and no longer; then that is said', async (waitForFailed) => {
    const { copy } = world(waitForFailed === '1h' ? {} : { waitForFailed })
    await copy.deliver(others)
    await expect(copy.deliver(failing)).rejects.toThrow('bad')
    const bound = (waitForFailed === '1h' ? 60 : 5) * 60_000
    // Tries in between, by whoever, do not make it longer.
    copy.later(bound / 2)
    await expect(copy.again()).rejects.toThrow('bad')
    await expect(copy.another().again()).rejects.toThrow('bad')
    await wakeLater(copy, bound / 2 - 1)
    expect(await results(copy)).not.toHaveProperty('1000/_SUCCESS')
    await wakeLater(copy, 1)
    expect(await results(copy)).toHaveProperty('1000/_SUCCESS')
    expect(copy.said('warn')).toMatchObject([
      { facts: { task: 'lines-1', waitingFor: 1 }, message: expect.stringContaining('waitForFailed') },
    ])
  })

  it('that has got on is silent again, whoever did it and whatever became of the row', async () => {
    const { user, copy } = world()
    await expect(copy.deliver(failing)).rejects.toThrow('bad')
    user.bad = false
    await copy.another().again()
    await copy.deliver(others)
    await wakeLater(copy, '11s')
    expect(await results(copy)).toHaveProperty('1000/_SUCCESS')
    expect([...(await copy.environment.table.listRows('copy', 'trouble#')).keys()]).toEqual([])
  })

  it('that has committed all, and cannot publish it, is no trouble: T has what it waits for', async () => {
    const { copy } = world()
    const broken = copy.another({ objects: () => ({ put: () => Promise.reject(new Error('S3 is away')) }) })
    await expect(broken.deliver(records('lines-1', ['x'], { at: 500 }))).rejects.toThrow('S3 is away')
    await copy.deliver(others)
    await wakeLater(copy, '11s')
    expect(await results(copy)).toMatchObject({ '1000/_SUCCESS': '', '1000/part-lines-1-0': 'x\n' })
  })

  it('fails with its own error, also where its trouble cannot be noted', async () => {
    const { copy } = world(
      {},
      {
        table: (table) => ({
          replaceRow: (job, name, row, rev) =>
            name.startsWith('trouble#') ? Promise.reject(new Error('no table')) : table.replaceRow(job, name, row, rev),
        }),
      },
    )
    await expect(copy.deliver(failing)).rejects.toThrow('bad')
    expect(copy.said('warn')).toMatchObject([{ facts: { task: 'lines-1' } }])
  })

  it('in a batch that runs in place, holds T open as well', async () => {
    const user = { bad: true }
    const sums = job('sums', { batch: seconds(1), idleAfter: seconds(10) }, ({ kafka }) => {
      kafka('lines', { value: text() })
        .map(({ value }) => [value, 1] as const)
        .preservesPartitioning()
        .reduceByKey((a, b) => a + b)
        .mapValues((n) => {
          if (n === 2 && user.bad) throw new Error('two')
          return n
        })
        .saveAsTextFiles('s3://results/sums')
    })
    const copy = driven(sums, known)
    await copy.deliver(records('lines-0', ['a', 'b'], { step: 2500 }), records('lines-1', ['x', 'x']))
    await expect(copy.deliver(records('lines-1', ['y'], { at: 1500 }))).rejects.toMatchObject({ code: 'BATCH_FAILED' })
    await wakeLater(copy, '11s')
    expect(await results(copy)).not.toHaveProperty('1000/_SUCCESS')
    user.bad = false
    await copy.again()
    await copy.rest()
    const all = Object.entries(await results(copy)).filter(([key]) => key.startsWith('2000/part-lines-1'))
    expect(all.map(([, body]) => body)).toEqual(['(y,1)\n'])
  })

  it('asks nothing of the table but when it fails', async () => {
    const { user, copy } = world()
    const { table, counts, reset } = countingTable(copy.environment.table)
    const counted = copy.another({ table: () => table })
    await counted.deliver(records('lines-1', ['w']))
    const costs: [number, number][] = []
    for (const bad of [true, true, false]) {
      user.bad = bad
      reset()
      await counted.deliver(records('lines-1', ['bad'], { from: 1 })).catch(() => undefined)
      costs.push([counts.reads, counts.writes])
    }
    reset()
    await counted.deliver(records('lines-1', ['y']))
    costs.push([counts.reads, counts.writes])
    // The row is read and written; a failed try has forgotten the head; the commit, and the end of the row.
    expect(costs).toEqual([
      [1, 1],
      [1, 0],
      [1, 2],
      [0, 1],
    ])
  })
})

describe('a partition whose invocation takes long', () => {
  /** A process whose next commit takes until it is let go on. */
  function slowProcess(copy: Driven, later?: Environment['later']) {
    const gate = { held: false, open: (): void => {} }
    const slow = copy.another({
      ...(later && { later }),
      table: (table) => ({
        async append(task, item) {
          if (gate.held) await new Promise<void>((resolve) => Object.assign(gate, { held: false, open: resolve }))
          return table.append(task, item)
        },
      }),
    })
    return { slow, gate }
  }

  it('holds its T open meanwhile', async () => {
    const { copy } = world()
    const timers: { after: number; act: () => void }[] = []
    const later: Environment['later'] = (after, act) => {
      timers.push({ after, act })
      return () => void timers.splice(0)
    }
    const { slow, gate } = slowProcess(copy, later)
    await slow.deliver(records('lines-1', ['w'], { at: 200 }))
    await slow.deliver(others)
    gate.held = true
    const under = slow.deliver(records('lines-1', ['slow'], { at: 700 }))
    await expect.poll(() => gate.held).toBe(false)
    const [timer] = timers
    expect(timer?.after).toBeLessThanOrEqual(5_000)
    timer?.act()
    const troubles = async () => (await copy.environment.table.listRows('copy', 'trouble#')).size
    await expect.poll(troubles).toBe(1)
    await wakeLater(copy, '1m')
    expect(await results(copy)).not.toHaveProperty('1000/_SUCCESS')
    gate.open()
    await under
    expect(timers).toEqual([])
    expect(await troubles()).toBe(0)
    await slow.rest()
    expect(await results(copy)).toMatchObject({ '1000/part-lines-1-1': 'slow\n', '1000/_SUCCESS': '' })
  })

  it('is known to be at work in the very process that looks', async () => {
    const { copy } = world()
    const { slow, gate } = slowProcess(copy)
    await slow.deliver(records('lines-1', ['w'], { at: 200 }), others)
    gate.held = true
    const under = slow.deliver(records('lines-1', ['slow'], { at: 700 }))
    await expect.poll(() => gate.held).toBe(false)
    slow.later('1m')
    await slow.wake()
    expect(await results(copy)).not.toHaveProperty('1000/_SUCCESS')
    gate.open()
    await under
  })
})

describe('waitForFailed', () => {
  const define = (options: Partial<JobOptions>) => () =>
    job('x', { batch: 1000, ...options }, ({ kafka }) => kafka('lines', { value: text() }).print())

  it('is an hour, at most half of the retention, and may be 0', () => {
    expect(defined(define({})()).settings.waitForFailed).toBe(3_600_000)
    expect(defined(define({ retention: '1h' })()).settings.waitForFailed).toBe(1_800_000)
    expect(defined(define({ waitForFailed: 0 })()).settings.waitForFailed).toBe(0)
    expect(define({ waitForFailed: '4d' })).toThrow('half of retention')
  })
})
