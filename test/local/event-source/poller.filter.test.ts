// What a filter holds back counts as processed, and is never invoked with.
// https://docs.aws.amazon.com/lambda/latest/dg/invocation-eventfiltering.html#filtering-criteria-not-met

import { expect, it } from 'vitest'
import { standIn, valuesOf } from './stand-in.ts'
import { until } from './until.ts'

const stand = standIn()
const filters = ['{"value":["a"]}']

it('invokes with what matches, and commits what does not', async () => {
  stand.topics.createTopic('t')
  stand.fill(['x', 'a', 'x', 'a', 'x', 'x'])
  await stand.start(() => undefined, { filters })
  await until('all is committed', () => stand.committed() === 6)
  expect(stand.values()).toEqual([['a', 'a']])
})

it('does not count what does not match in a batch', async () => {
  stand.topics.createTopic('t')
  stand.fill(['x', 'a', 'x', 'a', 'x', 'a'])
  await stand.start(() => undefined, { filters, batchSize: 2, maximumBatchingWindowMs: 100 })
  await until('all is committed', () => stand.committed() === 6)
  expect(stand.values()).toEqual([['a', 'a'], ['a']])
})

it('invokes nothing when nothing matches, and commits all the same', async () => {
  stand.topics.createTopic('t', { partitions: 2 })
  stand.fill(['x', 'x'], 0)
  stand.fill(['x'], 1)
  await stand.start(() => undefined, { filters })
  await until('all is committed', () => stand.committed(0) === 2 && stand.committed(1) === 1)
  expect(stand.events).toEqual([])
})

it('commits what was held back only when the function has taken the rest', async () => {
  stand.topics.createTopic('t')
  stand.fill(['a', 'x', 'x'])
  let fails = 3
  const early: unknown[] = []
  await stand.start(
    () => {
      early.push(stand.committed())
      if (fails-- > 0) throw new Error('not yet')
    },
    { filters },
  )
  await until('all is committed', () => stand.committed() === 3)
  expect(early).toEqual([undefined, undefined, undefined, undefined])
})

it('never moves a group back behind a record that is too large', async () => {
  stand.topics.createTopic('t')
  stand.fill(['x', `a${'y'.repeat(2000)}`, 'x', 'a'])
  const seen: unknown[] = []
  await stand.start(
    () => void seen.push(stand.committed()),
    { filters: ['{"value":[{"prefix":"a"}]}'] },
    { payloadLimit: 1000, oversized: 'skip' },
  )
  await until('all is committed', () => stand.committed() === 4)
  expect(stand.values()).toEqual([['a']])
  expect(seen).toEqual([2])
})

it('goes on in each partition where it stands, with partial responses too', async () => {
  stand.topics.createTopic('t')
  stand.fill(['a', 'x', 'a1', 'x', 'a2', 'x'])
  let first = true
  await stand.start(
    (event) => {
      if (!first) return undefined
      first = false
      expect(valuesOf(event)).toEqual(['a', 'a1', 'a2'])
      return { batchItemFailures: [{ itemIdentifier: { partition: 't-0', offset: 2 } }] }
    },
    { filters: ['{"value":[{"prefix":"a"}]}'], reportBatchItemFailures: true },
  )
  await until('all is committed', () => stand.committed() === 6)
  expect(stand.values()).toEqual([
    ['a', 'a1', 'a2'],
    ['a1', 'a2'],
  ])
})
