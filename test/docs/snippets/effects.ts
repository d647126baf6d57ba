import { job, seconds, text } from 'millrace'

/** Stands for a table of a database, with a primary key. */
export const rows = new Map<string, number>()
const upsert = async (key: string, count: number) => void rows.set(key, count)

export const counted = job('counted', { batch: seconds(1) }, ({ kafka }) => {
  kafka('lines', { value: text() })
    .flatMap(({ value }) => value.split(' '))
    .countByValue()
    .foreachRDD(
      async (batch) => {
        for (const [word, count] of batch) await upsert(`${batch.id}/${word}`, count)
      },
      { id: 'to-table' },
    )
})
