// `sql`: what elements are as tables, what comes back, and what is refused.

import { describe, expect, it } from 'vitest'
import { z } from 'zod'
import { make, PARTITIONS } from './make.ts'

const BLOCKED = [
  { user: 'mallory', reason: 'spam' },
  { user: 'trent', reason: 'trial' },
]
const VISITS = [
  { user: 'alice', page: '/a' },
  { user: 'mallory', page: '/b' },
  { user: 'trent', page: '/c' },
]
const one = async (statement: string, options = {}) => [...(await make([{ x: 1 }]).sql(statement, options))]
const refused = (promise: Promise<unknown>) =>
  promise.then(
    () => 'nothing',
    (error: Error) => error.message,
  )

describe.each(PARTITIONS)('over %i partitions', (partitions) => {
  it('joins the batch with a table', async () => {
    const rows = await make(VISITS, partitions).sql(
      "select v.user, page, reason from batch v left join blocked b on b.user = v.user where reason is distinct from 'spam' order by page",
      { tables: { blocked: BLOCKED } },
    )
    expect([...rows]).toEqual([
      { user: 'alice', page: '/a', reason: null },
      { user: 'trent', page: '/c', reason: 'trial' },
    ])
    expect({ id: rows.id, time: rows.time, count: rows.count() }).toEqual({ id: 'job/out/1000', time: 1000, count: 2 })
  })

  it('keeps the order of the batch, and takes the same of equal ones every time', async () => {
    const batch = make(
      Array.from({ length: 5000 }, (_, i) => ({ i, group: i % 7, weight: 0.1 * i })),
      partitions,
    )
    const all = await batch.sql('select i from batch')
    expect([...all].map(({ i }) => i)).toEqual(Array.from({ length: 5000 }, (_, i) => i))
    const statement =
      'select "group", sum(weight) as weight from batch group by "group" union all (select i, 0 from batch order by "group" limit 5)'
    const first = [...(await batch.sql(statement))]
    for (let i = 0; i < 5; i++) expect([...(await batch.sql(statement))]).toEqual(first)
  })
})

it('has pairs as key and value, and what stands alone as value', async () => {
  const pairs = make([['a', 1] as const, ['b', 2] as const])
  expect([...(await pairs.sql('select key, value from batch where value > 1'))]).toEqual([{ key: 'b', value: 2 }])
  const words = make(['x', 'y', 'x'])
  expect([...(await words.sql('select value, count(*) as n from batch group by value order by n desc'))]).toEqual([
    { value: 'x', n: 2n },
    { value: 'y', n: 1n },
  ])
  expect([...(await words.sql('from known', { tables: { known: new Map([['x', true]]) } }))]).toEqual([
    { key: 'x', value: true },
  ])
})

it('gives every value back as it went in', async () => {
  const rows = [
    { n: 0.1, i: 3, b: 2n ** 63n - 1n, h: 2n ** 100n, t: 'é\0𝄞', f: true, at: new Date('0001-02-03T04:05:06.789Z') },
    { n: -0, i: Number.NaN, b: -(2n ** 63n), h: -1n, t: '', f: false, at: new Date(-8.64e15) },
    { n: Number.POSITIVE_INFINITY, i: 2 ** 60, b: 0n, h: 0n, t: 'x'.repeat(10_000), f: true, at: new Date(8.64e15) },
    { n: null, i: null, b: null, h: null, t: null, f: null, at: null },
  ]
  expect([...(await make(rows).sql('from batch'))]).toEqual(rows)
  const nested = [
    {
      bytes: Uint8Array.of(0, 255, 10),
      list: ['a', 'b', null],
      struct: { a: 1, b: { c: new Date(5) } },
      map: new Map([['k', 2n]]),
      deep: [[1], [], [2, 3]],
      structs: [{ a: 'x' }, { a: null }],
    },
    { bytes: new Uint8Array(), list: [], struct: { a: 2, b: { c: null } }, map: new Map(), deep: [], structs: [] },
    { bytes: null, list: null, struct: null, map: null, deep: null, structs: null },
  ]
  expect([...(await make(nested).sql('from batch'))]).toEqual(nested)
})

it('takes a field that is missing for null, and a set for a list', async () => {
  const rows = [{ a: 1 }, { b: 'x' }, { a: 2, b: 'y', c: new Set(['s']) }]
  expect([...(await make<object>(rows).sql('from batch'))]).toEqual([
    { a: 1, b: null, c: null },
    { a: null, b: 'x', c: null },
    { a: 2, b: 'y', c: ['s'] },
  ])
})

it('says what DuckDB has and we have not by its exact text', async () => {
  const [row] = await one(
    "select 12.30::decimal(18,2) as d, -0.05::decimal(9,2) as m, 7::decimal(5,0) as w, interval '1 day' as i, time '10:00:01' as t, date '2024-02-29' as day, " +
      "'b'::enum('a','b') as e, 1::tinyint as tiny, 2::ubigint as u, 12::hugeint as h, timestamptz '2024-01-01 00:00:00.5+02' as tz, timestamp_ns '2024-01-01 00:00:00.001' as ns, [1.5]::decimal(3,1)[] as ds",
  )
  expect(row).toEqual({
    d: '12.30',
    m: '-0.05',
    w: '7',
    i: '1 day',
    t: '10:00:01',
    day: new Date('2024-02-29'),
    e: 'b',
    tiny: 1,
    u: 2n,
    h: 12n,
    tz: new Date('2023-12-31T22:00:00.500Z'),
    ns: new Date('2024-01-01T00:00:00.001Z'),
    ds: ['1.5'],
  })
})

describe('columns of the result', () => {
  it('are what the job declares, when that is exact', async () => {
    const rows = await make([
      { shop: 'a', cents: 120 },
      { shop: 'a', cents: 80 },
    ]).sql(
      'select shop, sum(cents) as total, count(*) as n, 1.5::decimal(4,2) as tax, null::text as note, [1, 2] as list from batch group by shop',
      {
        columns: { shop: 'text', cents: 'bigint' },
        returns: { shop: 'text', total: 'number', n: 'bigint', tax: 'decimal', note: 'text?', list: ['number'] },
      },
    )
    const typed: {
      shop: string
      total: number
      n: bigint
      tax: string
      note: string | null
      list: readonly number[]
    }[] = [...rows]
    expect(typed).toEqual([{ shop: 'a', total: 200, n: 2n, tax: '1.50', note: null, list: [1, 2] }])
    expect(
      await one('select 1.50::decimal(4,2) as a, 3::decimal(4,1) as b', { returns: { a: 'number', b: 'bigint' } }),
    ).toEqual([{ a: 1.5, b: 3n }])
  })

  it('are what a schema makes of them', async () => {
    const schema = z.object({ n: z.bigint().transform(Number) })
    const rows: { n: number }[] = [...(await make(['a']).sql('select count(*) as n from batch', { returns: schema }))]
    expect(rows).toEqual([{ n: 1 }])
    expect(await refused(make(['a']).sql('select 1 as n', { returns: schema }))).toMatch(
      /result, column "n", row 0: the schema says/,
    )
  })

  it.each([
    [
      { n: 'number' },
      'select 9007199254740993 as n',
      /column "n", row 0: 9007199254740993 is beyond the whole numbers/,
    ],
    [
      { n: 'number' },
      'select 0.1234567890123456::decimal(20,16) as n',
      /more than the 15 digits that a number surely keeps/,
    ],
    [
      { n: 'bigint' },
      'select 1.5 as n',
      /the string "1.5" in a column that is declared as bigint; in DuckDB it is DECIMAL\(2,1\)/,
    ],
    [{ n: 'text' }, 'select 1 as n', /the number 1 in a column that is declared as text; in DuckDB it is INTEGER/],
    [{ n: 'text' }, "select unnest(['a', null]) as n", /column "n", row 1: null in a column that is declared as text/],
    [{ n: 'text', m: 'text' }, "select 'a' as n", /column "m": it is declared, and the statement gives n/],
    [{ n: 'text' }, "select 'a' as n, 1 as m", /column "m": the statement gives it, and declared are n/],
  ])('%j refuses what would be changed: %s', async (returns, statement, message) => {
    expect(await refused(one(statement, { returns }))).toMatch(message)
  })

  it.each([
    [
      "select timestamp '2024-01-01 00:00:00.000001' as at",
      /column "at", row 0: 2024-01-01 00:00:00.000001 has more than the milliseconds/,
    ],
    ["select 'infinity'::timestamp as at", /beyond what a Date can be/],
    ['select 1 as a, 2 as a', /column "a": there are two of this name/],
  ])('%s is refused', async (statement, message) => {
    expect(await refused(one(statement))).toMatch(message)
  })
})

describe('columns of tables', () => {
  it.each([
    [[{ a: 1 }, { a: 'x' }], /batch, column "a", row 1: the string "x" in a column of number/],
    [[{ a: [1] }, { a: ['x'] }], /batch, column "a", row 1: the string "x" in a column of number/],
    [[{ a: 1 }, { a: 1n }], /batch, column "a", row 1: the bigint 1 in a column of number/],
    [[{ a: '\ud800' }], /row 0: the string .* has half of a surrogate pair/],
    [[{ a: new Date(Number.NaN) }], /row 0: an invalid Date/],
    [[{ a: 2n ** 127n }], /more than the 127 bits/],
    [[{ a: new URL('x:y') }], /a URL has no form in a column/],
    [[{ a: {} }], /an object without fields/],
    [[{ a: JSON.parse('{"__proto__":1}') }], /batch, column "a", row 0: a field "__proto__", which is no name in SQL/],
    [[{ a: { b: 1 } }, { a: { B: 1 } }], /row 1: fields "b" and "B" are one name in SQL/],
    [[{ a: { '': 1 } }], /a field "", which is no name in SQL/],
    [[{ 'a\0b': 1 }], /that is no name in SQL/],
    [[{ 'a\ud800': 1 }], /that is no name in SQL/],
    [[{ '': 1 }], /that is no name in SQL/],
    [[{ a: 1 }, { A: 1 }], /batch, column "A", row 1: SQL knows no case, and there is a column "a" already/],
    [[[1, 2, 3]], /batch, column "value", row 0: an array of length 3 is no row: make it an object/],
    [[{ a: 1 }, 5], /nothing/],
  ])('that cannot be are refused: %#', async (rows, message) => {
    expect(await refused(make<unknown>(rows).sql('from batch'))).toMatch(message)
  })

  it('are what the job declares, of an empty batch too', async () => {
    const columns = { user: 'text', cents: 'decimal(10,2)', n: 'bigint', tags: ['text'], at: 'date?' } as const
    const statement = 'select user, sum(cents) as sum, sum(n) as n from batch where len(tags) < 9 group by user'
    expect([...(await make([]).sql(statement, { columns }))]).toEqual([])
    const rows = [
      { user: 'a', cents: '0.10', n: 1, tags: [], at: null },
      { user: 'a', cents: 0.2, n: 2n, tags: ['x'], more: 1 },
    ]
    expect([...(await make<object>(rows).sql(statement, { columns }))]).toEqual([{ user: 'a', sum: '0.30', n: 3n }])
    const wrong = (row: object) => refused(make([{ ...rows[0], ...row }]).sql(statement, { columns }))
    expect(await wrong({ user: undefined })).toMatch(
      /column "user", row 0: undefined in a column that is declared as text/,
    )
    expect(await wrong({ cents: '0.001' })).toMatch(/"0.001" in a column that is declared as decimal\(10,2\)/)
    expect(await wrong({ n: 1.5 })).toMatch(/the number 1.5 in a column that is declared as bigint/)
  })

  it('of an empty table that is not declared are unknown, and that is said', async () => {
    expect([...(await make([]).sql('select count(*) as n from batch'))]).toEqual([{ n: 0n }])
    const statement = 'select v.user from batch v left join blocked b on b.user = v.user'
    expect(await refused(make(VISITS).sql(statement, { tables: { blocked: [] } }))).toMatch(
      /Nothing is known of blocked, which has no rows here or only nulls: declare its columns/,
    )
    const blocked = { rows: [], columns: { user: 'text' } } as const
    expect((await make(VISITS).sql(statement, { tables: { blocked } })).count()).toBe(3)
  })
})

describe('a statement', () => {
  it('that gives a struct with fields of no or of impossible names is refused: they would be lost', async () => {
    expect(await refused(make([1]).sql('select row(1, 2) as r'))).toMatch(/column "r".*fields that have no names/)
    expect(await refused(make([1]).sql(`select {'__proto__': 1} as r`))).toMatch(/column "r".*a field __proto__/)
  })

  it('that fails names job, operator and batch, and shows DuckDB’s message and itself', async () => {
    const error = await make(VISITS)
      .sql('select usr from batch')
      .catch((failed: unknown) => failed)
    expect(error).toMatchObject({
      name: 'SqlError',
      code: 'SQL_FAILED',
      batch: 'job/out/1000',
      statement: 'select usr from batch',
    })
    expect(String(error)).toMatch(
      /batch job\/out\/1000: Binder Error: .*"usr" not found[\s\S]*The statement:\nselect usr from batch$/,
    )
  })

  it.each([
    ['select 1; select 2', /takes one statement, and this is 2/],
    ['create table kept as select 1', /a statement that reads/],
    ["select * from enable_logging('Query')", /the statement calls enable_logging/],
    ['with x as (select * from CHECKPOINT()) select 1 from x', /the statement calls checkpoint/],
    ["select (select count(*) from query('from force_checkpoint()'))", /the statement calls query/],
    ["pivot (from duckdb_settings()) on name in ('threads') using count(*)", /the statement calls duckdb_settings/],
    ['set threads = 4', /a statement that reads/],
    ['select $1', /has parameters/],
    ['  ', /expected a statement/],
    ['-- nothing', /SQL_FAILED|sql\(\) fails/],
    ["from read_csv('/etc/passwd')", /file system operations are disabled/],
    ["from '/etc/passwd'", /./],
    ["copy (select 1) to '/tmp/millrace-sql'", /./],
    ['install httpfs', /./],
    ["select error('boo')", /boo/],
  ])('%s is refused', async (statement, message) => {
    const said = await refused(one(statement))
    expect(said).toMatch(message)
    expect(said).not.toBe('nothing')
  })

  it('sees no table of another', async () => {
    await one('from t', { tables: { t: ['x'] } })
    expect(await refused(one('from t'))).toMatch(/Table with name t does not exist/)
    const both = await Promise.all(['a', 'b'].map((value) => one('from t', { tables: { t: [value] } })))
    expect(both).toEqual([[{ value: 'a' }], [{ value: 'b' }]])
  })

  it('may name odd tables and columns', async () => {
    const rows = [JSON.parse('{"__proto__": "p", "a\\"b": 1, "select": 2}')]
    expect(await one('from "my ""table"""', { tables: { 'my "table"': rows } })).toEqual(rows)
  })

  it('is read in UTC, whatever the machine’s zone is', async () => {
    expect(await one("select timestamptz '2024-01-01'::text as t")).toEqual([{ t: '2024-01-01 00:00:00+00' }])
  })
})

describe('options', () => {
  it.each([
    [{ table: {} }, /unknown option 'table'. Did you mean 'tables'/],
    [{ tables: { batch: [] } }, /there is a table 'batch' already/],
    [{ tables: { t: 5 } }, /sql, tables.t: expected rows/],
    [{ tables: { t: { rows: [], colums: {} } } }, /unknown option 'colums'/],
    [{ columns: { a: 'txt' } }, /sql, columns.a: 'txt' is no column. Did you mean 'text'/],
    [{ columns: { a: 'decimal(40,2)' } }, /is no column/],
    [{ columns: { a: 'text', A: 'text' } }, /are one name in SQL/],
    [{ returns: { a: 5 } }, /sql, returns.a: expected a word/],
    [{ returns: [] }, /expected columns by name/],
    [{ returns: null }, /expected columns by name/],
    [{ returns: 5 }, /expected columns by name/],
    [{ columns: null }, /expected columns by name/],
    [{ columns: { '': 'text' } }, /sql, columns: "" is no name in SQL/],
    [{ tables: null }, /sql, tables: expected tables by name, got null/],
    [{ tables: { 'a\0': [] } }, /is no name in SQL/],
    [{ tables: { t: { rows: null, columns: {} } } }, /sql, tables.t: expected rows/],
  ])('%j', async (options, message) => {
    expect(await refused(one('select 1', options))).toMatch(message)
  })
})
