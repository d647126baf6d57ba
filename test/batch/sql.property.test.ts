// Random batches: what a statement gives is what plain JavaScript makes of the same rows, and the same every time.

import fc from 'fast-check'
import { expect, it } from 'vitest'
import { inOrder, make } from './make.ts'

const row = fc.record({
  key: fc.constantFrom('a', 'b', 'c', ''),
  n: fc.bigInt(-(2n ** 70n), 2n ** 70n),
  x: fc.double({ noNaN: true, min: -1e9, max: 1e9 }),
  cents: fc.integer({ min: -1_000_000, max: 1_000_000 }).map((cents) => ({ cents, text: (cents / 100).toFixed(2) })),
})
const rowsOf = fc.array(row, { maxLength: 60 })
const COLUMNS = { key: 'text', n: 'bigint', x: 'number', cents: 'decimal(12,2)' } as const
const text = (value: unknown): string =>
  JSON.stringify(value, (_, part) => (typeof part === 'bigint' ? `${part}n` : part))

it('groups, sums exactly, and joins', async () => {
  await fc.assert(
    fc.asyncProperty(rowsOf, fc.integer({ min: 1, max: 3 }), async (rows, partitions) => {
      const batch = make(rows, partitions).map(({ cents, ...rest }) => ({ ...rest, cents: cents.text }))
      const statement =
        'select key, sum(n) as n, sum(cents) as cents, count(*) as many, max(x) as x from batch join known using (key) group by key'
      const options = {
        columns: COLUMNS,
        tables: {
          known: new Map([
            ['a', 1],
            ['b', 2],
          ]),
        },
      }
      const groups = Map.groupBy(
        rows.filter(({ key }) => key === 'a' || key === 'b'),
        ({ key }) => key,
      )
      const expected = [...groups].map(([key, some]) => ({
        key,
        n: some.reduce((sum, { n }) => sum + n, 0n),
        cents: (some.reduce((sum, { cents }) => sum + cents.cents, 0) / 100).toFixed(2).replace('-0.00', '0.00'),
        many: BigInt(some.length),
        x: Math.max(...some.map(({ x }) => x)),
      }))
      const found = await batch.sql(statement, options)
      expect([...found].map(text).sort()).toEqual(expected.map(text).sort())
      const again = make(rows, 1).map(({ cents, ...rest }) => ({ ...rest, cents: cents.text }))
      expect([...(await again.sql(statement, options))]).toEqual([...found])
    }),
    { numRuns: 60 },
  )
})

it('takes the same of equal ones, and adds floats in the same order, every time', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(row, { minLength: 1, maxLength: 300 }), async (rows) => {
      const batch = make(rows).map(({ key, x }) => ({ key, x }))
      const statement =
        '(select key, sum(x) as x from batch group by key) union all (select key, x from batch order by key limit 5)'
      const first = [...(await batch.sql(statement))]
      const others = await Promise.all([1, 2, 3].map(() => batch.sql(statement)))
      for (const other of others) expect([...other]).toEqual(first)
    }),
    { numRuns: 30 },
  )
})

const scalar = fc.oneof(
  { arbitrary: fc.constant(null), weight: 1 },
  { arbitrary: fc.string({ unit: 'binary' }), weight: 2 },
)
const value = fc.record({
  text: scalar,
  number: fc.double(),
  bigint: fc.bigInt(-(2n ** 127n) + 1n, 2n ** 127n - 1n),
  date: fc.date({ noInvalidDate: true }),
  bytes: fc.uint8Array(),
  list: fc.array(fc.option(fc.boolean())),
  struct: fc.record({ a: fc.option(fc.double()), b: fc.array(fc.string()) }),
  map: fc.array(fc.tuple(fc.string(), fc.bigInt(-5n, 5n))).map((entries) => new Map(entries)),
})

it('gives every value back', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(value, { minLength: 1, maxLength: 40 }), async (rows) => {
      expect([...(await make(rows).sql('from batch'))]).toEqual(rows)
    }),
    { numRuns: 60 },
  )
})

it('keeps the elements of a batch that it only filters', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(fc.integer()), fc.integer({ min: 1, max: 3 }), async (numbers, partitions) => {
      const batch = make(numbers, partitions)
      const found = await batch.sql('select value from batch where value > 0', {
        columns: { value: 'number' },
        returns: { value: 'number' },
      })
      expect([...found].map((one) => one.value)).toEqual([...batch].filter((n) => n > 0))
      expect(inOrder(found)).toHaveLength(found.count())
    }),
    { numRuns: 40 },
  )
})
