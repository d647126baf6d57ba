// StreamingDeduplicationSuite and StreamingDeduplicationWithinWatermarkSuite.

import { type DStream, tumbling } from 'millrace'
import { run } from './run.ts'

const seconds = (s: number): number => s * 1000

run<[string, number]>('C01', (rows) => ({
  rows: rows
    .withEventTime()
    .dropDuplicates(([key]) => key)
    .toDStream(),
}))
run<[number, number]>('C03', (rows) => {
  const firsts = rows.withWatermark(([t]) => t * 1000, '1s').dropDuplicates(([, id]) => id, { eventTime: true })
  return { rows: firsts.toDStream().map(([, id]) => id) }
})
run<number>('C05', (rows) => {
  const firsts = rows.withWatermark(seconds, '10s').dropDuplicates(() => null, { eventTime: true })
  const groups = firsts.groupBy({ window: tumbling('5s') }).count()
  return { rows: groups.toDStream().map(({ window, value }) => [window.start / 1000, value]) }
})
run<number>('C06', (rows) => {
  const lates: DStream<unknown>[] = []
  const firsts = rows
    .withWatermark(seconds, '10s')
    .dropDuplicates(() => null, { eventTime: true, late: (stream) => lates.push(stream) })
  const [late] = lates
  return { rows: firsts.toDStream(), ...(late && { late }) }
})
run<[string, number, ...string[]]>('C08', (rows) => ({
  rows: rows
    .withWatermark(([, t]) => t * 1000, '10s')
    .dropDuplicatesWithinWatermark(([key]) => key)
    .toDStream(),
}))
run<[string, number]>('C11', (rows) => {
  const lates: DStream<unknown>[] = []
  const firsts = rows
    .withWatermark(([, t]) => t * 1000, '10s')
    .dropDuplicatesWithinWatermark(([key]) => key, { late: (stream) => lates.push(stream) })
  const [late] = lates
  return { rows: firsts.toDStream(), ...(late && { late }) }
})
