// What an output's format cannot hold is a bad record: never `null`, `{}`, or a column less.

import { describe, expect, it } from 'vitest'
import { type Job, job, json, type PoisonPolicy } from '../../src/index.ts'
import { driven, records } from '../support/driven.ts'

interface Order {
  readonly id: number
  readonly refund?: number
}

const ratios = (onPoison: PoisonPolicy): Job =>
  job('ratios', { batch: '1s', onPoison }, ({ kafka }) => {
    kafka('orders', { value: json<Order>() })
      .map(({ value }) => ({ id: value.id, ratio: 1 / value.id }))
      .saveAsNdjsonFiles('s3://results/ratios')
  })

const refunds = (columns?: string[]): Job =>
  job('refunds', { batch: '1s', onPoison: 'quarantine' }, ({ kafka }) => {
    const orders = kafka('orders', { value: json<Order>() }).map(({ value }) => value)
    // @ts-expect-error objects need columns, and code in plain JavaScript is not told so
    orders.saveAsCsvFiles('s3://results/refunds', columns && { columns })
  })

async function run(define: Job, cuts: readonly (readonly string[])[]): Promise<[results: string, quarantined: number]> {
  const orders = driven(define)
  for (const values of cuts) await orders.deliver(records('orders-0', values, { step: 0 }))
  const aside = Object.values(await orders.published('_millrace/quarantine', 'state')).join('')
  return [await orders.text(), aside.split('\n').length - 1]
}

describe('NDJSON', () => {
  it('of Infinity is refused, naming output and path', async () => {
    const orders = driven(ratios('fail'))
    await expect(orders.deliver(records('orders-0', ['{"id":2}', '{"id":0}']))).rejects.toMatchObject({
      ...{ code: 'POISON_RECORD', offset: 1, cause: { code: 'UNENCODABLE', output: 's3://results/ratios' } },
      message: expect.stringContaining('NDJSON cannot hold Infinity, which the element.ratio is'),
    })
  })

  it('goes without it, by policy', async () => {
    expect(await run(ratios('quarantine'), [['{"id":2}', '{"id":0}', '{"id":1}']])).toEqual([
      '{"id":2,"ratio":0.5}\n{"id":1,"ratio":1}\n',
      1,
    ])
  })
})

describe('CSV without columns', () => {
  const orders = ['{"id":1}', '{"id":2,"refund":500}', '{"id":3}']

  it('loses no column, however the topic was cut', async () => {
    for (const cuts of [[orders], orders.map((order) => [order])]) expect(await run(refunds(), cuts)).toEqual(['', 3])
  })

  it('says what to declare, and that works', async () => {
    const [results, aside] = await run(refunds(['id', 'refund']), [orders])
    expect([results, aside]).toEqual(['id,refund\n1,\n2,500\n3,\n', 0])
  })
})
