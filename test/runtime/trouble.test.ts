// A partition that fails, or whose invocation takes long, is not silent: T stays open for it, up to a bound (DESIGN §4).

import { describe, expect, it } from 'vitest'
import { type Job, type JobOptions, job, seconds, text } from '../../src/index.ts'
import { lambda } from '../../src/lambda/index.ts'
import type { Environment } from '../../src/runtime/environment.ts'
import { countingTable } from '../../src/testing/counting-table.ts'
import { type MemoryEnvironment, memoryEnvironment, readObjects } from '../../src/testing/memory-environment.ts'
import { defined } from '../support/definition.ts'
import { kafkaEvent, lines } from '../support/kafka-events.ts'
import { bringToRest, wakeUpEvent } from '../support/rest.ts'

const MINUTE = 60_000

const known = { partitions: new Map([['lines', 2]]) }

/** Fails on `bad` as long as it is bad. */
function world(options: Partial<JobOptions> = {}) {
  const user = { bad: true }
  const copy = job('copy', { batch: seconds(1), idleAfter: seconds(10), ...options }, ({ kafka }) => {
    kafka('lines', { value: text() })
      .map(({ value }) => {
        if (value === 'bad' && user.bad) throw new Error('bad')
        return value
      })
      .saveAsTextFiles('s3://results/copy')
  })
  return { user, copy, environment: memoryEnvironment().another(known) }
}

const wakeLater = async (of: Job, environment: MemoryEnvironment, by: number): Promise<void> => {
  environment.setTime(environment.clock.now() + by)
  await lambda(of, { environment: environment.another(known) })(wakeUpEvent(of.name, environment.clock.now()))
}

const results = async ({ objects }: Environment) =>
  Object.fromEntries(
    [...(await readObjects(objects, 'results'))].map(([key, body]) => [
      key.replace(/^.*?-/, '').replace(/0{19}/, ''),
      body,
    ]),
  )

const said = ({ logged }: MemoryEnvironment) => logged.filter(({ level }) => level === 'warn')

const failing = kafkaEvent({ 'lines-1': lines(['x', 'bad', 'z'], { at: 500 }) })

describe('a partition that fails', () => {
  it('holds its T open for longer than idleAfter, and is in it when it gets on', async () => {
    const { user, copy, environment } = world()
    const handler = lambda(copy, { environment })
    await handler(kafkaEvent({ 'lines-0': lines(['a', 'b'], { step: 1500 }) }))
    await expect(handler(failing)).rejects.toThrow('bad')
    await wakeLater(copy, environment, MINUTE)
    await wakeLater(copy, environment, 50 * MINUTE)
    expect(await results(environment)).not.toHaveProperty('1000/_SUCCESS')
    user.bad = false
    await lambda(copy, { environment: environment.another(known) })(failing)
    await bringToRest('copy', handler, environment)
    expect(await results(environment)).toEqual({
      '1000/_SUCCESS': '',
      '1000/part-lines-0-0': 'a\n',
      '1000/part-lines-1-0': 'x\n',
      '1000/part-lines-1-1': 'bad\nz\n',
      '2000/_SUCCESS': '',
      '2000/part-lines-0-1': 'b\n',
    })
    expect(said(environment)).toEqual([])
  })

  it.each(['1h', '5m'] as const)('holds it open for %s and no longer; then that is said', async (waitForFailed) => {
    const { copy, environment } = world(waitForFailed === '1h' ? {} : { waitForFailed })
    const handler = lambda(copy, { environment })
    await handler(kafkaEvent({ 'lines-0': lines(['a', 'b'], { step: 1500 }) }))
    await expect(handler(failing)).rejects.toThrow('bad')
    const bound = waitForFailed === '1h' ? 60 * MINUTE : 5 * MINUTE
    // Tries in between, by whoever, do not make it longer.
    environment.setTime(environment.clock.now() + bound / 2)
    await expect(handler(failing)).rejects.toThrow('bad')
    await expect(lambda(copy, { environment: environment.another(known) })(failing)).rejects.toThrow('bad')
    await wakeLater(copy, environment, bound / 2 - 1)
    expect(await results(environment)).not.toHaveProperty('1000/_SUCCESS')
    await wakeLater(copy, environment, 1)
    expect(await results(environment)).toHaveProperty('1000/_SUCCESS')
    expect(said(environment)).toMatchObject([
      { facts: { task: 'lines-1', waitingFor: 1 }, message: expect.stringContaining('waitForFailed') },
    ])
  })

  it('that has got on is silent again, whoever did it and whatever became of the row', async () => {
    const { user, copy, environment } = world()
    const handler = lambda(copy, { environment })
    await expect(handler(failing)).rejects.toThrow('bad')
    user.bad = false
    await lambda(copy, { environment: environment.another(known) })(failing)
    await handler(kafkaEvent({ 'lines-0': lines(['a', 'b'], { step: 1500 }) }))
    await wakeLater(copy, environment, 11_000)
    expect(await results(environment)).toHaveProperty('1000/_SUCCESS')
    expect([...(await environment.table.listRows('copy', 'trouble#')).keys()]).toEqual([])
  })

  it('that has committed all, and cannot publish it, is no trouble: T has what it waits for', async () => {
    const { copy, environment } = world()
    const broken = {
      ...environment.another(known),
      objects: { ...environment.objects, put: () => Promise.reject(new Error('S3 is away')) },
    }
    const event = kafkaEvent({ 'lines-1': lines(['x'], { at: 500 }) })
    await expect(lambda(copy, { environment: broken })(event)).rejects.toThrow('S3 is away')
    await lambda(copy, { environment })(kafkaEvent({ 'lines-0': lines(['a', 'b'], { step: 1500 }) }))
    await wakeLater(copy, environment, 11_000)
    expect(await results(environment)).toMatchObject({ '1000/_SUCCESS': '', '1000/part-lines-1-0': 'x\n' })
  })

  it('fails with its own error, also where its trouble cannot be noted', async () => {
    const { copy, environment } = world()
    const table: Environment['table'] = {
      ...environment.table,
      replaceRow: (job, name, row, rev) =>
        name.startsWith('trouble#')
          ? Promise.reject(new Error('no table'))
          : environment.table.replaceRow(job, name, row, rev),
    }
    const handler = lambda(copy, { environment: { ...environment, table } })
    await expect(handler(failing)).rejects.toThrow('bad')
    expect(said(environment)).toMatchObject([{ facts: { task: 'lines-1' } }])
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
    const environment = memoryEnvironment()
    const handler = lambda(sums, { environment: environment.another(known) })
    await handler(kafkaEvent({ 'lines-0': lines(['a', 'b'], { step: 2500 }), 'lines-1': lines(['x', 'x']) }))
    const next = kafkaEvent({ 'lines-1': lines(['y'], { from: 2, at: 1500 }) })
    await expect(handler(next)).rejects.toMatchObject({ code: 'BATCH_FAILED' })
    environment.setTime(environment.clock.now() + 11_000)
    await lambda(sums, { environment: environment.another(known) })(wakeUpEvent('sums', environment.clock.now()))
    expect(await results(environment)).not.toHaveProperty('1000/_SUCCESS')
    user.bad = false
    await handler(next)
    await bringToRest('sums', handler, environment)
    const all = Object.entries(await results(environment)).filter(([key]) => key.startsWith('2000/part-lines-1'))
    expect(all.map(([, body]) => body)).toEqual(['(y,1)\n'])
  })

  it('asks nothing of the table but when it fails', async () => {
    const { user, copy, environment } = world()
    const { table, counts, reset } = countingTable(environment.table)
    const handler = lambda(copy, { environment: { ...environment, table } })
    await handler(kafkaEvent({ 'lines-1': lines(['w']) }))
    const next = kafkaEvent({ 'lines-1': lines(['bad'], { from: 1 }) })
    const costs: [number, number][] = []
    for (const bad of [true, true, false]) {
      user.bad = bad
      reset()
      await handler(next).catch(() => undefined)
      costs.push([counts.reads, counts.writes])
    }
    reset()
    await handler(kafkaEvent({ 'lines-1': lines(['y'], { from: 2 }) }))
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
  function slowProcess(environment: MemoryEnvironment, later?: Environment['later']) {
    const gate = { held: false, open: (): void => {} }
    const process: Environment = {
      ...environment.another({ ...known, ...(later && { later }) }),
      table: {
        ...environment.table,
        async append(task, item) {
          if (gate.held) await new Promise<void>((resolve) => Object.assign(gate, { held: false, open: resolve }))
          return environment.table.append(task, item)
        },
      },
    }
    return { process, gate }
  }

  it('holds its T open meanwhile', async () => {
    const { copy, environment } = world()
    const timers: { after: number; act: () => void }[] = []
    const later: Environment['later'] = (after, act) => {
      timers.push({ after, act })
      return () => void timers.splice(0)
    }
    const { process, gate } = slowProcess(environment, later)
    const handler = lambda(copy, { environment: process })
    await handler(kafkaEvent({ 'lines-1': lines(['w'], { at: 200 }) }))
    await handler(kafkaEvent({ 'lines-0': lines(['a', 'b'], { step: 1500 }) }))
    gate.held = true
    const slow = handler(kafkaEvent({ 'lines-1': lines(['slow'], { from: 1, at: 700 }) }))
    await expect.poll(() => gate.held).toBe(false)
    const [timer] = timers
    expect(timer?.after).toBeLessThanOrEqual(5_000)
    timer?.act()
    await expect.poll(async () => (await environment.table.listRows('copy', 'trouble#')).size).toBe(1)
    await wakeLater(copy, environment, MINUTE)
    expect(await results(environment)).not.toHaveProperty('1000/_SUCCESS')
    gate.open()
    await slow
    expect(timers).toEqual([])
    expect((await environment.table.listRows('copy', 'trouble#')).size).toBe(0)
    await bringToRest('copy', handler, environment)
    expect(await results(environment)).toMatchObject({ '1000/part-lines-1-1': 'slow\n', '1000/_SUCCESS': '' })
  })

  it('is known to be at work in the very process that looks', async () => {
    const { copy, environment } = world()
    const { process, gate } = slowProcess(environment)
    const handler = lambda(copy, { environment: process })
    await handler(kafkaEvent({ 'lines-1': lines(['w'], { at: 200 }), 'lines-0': lines(['a', 'b'], { step: 1500 }) }))
    gate.held = true
    const slow = handler(kafkaEvent({ 'lines-1': lines(['slow'], { from: 1, at: 700 }) }))
    await expect.poll(() => gate.held).toBe(false)
    environment.setTime(environment.clock.now() + MINUTE)
    await handler(wakeUpEvent('copy', environment.clock.now()))
    expect(await results(environment)).not.toHaveProperty('1000/_SUCCESS')
    gate.open()
    await slow
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
