// Orders into PostgreSQL, and what each customer has spent. Both are written by foreachPartition, at least once, and both come out exact:
// a row has a key of its own and the version of the commit it is of, and a sum is added under an id that is taken only once.
//
//   create table orders (id text primary key, customer text not null, cents bigint not null, version bigint not null);
//   create table spent (customer text primary key, cents bigint not null);
//   create table taken (id text primary key);

import { duration, job, json, seconds } from 'millrace'
import { lambda } from 'millrace/lambda'
import { Pool } from 'pg'

const { ORDERS = 'orders', JOB = 'to-postgres', POSTGRES_URL = '', IDLE_AFTER = '10s' } = process.env

export interface Order {
  readonly id: string
  readonly customer: string
  readonly cents: number
}

function connect(): Pool {
  const pool = new Pool({ connectionString: POSTGRES_URL, max: 4, connectionTimeoutMillis: 5000 })
  pool.on('error', () => {}) // of a client that nobody uses: the next call finds out
  return pool
}

const close = (pool: Pool): Promise<void> => pool.end()

/** An id that comes twice in one statement is an error of `on conflict do update`; the last one counts. */
function lastOfEach(orders: readonly Order[]): Order[] {
  return [...new Map(orders.map((order) => [order.id, order])).values()]
}

export const toPostgres = job(JOB, { batch: seconds(1), idleAfter: duration(IDLE_AFTER) }, ({ kafka }) => {
  const orders = kafka(ORDERS, { value: json<Order>() }).map(({ value }) => value)

  orders.foreachPartition(
    async (some, { version, connection }) => {
      const rows = lastOfEach(some)
      // An order's records have its id as their key, so they are all in one partition, and its versions only grow.
      await connection.query(
        `insert into orders
         select id, customer, cents, $4 from unnest($1::text[], $2::text[], $3::bigint[]) as o (id, customer, cents)
         on conflict (id) do update set customer = excluded.customer, cents = excluded.cents, version = excluded.version
         where orders.version < excluded.version`,
        [rows.map(({ id }) => id), rows.map(({ customer }) => customer), rows.map(({ cents }) => cents), version],
      )
    },
    { id: 'orders', connect, close },
  )

  orders
    .map(({ customer, cents }): [string, number] => [customer, cents])
    .reduceByKey((a, b) => a + b)
    .foreachPartition(
      async (sums, { id, connection }) => {
        // One statement is one transaction: either the id is new and all is added, or nothing is.
        await connection.query(
          `with new as (insert into taken values ($1) on conflict do nothing returning id)
           insert into spent
           select customer, cents from unnest($2::text[], $3::bigint[]) as s (customer, cents) where exists (select from new)
           on conflict (customer) do update set cents = spent.cents + excluded.cents`,
          [id, sums.map(([customer]) => customer), sums.map(([, cents]) => cents)],
        )
      },
      { id: 'spent', connect, close },
    )
})

export const handler = lambda(toPostgres)
