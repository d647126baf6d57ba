// A statement that fails in a job: as any function that throws where it stands.

import { expect, it } from 'vitest'
import { type Batch, type DStream, job, SqlMissingError, seconds, text } from '../../src/index.ts'
import { driven, records } from '../support/driven.ts'

const words = (define: (words: DStream<string>) => void, onPoison: 'fail' | 'skip' = 'fail') =>
  job('words', { batch: seconds(1), onPoison }, ({ kafka }) =>
    define(kafka('lines', { value: text() }).map(({ value }) => value)),
  )
const wrong = (batch: Batch<string>) => batch.sql('select valu from batch')

it('in transform: job, operator and batch are named, and nothing is committed', async () => {
  const broken = driven(
    words((some) => some.transform(wrong, { id: 'counts' }).saveAsNdjsonFiles('s3://results/counts')),
  )
  await broken.deliver(records('lines-0', ['a', 'b'], { at: 500 }))
  const failed = await broken.rest().then(
    () => '',
    (error: Error) => error.message,
  )
  expect(failed).toMatch(/^sql\(\) fails in batch words\/counts\/1000: Binder Error/)
  expect(failed).toMatch(/The statement:\nselect valu from batch/)
  expect(await broken.closed()).toEqual([])
})

it('in transform with a policy: the batch goes aside and the job goes on', async () => {
  const skipping = driven(
    words(
      (some) =>
        some
          .transform((batch) => batch.sql('select value::int as n from batch'), { id: 'counts' })
          .saveAsNdjsonFiles('s3://results/counts'),
      'skip',
    ),
  )
  await skipping.deliver(records('lines-0', ['1', 'b'], { at: 500 }))
  await skipping.rest()
  skipping.later('1m')
  await skipping.deliver(records('lines-0', ['2'], { at: 60_500 }))
  await skipping.rest()
  expect(await skipping.text('counts')).toBe('{"n":2}\n')
})

it('without DuckDB it stops, whatever the policy says: no element is to blame', async () => {
  const lacking = driven(
    words((some) => {
      const lacks = (): never => {
        throw new SqlMissingError('Install it.')
      }
      some.transform(lacks, { id: 'counts' }).saveAsNdjsonFiles('s3://results/counts')
    }, 'skip'),
  )
  await lacking.deliver(records('lines-0', ['a'], { at: 500 }))
  await expect(lacking.rest()).rejects.toMatchObject({ code: 'SQL_MISSING', kind: 'deployment' })
})

it('in foreachRDD: it is tried again, with the same rows', async () => {
  const seen: string[] = []
  let tries = 0
  const counting = driven(
    words((some) =>
      some.foreachRDD(
        async (batch) => {
          tries++
          const rows = await batch.sql(tries < 3 ? 'select nothing' : 'select value from batch order by value desc', {
            columns: { value: 'text' },
            returns: { value: 'text' },
          })
          for (const { value } of rows) seen.push(`${batch.id} ${value}`)
        },
        { id: 'told' },
      ),
    ),
  )
  await counting.deliver(records('lines-0', ['a', 'b'], { at: 500 }))
  await counting.rest()
  expect(tries).toBe(3)
  expect(seen).toEqual(['words/told/1000 b', 'words/told/1000 a'])
})
