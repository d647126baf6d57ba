// The memory of DuckDB has an end. It is one for the process and set with the first statement, so this stands in a file of its own.

import { afterAll, beforeAll, expect, it, vi } from 'vitest'
import { make } from './make.ts'

beforeAll(() => {
  vi.stubEnv('AWS_LAMBDA_FUNCTION_MEMORY_SIZE', '128') // the least that Lambda has: 64 MB for DuckDB
})
afterAll(() => {
  vi.unstubAllEnvs()
})

it('a statement that needs more than there is fails with what DuckDB says, and the next ones work', async () => {
  const batch = make([{ n: 1 }, { n: 2 }])
  const sorting = "select n, repeat('x', 50) as x from batch, range(2_000_000) order by hash(range), x"
  const failed = await Promise.allSettled([batch.sql(sorting), batch.sql('select sum(n) as n from batch')])
  expect(failed).toMatchObject([
    { status: 'rejected', reason: { code: 'SQL_FAILED', statement: sorting } },
    { status: 'fulfilled' },
  ])
  await expect(batch.sql(sorting)).rejects.toThrow(/Out of Memory Error.*61\.\d MiB/s)
  const rows = Array.from({ length: 20_000 }, (_, n) => ({ n }))
  expect([...(await make(rows).sql('select count(*) as many, max(n) as most from batch'))]).toEqual([
    { many: 20_000n, most: 19_999 },
  ])
})
