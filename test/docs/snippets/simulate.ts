import { type Batch, type Job, job, seconds, text } from 'millrace'
import type { Outside } from 'millrace/testing'

const rows = new Map<string, number>() // stands for a table of a database

const counted = (write: (batch: Batch<number>) => void) => (): Job =>
  job('counted', { batch: seconds(1) }, ({ kafka }) => {
    kafka('lines', { value: text() }).count().foreachRDD(write)
  })

/** One row for all: a batch that is written once more counts once more. */
export const adding = counted((batch) => {
  rows.set('total', (rows.get('total') ?? 0) + batch.sum())
})

/** A row per batch: written once more, it is the same row. */
export const mended = counted((batch) => {
  rows.set(batch.id, batch.sum())
})

/** What should stand in the table. */
export const table: Outside = {
  reset: () => rows.clear(),
  check: ({ records }) => {
    const total = [...rows.values()].reduce((a, b) => a + b, 0)
    return total === records ? [] : [`the table says ${total}, of ${records} records`]
  },
}
