// The soak's stateless job: every record to one output, every third one to a second, as functions/flights.ts does, and all of them into
// PostgreSQL. It runs in processes that the soak kills; where things are comes in environment variables.

import { duration, job, text } from 'millrace'
import { lambda } from 'millrace/lambda'
import { Pool } from 'pg'

const { RESULTS = 'results', EVENTS = 'events', IDLE_AFTER = '20s', POSTGRES_URL = '' } = process.env

function connect(): Pool {
  const pool = new Pool({ connectionString: POSTGRES_URL, max: 4, connectionTimeoutMillis: 5000 })
  pool.on('error', () => {}) // of a client that nobody uses: the next call finds out
  return pool
}

/** For batches: it outlives them, and is made when it is needed. */
let counts: Pool | undefined

export const events = job('soak-events', { batch: '10s', idleAfter: duration(IDLE_AFTER) }, ({ kafka }) => {
  const records = kafka(EVENTS, { value: text() })

  records
    .map(({ partition, offset, value }) => ({ partition, offset, value }))
    .saveAsNdjsonFiles(`s3://${RESULTS}/events`)

  records
    .filter(({ offset }) => offset % 3 === 0)
    .map(({ partition, offset }) => `${partition} ${offset}`)
    .saveAsTextFiles(`s3://${RESULTS}/thirds`, 'txt')

  records.foreachPartition(
    async (some, { time, connection }) => {
      await connection.query(
        'insert into events select p, n, $3 from unnest($1::int[], $2::bigint[]) as e (p, n) on conflict do nothing',
        [some.map(({ partition }) => partition), some.map(({ offset }) => offset), time],
      )
    },
    { id: 'events', connect, close: (pool) => pool.end() },
  )

  records.count().foreachRDD(
    async (batch) => {
      counts ??= connect()
      const [records = 0] = batch.collect()
      await counts.query('insert into batches values ($1, $2, $3) on conflict do nothing', [
        batch.id,
        batch.time,
        records,
      ])
    },
    { id: 'counts' },
  )
})

export const handler = lambda(events)
