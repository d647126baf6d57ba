// A statement over a batch, warm: rows in, a group by, rows out. Beside it the same by `reduceByKey`, and rows by INSERT statements.

import { DuckDBInstance } from '@duckdb/node-api'
import { type Batch, batchOf } from '../src/batch/batch.ts'
import { compare } from './lib/measure.ts'
import { formatTable as table } from './lib/table.ts'

interface Row {
  readonly id: string
  readonly shop: string
  readonly cents: number
  readonly at: Date
  readonly paid: boolean
}

const SHOPS = 1000

function rowsOf(count: number): Row[] {
  return Array.from({ length: count }, (_, i) => ({
    id: `order-${i}`,
    shop: `shop-${(i * 7919) % SHOPS}`,
    cents: (i * 31) % 10_000,
    at: new Date(i * 1000),
    paid: i % 3 === 0,
  }))
}

const facts = { time: 1000, id: 'bench/sql/1000', offsetRanges: [] }
const STATEMENT = 'select shop, sum(cents) as cents, max("at") as latest from batch where paid group by shop'

async function bySql(batch: Batch<Row>, statement: string): Promise<void> {
  const rows = await batch.sql(statement)
  if (rows.isEmpty()) throw new Error('nothing came out')
}

function byReduce(batch: Batch<Row>): void {
  const sums = batch
    .filter(({ paid }) => paid)
    .map(({ shop, cents, at }): [string, { cents: number; at: Date }] => [shop, { cents, at }])
    .reduceByKey((a, b) => ({ cents: a.cents + b.cents, at: new Date(Math.max(a.at.getTime(), b.at.getTime())) }))
  if (sums.isEmpty()) throw new Error('nothing came out')
}

export async function sqlBench(): Promise<string> {
  const rows: string[][] = []
  for (const count of [100, 1000, 10_000, 100_000]) {
    const results = await compare<Batch<Row>>(
      [
        { name: 'group by', run: (batch) => bySql(batch, STATEMENT) },
        { name: 'select *', run: (batch) => bySql(batch, 'from batch') },
        { name: 'reduceByKey', run: byReduce },
      ],
      { rounds: 21, warmUp: 5, units: 1, prepare: () => batchOf<Row>([rowsOf(count)], facts) },
    )
    rows.push([count.toLocaleString('en'), ...results.map(({ nanos }) => (nanos / 1e6).toFixed(1))])
  }
  const inserted = await insertTime(1000)
  console.log(table(['rows', 'group by, ms', 'select *, ms', 'reduceByKey, ms'], rows))
  console.log(`\n1,000 rows by INSERT statements alone: ${inserted.toFixed(0)} ms`)
  return `sql: ${rows.map(([count, ms]) => `${count} rows ${ms} ms`).join('; ')}`
}

async function insertTime(count: number): Promise<number> {
  const connection = await (await DuckDBInstance.create(':memory:', { threads: '1' })).connect()
  await connection.run('create temp table batch (id text, shop text, cents double, "at" timestamp, paid boolean)')
  const statements = rowsOf(count).map(
    ({ id, shop, cents, at, paid }) =>
      `insert into batch values ('${id}', '${shop}', ${cents}, '${at.toISOString()}', ${paid})`,
  )
  const start = process.hrtime.bigint()
  for (const statement of statements) await connection.run(statement)
  return Number(process.hrtime.bigint() - start) / 1e6
}
