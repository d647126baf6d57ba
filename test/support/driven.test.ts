// The fixture itself: a test reads as a story.

import { expect, it } from 'vitest'
import { job, text } from '../../src/index.ts'
import { driven, records } from './driven.ts'

const copy = job('copy', { batch: '1s', onPoison: 'fail' }, ({ kafka }) => {
  kafka('lines', { value: text() })
    .map(({ key, value, offset, timestamp }) => [key, value, offset, timestamp].join(' '))
    .saveAsTextFiles('s3://results/copy')
})

it('numbers records, keeps their times, and brings the job to rest', async () => {
  const lines = driven(copy)
  await lines.deliver(records('lines-0', ['a', 'b'], { at: 500 }), records('lines-1', [{ key: 'k', value: 'x' }]))
  await lines.deliver(records('lines-0', ['c', 'd'], { at: 800, step: 300 }))
  expect(await lines.closed()).toEqual([])
  expect(await lines.rest()).toBeGreaterThan(0)
  expect(await lines.closed()).toEqual(['copy-1000', 'copy-2000'])
  expect(await lines.published('copy-1000/part')).toEqual({
    'copy-1000/part-lines-0-00000000000000000000': ' a 0 500\n b 1 600\n',
    'copy-1000/part-lines-0-00000000000000000002': ' c 2 800\n',
    'copy-1000/part-lines-1-00000000000000000000': 'k x 0 0\n',
  })
})

it('has other instances over the same services, which share clock and topic', async () => {
  const one = driven(copy, { partitions: { lines: 1 }, start: 0 })
  await one.deliver(records('lines-0', ['a']))
  const other = one.another({ code: 'v2' })
  await other.again()
  await other.deliver(records('lines-0', ['b']))
  one.later('1m')
  expect([other.environment.code, other.environment.clock.now()]).toEqual(['v2', 60_000])
  expect(other.environment.partitions).toEqual(one.environment.partitions)
  expect(await one.text()).toBe(' a 0 0\n b 1 0\n')
})

it('lets services fail for one instance', async () => {
  const one = driven(copy, { table: () => ({ append: () => Promise.reject(new Error('down')) }) })
  await expect(one.deliver(records('lines-0', ['a']))).rejects.toThrow('down')
  expect(one.said('error')).toMatchObject([{ facts: { error: 'Error' }, message: 'partition failed' }])
  const other = one.another()
  await other.again()
  await other.rest()
  expect(await other.text()).toBe(' a 0 0\n')
  expect((await other.head('source', 'lines-0'))?.expiresAt).toBeUndefined()
  other.later('8d')
  expect(other.expire()).toBeGreaterThan(0)
})
