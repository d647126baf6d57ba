// Closing that is held up for longer than `retention`: what is needed for it stays, and once the cause is gone the job goes on
// with every record that was acknowledged (docs/decisions/048). A job that is well pays nothing for that.

import { describe, expect, it } from 'vitest'
import { type Job, job, seconds, text } from '../../src/index.ts'
import { type LambdaHandler, lambda } from '../../src/lambda/index.ts'
import { countingTable } from '../../src/testing/counting-table.ts'
import { type MemoryEnvironment, memoryEnvironment, readObjects } from '../../src/testing/memory-environment.ts'
import { kafkaEvent, lines } from '../support/kafka-events.ts'
import { bringToRest, wakeUpEvent } from '../support/rest.ts'

const HOUR = 3_600_000
const START = 1_700_000_000_000
/** One event an hour: more than five times the retention. */
const RECORDS = 130

interface Shape {
  readonly broken?: 'state' | 'records' | 'nothing'
  readonly inPlace?: boolean
  readonly retention?: string
  readonly onPoison?: 'skip'
}

function counts({ broken = 'nothing', inPlace = false, retention = '1d', onPoison }: Shape = {}): Job {
  return job(
    'counts',
    { batch: seconds(1), numPartitions: 2, retention, ...(onPoison && { onPoison }) },
    ({ kafka }) => {
      const words = kafka('lines', { value: text() }).map(({ value }) => {
        if (value === 'nothing') throw new Error('skipped')
        if (broken === 'records') throw new Error('cannot read this')
        return [value, 1] as const
      })
      const placed = inPlace ? words.preservesPartitioning({ newPartitions: 'join' }) : words
      placed
        .updateStateByKey((ones: readonly number[], kept: number | undefined) => {
          if (broken === 'state' && ones.length > 0) throw new Error('a bug in the job')
          return (kept ?? 0) + ones.length
        })
        .saveAsTextFiles('s3://results/counts')
    },
  )
}

function pass(environment: MemoryEnvironment, millis: number): void {
  environment.setTime(environment.clock.now() + millis)
  environment.table.deleteExpired(environment.clock.now() / 1000)
}

/** The wake-ups of all those hours have come and gone, but for the last. */
async function rest(environment: MemoryEnvironment, handler: LambdaHandler): Promise<void> {
  environment.armed.splice(0, environment.armed.length - 1)
  await bringToRest('counts', handler, environment)
}

/** The last count of every word. */
async function finalCounts({ objects }: MemoryEnvironment): Promise<Record<string, number>> {
  const last = new Map<string, number>()
  const parts = [...(await readObjects(objects, 'results'))].filter(([key]) => !key.endsWith('_SUCCESS'))
  for (const [, body] of parts.sort(([a], [b]) => (a < b ? -1 : 1))) {
    for (const [, word = '', n] of body.matchAll(/\((\w+),(\d+)\)/g))
      last.set(word, Math.max(last.get(word) ?? 0, Number(n)))
  }
  return Object.fromEntries(last)
}

/** Handlers of one process, or of a new one for every event. */
function processes(environment: MemoryEnvironment, of: Job, cold: boolean, code: string): () => LambdaHandler {
  const one = lambda(of, { environment: environment.another({ code }) })
  return () => (cold ? lambda(of, { environment: environment.another({ code }) }) : one)
}

describe.each([{ cold: false }, { cold: true }])('closing that is held up, %o', ({ cold }) => {
  it.each([{ inPlace: false }, { inPlace: true }])('by a stateful function that throws, %o', async ({ inPlace }) => {
    const environment = memoryEnvironment(START)
    const at = () => environment.clock.now()
    await lambda(counts({ inPlace }), { environment })(kafkaEvent({ 'lines-0': lines(['a'], { at: at() }) }))
    await bringToRest('counts', lambda(counts({ inPlace }), { environment }), environment)
    const broken = processes(environment, counts({ broken: 'state', inPlace }), cold, 'v2')
    let acknowledged = 1
    const records = lines(['a'], { at: at() })
    for (let n = 1; n < RECORDS; n++) {
      pass(environment, HOUR)
      records.push(...lines(['a'], { from: n, at: at() }))
      // What fails in place is not acknowledged, and comes again with what is new.
      await broken()(kafkaEvent({ 'lines-0': records.slice(acknowledged) })).catch(() => {})
      if (!inPlace) acknowledged++
    }
    pass(environment, HOUR)
    const mended = lambda(counts({ inPlace }), { environment: environment.another({ code: 'v3' }) })
    await mended(kafkaEvent({ 'lines-0': records.slice(inPlace ? acknowledged : -1) }))
    await rest(environment, mended)
    expect(await finalCounts(environment)).toEqual({ a: RECORDS })
  })

  it('by a producer whose clock counts seconds', async () => {
    const environment = memoryEnvironment(START)
    const handler = processes(environment, counts(), cold, 'v1')
    for (let n = 0; n < RECORDS; n++) {
      pass(environment, HOUR)
      const now = environment.clock.now()
      const inSeconds = lines(['b'], { from: n, at: Math.floor(now / 1000) })
      await handler()(kafkaEvent({ 'lines-0': lines(['a'], { from: n, at: now }), 'lines-1': inSeconds }))
    }
    await rest(environment, handler())
    expect(await finalCounts(environment)).toEqual({ a: RECORDS, b: RECORDS })
  })

  it('by a record that cannot be processed, in one of two partitions', async () => {
    const environment = memoryEnvironment(START)
    const at = environment.clock.now()
    const both = { 'lines-0': lines(['a'], { at }), 'lines-1': lines(['b'], { at }) }
    await lambda(counts(), { environment })(kafkaEvent(both))
    const broken = processes(environment, counts({ broken: 'records' }), cold, 'v2')
    for (let n = 1; n < RECORDS; n++) {
      pass(environment, HOUR)
      const event = kafkaEvent({ 'lines-0': lines(['a'], { from: 1, at }), 'lines-1': lines(['b'], { from: 1, at }) })
      await expect(broken()(event)).rejects.toMatchObject({ code: 'POISON_RECORD' })
    }
    const mended = lambda(counts(), { environment: environment.another({ code: 'v3' }) })
    await mended(kafkaEvent({ 'lines-0': lines(['a'], { from: 1, at }), 'lines-1': lines(['b'], { from: 1, at }) }))
    await rest(environment, mended)
    expect(await finalCounts(environment)).toEqual({ a: 2, b: 2 })
  })

  it.each([{ inPlace: false }, { inPlace: true }])(
    'by nothing: one partition catches up, the other is silent, ahead and has nothing open, %o',
    async ({ inPlace }) => {
      const environment = memoryEnvironment(START)
      const handler = processes(environment, counts({ inPlace, retention: '1h', onPoison: 'skip' }), cold, 'v1')
      const old = START - 600 * HOUR
      await handler()(kafkaEvent({ 'lines-0': lines(['a'], { at: old }), 'lines-1': lines(['b'], { at: old }) }))
      // Nothing comes of it, so nothing is open here, and nobody waits for this partition.
      await handler()(kafkaEvent({ 'lines-0': lines(['nothing'], { from: 1, at: START }) }))
      for (let n = 1; n < RECORDS; n++) {
        pass(environment, HOUR / 70) // never silent for idleAfter
        await handler()(kafkaEvent({ 'lines-1': lines(['b'], { from: n, at: old + n * HOUR }) }))
        for (const due of environment.armed.splice(0)) await handler()(wakeUpEvent('counts', due))
      }
      await handler()(kafkaEvent({ 'lines-0': lines(['a'], { from: 2, at: environment.clock.now() }) }))
      await bringToRest('counts', handler(), environment)
      expect(await finalCounts(environment)).toEqual({ a: 2, b: RECORDS })
    },
  )

  it('is kept alive by a wake-up alone, which the queue brings again while it fails', async () => {
    const environment = memoryEnvironment(START)
    const at = environment.clock.now()
    const broken = processes(environment, counts({ broken: 'state' }), cold, 'v1')
    await broken()(kafkaEvent({ 'lines-0': lines(['a', 'a'], { at, step: 5000 }) })).catch(() => {})
    const wakeUp = wakeUpEvent('counts', environment.armed.shift() ?? 0)
    for (let n = 0; n < RECORDS; n++) {
      pass(environment, HOUR)
      await expect(broken()(wakeUp)).rejects.toMatchObject({ code: 'BATCH_FAILED' })
    }
    const mended = lambda(counts(), { environment: environment.another({ code: 'v2' }) })
    await mended(wakeUp)
    await bringToRest('counts', mended, environment)
    expect(await finalCounts(environment)).toEqual({ a: 2 })
  })
})

it('code that is refused for long does not cost what is there', async () => {
  const environment = memoryEnvironment(START)
  await lambda(counts(), { environment })(kafkaEvent({ 'lines-0': lines(['a', 'a'], { at: START, step: 5000 }) }))
  for (let n = 0; n < RECORDS; n++) {
    pass(environment, HOUR)
    const other = lambda(counts(), { environment: environment.another({ owner: 'another function' }) })
    await expect(other(wakeUpEvent('counts', environment.clock.now()))).rejects.toMatchObject({
      code: 'JOB_NAME_TAKEN',
    })
  }
  const handler = lambda(counts(), { environment: environment.another() })
  await handler(wakeUpEvent('counts', environment.clock.now()))
  await bringToRest('counts', handler, environment)
  expect(await finalCounts(environment)).toEqual({ a: 2 })
})

describe('a job that is well', () => {
  it('gives nothing a new time, and reads nothing for it', async () => {
    const environment = memoryEnvironment(START)
    const { table, counts: calls, reset } = countingTable(environment.table)
    let times = 0
    const services = {
      ...environment,
      table: {
        ...table,
        setLife: async (...of: Parameters<typeof table.setLife>) => {
          times++
          return table.setLife(...of)
        },
      },
    }
    const handler = lambda(counts(), { environment: services })
    const perEvent: number[] = []
    for (let n = 0; n < 4 * 24 * 6; n++) {
      pass(environment, HOUR / 6)
      reset()
      await handler(kafkaEvent({ 'lines-0': lines(['a'], { from: n, at: environment.clock.now() }) }))
      perEvent.push(calls.reads)
      if (n === 3) times = 0
    }
    expect(times).toBe(0)
    // The look-out's lease is over each time; memory that is half an hour old is read again.
    expect(perEvent.slice(4).filter((reads) => reads > 3).length).toBeLessThan(4 * 24 * 2)
  })
})
