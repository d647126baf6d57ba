// Closing that is held up for longer than `retention`: what is needed for it stays, and once the cause is gone the job goes on
// with every record that was acknowledged (docs/decisions/048). A job that is well pays nothing for that.

import { describe, expect, it } from 'vitest'
import { type Duration, type Job, job, seconds, text } from '../../src/index.ts'
import { countingTable } from '../../src/testing/counting-table.ts'
import { type Driven, driven, records } from '../support/driven.ts'

const HOUR = 3_600_000
const START = 1_700_000_000_000
/** One event an hour: more than five times the retention. */
const RECORDS = 130

interface Shape {
  readonly broken?: 'state' | 'records' | 'nothing'
  readonly inPlace?: boolean
  readonly retention?: Duration
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

function pass(words: Driven, millis: number): void {
  words.later(millis)
  words.expire()
}

/** The wake-ups of all those hours have come and gone, but for the last. */
async function rest(words: Driven): Promise<void> {
  const { armed } = words.environment
  armed.splice(0, armed.length - 1)
  await words.rest()
}

/** The last count of every word. */
async function finalCounts(words: Driven): Promise<Record<string, number>> {
  const last = new Map<string, number>()
  const parts = Object.entries(await words.published()).filter(([key]) => !key.endsWith('_SUCCESS'))
  for (const [, body] of parts.sort(([a], [b]) => (a < b ? -1 : 1))) {
    for (const [, word = '', n] of body.matchAll(/\((\w+),(\d+)\)/g))
      last.set(word, Math.max(last.get(word) ?? 0, Number(n)))
  }
  return Object.fromEntries(last)
}

/** Instances of one process, or of a new one for every event. */
function processes(words: Driven, code: string, job: Job, cold: boolean): () => Driven {
  const one = words.another({ job, code })
  return () => (cold ? words.another({ job, code }) : one)
}

describe.each([{ cold: false }, { cold: true }])('closing that is held up, %o', ({ cold }) => {
  it.each([{ inPlace: false }, { inPlace: true }])('by a stateful function that throws, %o', async ({ inPlace }) => {
    const words = driven(counts({ inPlace }), { start: START })
    const at = () => words.environment.clock.now()
    await words.deliver(records('lines-0', ['a'], { at: at() }))
    await words.another().rest()
    const broken = processes(words, 'v2', counts({ broken: 'state', inPlace }), cold)
    let acknowledged = 1
    const values = [{ value: 'a', timestamp: at() }]
    const unacknowledged = () => records('lines-0', values.slice(acknowledged), { from: acknowledged })
    for (let n = 1; n < RECORDS; n++) {
      pass(words, HOUR)
      values.push({ value: 'a', timestamp: at() })
      // What fails in place is not acknowledged, and comes again with what is new.
      await broken()
        .deliver(unacknowledged())
        .catch(() => {})
      if (!inPlace) acknowledged++
    }
    pass(words, HOUR)
    const mended = words.another({ code: 'v3' })
    if (!inPlace) acknowledged = values.length - 1
    await mended.deliver(unacknowledged())
    await rest(mended)
    expect(await finalCounts(words)).toEqual({ a: RECORDS })
  })

  it('by a producer whose clock counts seconds', async () => {
    const words = driven(counts(), { start: START })
    const process = processes(words, 'v1', counts(), cold)
    for (let n = 0; n < RECORDS; n++) {
      pass(words, HOUR)
      const at = words.environment.clock.now()
      await process().deliver(
        records('lines-0', ['a'], { at }),
        records('lines-1', ['b'], { at: Math.floor(at / 1000) }),
      )
    }
    await rest(process())
    expect(await finalCounts(words)).toEqual({ a: RECORDS, b: RECORDS })
  })

  it('by a record that cannot be processed, in one of two partitions', async () => {
    const words = driven(counts(), { start: START })
    const both = (from: number) => ['a', 'b'].map((value, i) => records(`lines-${i}`, [value], { from, at: START }))
    await words.deliver(...both(0))
    const broken = processes(words, 'v2', counts({ broken: 'records' }), cold)
    for (let n = 1; n < RECORDS; n++) {
      pass(words, HOUR)
      await expect(broken().deliver(...both(1))).rejects.toMatchObject({ code: 'POISON_RECORD' })
    }
    const mended = words.another({ code: 'v3' })
    await mended.again()
    await rest(mended)
    expect(await finalCounts(words)).toEqual({ a: 2, b: 2 })
  })

  it.each([{ inPlace: false }, { inPlace: true }])(
    'by nothing: one partition catches up, the other is silent, ahead and has nothing open, %o',
    async ({ inPlace }) => {
      const code = counts({ inPlace, retention: '1h', onPoison: 'skip' })
      const words = driven(code, { start: START })
      const process = processes(words, 'v1', code, cold)
      const old = START - 600 * HOUR
      await process().deliver(records('lines-0', ['a'], { at: old }), records('lines-1', ['b'], { at: old }))
      // Nothing comes of it, so nothing is open here, and nobody waits for this partition.
      await process().deliver(records('lines-0', ['nothing'], { at: START }))
      for (let n = 1; n < RECORDS; n++) {
        pass(words, Math.floor(HOUR / 70)) // never silent for idleAfter
        await process().deliver(records('lines-1', ['b'], { at: old + n * HOUR }))
        for (const due of words.environment.armed.splice(0)) await process().wake(due)
      }
      await process().deliver(records('lines-0', ['a'], { at: words.environment.clock.now() }))
      await process().rest()
      expect(await finalCounts(words)).toEqual({ a: 2, b: RECORDS })
    },
  )

  it('is kept alive by a wake-up alone, which the queue brings again while it fails', async () => {
    const words = driven(counts(), { start: START })
    const broken = processes(words, 'v1', counts({ broken: 'state' }), cold)
    await broken()
      .deliver(records('lines-0', ['a', 'a'], { at: START, step: 5000 }))
      .catch(() => {})
    const due = words.environment.armed.shift() ?? 0
    for (let n = 0; n < RECORDS; n++) {
      pass(words, HOUR)
      await expect(broken().wake(due)).rejects.toMatchObject({ code: 'BATCH_FAILED' })
    }
    const mended = words.another({ code: 'v2' })
    await mended.wake(due)
    await mended.rest()
    expect(await finalCounts(words)).toEqual({ a: 2 })
  })
})

it('code that is refused for long does not cost what is there', async () => {
  const words = driven(counts(), { start: START })
  await words.deliver(records('lines-0', ['a', 'a'], { at: START, step: 5000 }))
  for (let n = 0; n < RECORDS; n++) {
    pass(words, HOUR)
    const other = words.another({ owner: 'another function' })
    await expect(other.wake()).rejects.toMatchObject({ code: 'JOB_NAME_TAKEN' })
  }
  const next = words.another()
  await next.wake()
  await next.rest()
  expect(await finalCounts(words)).toEqual({ a: 2 })
})

describe('a job that is well', () => {
  it('gives nothing a new time, and reads nothing for it', async () => {
    const words = driven(counts(), { start: START })
    const { table, counts: calls, reset } = countingTable(words.environment.table)
    let times = 0
    const well = words.another({
      table: () => ({
        ...table,
        setLife: async (...of) => {
          times++
          return table.setLife(...of)
        },
      }),
    })
    const perEvent: number[] = []
    for (let n = 0; n < 4 * 24 * 6; n++) {
      pass(words, HOUR / 6)
      reset()
      await well.deliver(records('lines-0', ['a'], { at: words.environment.clock.now() }))
      perEvent.push(calls.reads)
      if (n === 3) times = 0
    }
    expect(times).toBe(0)
    // The look-out's lease is over each time; memory that is half an hour old is read again.
    expect(perEvent.slice(4).filter((reads) => reads > 3).length).toBeLessThan(4 * 24 * 2)
  })
})
