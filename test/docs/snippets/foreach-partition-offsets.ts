import { type Job, job, json, seconds } from 'millrace'
import { Pool } from 'pg'

// create table totals (shop text primary key, cents bigint not null);
// create table offsets (topic text, partition int, until_offset bigint not null, primary key (topic, partition));

export interface Sale {
  readonly shop: string
  readonly cents: number
}

function connect(connectionString: string): Pool {
  const pool = new Pool({ connectionString })
  pool.on('error', () => {}) // of a client that nobody uses: the next call finds out
  return pool
}

/** Adds up what shops take, and keeps in the same transaction how far it has read each partition. */
export const addingUp = (connectionString: string): Job =>
  job('adding-up', { batch: seconds(1) }, ({ kafka }) => {
    kafka('sales', { value: json<Sale>() })
      .map(({ value }) => value)
      .foreachPartition(
        async (sales, { offsetRanges: [read], connection }) => {
          const client = await connection.connect()
          try {
            await client.query('begin')
            const { rowCount } = await client.query(
              `insert into offsets values ($1, $2, $3)
               on conflict (topic, partition) do update set until_offset = excluded.until_offset
               where offsets.until_offset < excluded.until_offset`,
              [read?.topic, read?.partition, read?.untilOffset],
            )
            if (rowCount === 1)
              await client.query(
                `insert into totals
                 select shop, sum(cents) from unnest($1::text[], $2::bigint[]) as s (shop, cents) group by shop
                 on conflict (shop) do update set cents = totals.cents + excluded.cents`,
                [sales.map(({ shop }) => shop), sales.map(({ cents }) => cents)],
              )
            await client.query('commit')
            client.release()
          } catch (error) {
            client.release(true) // what has not come to its commit is rolled back with its connection
            throw error
          }
        },
        { connect: () => connect(connectionString), close: (pool) => pool.end() },
      )
  })
