// The page on foreachPartition, on a real PostgreSQL: results and offsets in one transaction come out exact, whoever calls again, and
// whenever the database goes.

import { Client } from 'pg'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { type Postgres, startPostgres } from '../../../infra/postgres.ts'
import { addingUp } from '../../docs/snippets/foreach-partition-offsets.ts'
import { until } from '../../local/event-source/until.ts'
import { driven, records } from '../../support/driven.ts'
import { describeWith, postgresUrl } from '../poller/services.ts'

const TABLES = `
  create table totals (shop text primary key, cents bigint not null);
  create table offsets (topic text, partition int, until_offset bigint not null, primary key (topic, partition))`

const SHOPS = 7
const sale = (n: number): string => JSON.stringify({ shop: `s${n % SHOPS}`, cents: n })

async function query<R extends object>(url: string, text: string): Promise<R[]> {
  const client = new Client({ connectionString: url })
  await client.connect()
  try {
    return (await client.query<R>(text)).rows
  } finally {
    await client.end()
  }
}

describeWith(postgresUrl)('results and offsets in one transaction', () => {
  /** Of its own: it is killed. */
  let postgres: Postgres
  beforeAll(async () => {
    postgres = await startPostgres()
    await query(postgres.url, TABLES)
  })
  afterAll(() => postgres?.stop())

  it('are exact, whoever calls again, and whenever the database goes', { timeout: 120_000 }, async () => {
    const first = driven(addingUp(postgres.url), { partitions: { sales: 2 } })
    let produced = 0
    for (let round = 0; round < 30; round++) {
      const cold = first.another()
      const sales = Array.from({ length: 40 }, () => sale(produced++))
      const at = round * 700 // most rounds have records of two batches: two calls in one commit
      const killed = round % 5 === 4 ? postgres.kill() : undefined
      const tried = cold
        .deliver(records('sales-0', sales.slice(0, 25), { at, step: 30 }), records('sales-1', sales.slice(25), { at }))
        .then(
          () => 'made',
          () => 'failed',
        )
      await killed
      if (killed) {
        await tried
        // Those that the killed server has left hold its memory until they notice.
        await until('the database is back', () =>
          postgres.restart().then(
            () => true,
            () => false,
          ),
        )
      }
      // All find the head with calls of which they do not know that they were made, and make them at the same moment.
      await Promise.all([cold.again(), first.another().again(), first.again()])
    }
    await first.another().rest()
    const expected = new Map<string, number>()
    for (let n = 0; n < produced; n++) expected.set(`s${n % SHOPS}`, (expected.get(`s${n % SHOPS}`) ?? 0) + n)
    const totals = await query<{ shop: string; cents: string }>(postgres.url, 'select * from totals')
    expect(new Map(totals.map(({ shop, cents }) => [shop, Number(cents)]))).toEqual(expected)
    expect(await query(postgres.url, 'select * from offsets order by partition')).toEqual([
      { topic: 'sales', partition: 0, until_offset: `${30 * 25}` },
      { topic: 'sales', partition: 1, until_offset: `${30 * 15}` },
    ])
  })
})
