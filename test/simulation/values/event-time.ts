// Event time that is out of order: windows, sessions and first rows, and what comes too late for them.

import { type DStream, job, session, sliding, tumbling } from '../../../src/index.ts'
import type { Ledger } from '../../../src/testing/simulation/ledger.ts'
import { type Batch, firstsOf, type Row, sessionsOf, ticksOf, windowsOf } from '../../support/event-time-reference.ts'
import { textOf } from '../expected.ts'
import { BATCH } from '../jobs.ts'
import { type Expected, type KindSpec, numberedWords, parseNumbered, saveLines } from '../kind.ts'
import { numbered } from './numbered.ts'

const DELAY = 1500
const IDLE = 2500

/** Some two seconds in and out of order. */
function happened(number: number): number | null {
  return number % 13 === 5 ? null : number * 200 + ((number * 37) % 23) * 100
}

const sums = {
  create: () => ({ count: 0, sum: 0 }),
  add: (acc: { count: number; sum: number }, [, number]: readonly [string, number]) => {
    acc.count++
    acc.sum += number
    return acc
  },
  merge: (a: { count: number; sum: number }, b: { count: number; sum: number }) => ({
    count: a.count + b.count,
    sum: a.sum + b.sum,
  }),
}

type Summed = {
  readonly key: string
  readonly window: { readonly start: number; readonly end: number }
  readonly value: { readonly count: number; readonly sum: number }
}

const lineOf = ({ key, window, value }: Summed): string =>
  `${key} ${window.start}-${window.end} ${value.count} ${value.sum}`

const saveLate = (name: string) => (rows: DStream<readonly [string, number]>) =>
  saveLines(
    name,
    rows.map(([, number]) => String(number)),
  )

export const eventTime: KindSpec = {
  define: (options, inPlace, version) =>
    job('simulated', options, ({ kafka }) => {
      const pairs = numbered(kafka, inPlace, version)
      const rows = pairs.withWatermark(([, number]) => happened(number), DELAY)
      const key = ([word]: readonly [string, number]) => word
      const tumbled = rows.groupBy({ key, window: tumbling(1000), id: 'tumbling' }).aggregate(sums)
      saveLines('tumbling', tumbled.toDStream().map(lineOf))
      const slid = rows
        .groupBy({ key, window: sliding(1500, 500), id: 'sliding' })
        .aggregate(sums, { late: saveLate('too-late') })
      saveLines('sliding', slid.toDStream().map(lineOf))
      const idle = pairs.withWatermark(([, number]) => happened(number), DELAY, { idle: IDLE })
      const sessions = idle
        .groupBy({ key, window: session(700), id: 'sessions' })
        .aggregate(sums, { late: saveLate('late-for-sessions') })
      saveLines('sessions', sessions.toDStream().map(lineOf))
      const firsts = rows.dropDuplicatesWithinWatermark(key, { late: saveLate('late-for-firsts') })
      saveLines(
        'firsts',
        firsts.toDStream().map(([word, number]) => `${word} ${number}`),
      )
    }),
  records: numberedWords,
  expected(ledger) {
    const batches = rowsOf(ledger)
    const ticks = ticksOf(batches, { delay: DELAY, batch: BATCH })
    const idle = ticksOf(batches, { delay: DELAY, idle: IDLE, batch: BATCH })
    const slid = windowsOf(ticks, 1500, 500)
    const sessions = sessionsOf(idle, 700)
    const firsts = firstsOf(ticks, DELAY, (rows) => rows)
    const expected: Expected = new Map([
      ['tumbling', windowsOf(ticks, 1000, 1000).out],
      ['sliding', slid.out],
      ['too-late', slid.late],
      ['sessions', sessions.out],
      ['late-for-sessions', sessions.late],
      ['firsts', firsts.out],
      ['late-for-firsts', firsts.late],
    ])
    return expected
  },
}

/** What every batch has had, by partition and offset. */
function rowsOf({ entries }: Ledger): Batch[] {
  const collator = new Intl.Collator('en', { numeric: true })
  const all = [...entries].sort(([a], [b]) => collator.compare(a, b)).flatMap(([, some]) => some)
  return [...Map.groupBy(all, ({ time }) => time)]
    .sort(([a], [b]) => a - b)
    .map(([time, some]) => {
      const rows = some.map(({ record }): Row => {
        const { word, number } = parseNumbered(textOf(record))
        return { key: word, at: happened(number), id: number }
      })
      return [time, rows]
    })
}
