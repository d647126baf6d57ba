// Windows and sessions of event time: EventTimeWatermarkSuite, StreamingSessionWindowSuite, MultiStatefulOperatorsSuite.

import { type DStream, session, sliding, tumbling, type Windows } from 'millrace'
import type { EventStream } from '../../../src/stream/event-stream.ts'
import { run } from './run.ts'

const seconds = (s: number | null): number | null => (s === null ? null : s * 1000)
type Group<K, V> = {
  readonly key: K
  readonly window: { readonly start: number; readonly end: number }
  readonly value: V
}
const startAndCount = ({ window, value }: Group<unknown, number>) => [window.start / 1000, value]
const startEndCount = ({ window, value }: Group<unknown, number>) => [window.start / 1000, window.end / 1000, value]
const keyed = ({ key, window, value }: Group<unknown, number>) => [key, window.start / 1000, window.end / 1000, value]

/** Counts windows of a stream of seconds, and keeps what comes late. */
function counted(
  rows: EventStream<number | null>,
  window: Windows<number | null>,
  to: (group: Group<unknown, number>) => unknown,
) {
  const lates: DStream<unknown>[] = []
  const groups = rows.groupBy({ window }).count({ late: (stream) => lates.push(stream) })
  const [late] = lates
  return { rows: groups.toDStream().map(to), ...(late && { late }) }
}

for (const id of ['A01', 'A03', 'A04', 'A05', 'A12', 'A14']) {
  run<number>(id, (rows) => counted(rows.withWatermark(seconds, '10s'), tumbling('5s'), startAndCount))
}
run<number>('A06', (rows) => counted(rows.withWatermark(seconds, '10s'), tumbling('1s'), startAndCount))
run<number>('A07', (rows) => counted(rows.withWatermark(seconds, 0), sliding('10s', '3s'), startEndCount))
run<number | null>('A11', (rows) => counted(rows.withWatermark(seconds, '100s'), tumbling('10s'), startEndCount))
run<number>('A02', (rows) => {
  const groups = rows
    .withEventTime(seconds)
    .groupBy({ window: tumbling('5s') })
    .count({ mode: 'complete' })
  return { rows: groups.toDStream().map(startAndCount) }
})

run<[string, number]>('B01', (rows) => {
  const words = rows.withWatermark(([, t]) => t * 1000, '30s').flatMap(([text]) => text.split(' '))
  const groups = words.groupBy({ key: (word) => word, window: session('10s') }).count({ mode: 'complete' })
  return { rows: groups.toDStream().map(keyed) }
})
run<[string, number]>('B02', (rows) => {
  const gaps = new Map([
    ['hello', 1000],
    ['structured', 0],
    ['world', -10_000],
  ])
  const words = rows.withWatermark(([, t]) => t * 1000, '30s').flatMap(([text]) => text.split(' '))
  const lates: DStream<unknown>[] = []
  const groups = words
    .groupBy({ key: (word) => word, window: session((word: string) => gaps.get(word) ?? 10_000) })
    .count({ late: (stream) => lates.push(stream) })
  const [late] = lates
  return { rows: groups.toDStream().map(keyed), ...(late && { late }) }
})
run<[string, number]>('B04', (rows) => {
  const groups = rows
    .withWatermark(([, t]) => t * 1000, '30s')
    .groupBy({ key: ([key]) => key, window: session('10s') })
    .aggregate({
      create: (): number[] => [],
      add: (times, [, t]) => [...times, t],
      merge: (a, b) => [...a, ...b],
      finish: (times) => [Math.min(...times), Math.max(...times)],
    })
  return {
    rows: groups.toDStream().map(({ key, window, value }) => [key, window.start / 1000, window.end / 1000, ...value]),
  }
})
run<[string, number, number]>('B06', (rows) => {
  const groups = rows
    .withWatermark(([, t]) => t * 1000, '60s')
    .groupBy({ key: ([key]) => key, window: session('10s') })
    .aggregate({
      create: () => ({ count: 0, sum: 0 }),
      add: (acc, [, , value]) => ({ count: acc.count + 1, sum: acc.sum + value }),
      merge: (a, b) => ({ count: a.count + b.count, sum: a.sum + b.sum }),
    })
  return {
    rows: groups
      .toDStream()
      .map(({ key, window, value }) => [key, window.start / 1000, window.end / 1000, value.count, value.sum]),
  }
})
run<number>('B08', (rows) => counted(rows.withWatermark(seconds, '60s'), session('10s'), startEndCount))
run<[string, number, number]>('B12', (rows) => {
  const lates: DStream<unknown>[] = []
  const groups = rows
    .withWatermark(([, t]) => t * 1000, '10s')
    .groupBy({ key: ([key]) => key, window: session('10s') })
    .count({ late: (stream) => lates.push(stream) })
  const [late] = lates
  return { rows: groups.toDStream().map(keyed), ...(late && { late }) }
})

run<number>('E01', (rows) => {
  const fives = rows
    .withWatermark(seconds, 0)
    .groupBy({ window: tumbling('5s') })
    .count()
  const tens = fives.groupBy({ window: tumbling('10s') }).aggregate({
    create: () => ({ windows: 0, sum: 0 }),
    add: (acc, { value }) => ({ windows: acc.windows + 1, sum: acc.sum + value }),
    merge: (a, b) => ({ windows: a.windows + b.windows, sum: a.sum + b.sum }),
  })
  return { rows: tens.toDStream().map(({ window, value }) => [window.start / 1000, value.windows, value.sum]) }
})

run<number>('G01', (rows) => {
  const groups = rows
    .withEventTime()
    .groupBy({ key: (value) => value })
    .count({ mode: 'update' })
  return { rows: groups.toDStream().map(({ key, value }) => [key, value]) }
})
run<number>('G02', (rows) => {
  const groups = rows
    .withEventTime()
    .groupBy({ key: (value) => value })
    .count({ mode: 'complete' })
  return { rows: groups.toDStream().map(({ key, value }) => [key, value]) }
})
