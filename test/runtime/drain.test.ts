// A job that is drained: every window is closed once, nothing waits, and what comes after it is counted once as well.

import { expect, it } from 'vitest'
import { type DStream, type Job, job, StateSpec, text } from '../../src/index.ts'
import { drainMessage } from '../../src/lambda/sqs-waker.ts'
import { type Control, changeControl, readControl } from '../../src/runtime/control-row.ts'
import { type Driven, driven, records } from '../support/driven.ts'

const STOPPED: Control = { wanted: 'stopped', since: 0, attempt: 1, parameters: [], drain: { done: false } }

function over(make: (words: DStream<string>) => DStream<unknown>, options = {}): Job {
  return job('sums', { batch: '1s', ...options }, ({ kafka }) => {
    make(kafka('lines', { value: text() }).map(({ value }) => value)).saveAsTextFiles('s3://results/sums')
  })
}
const windowed = over((words) =>
  words.map((word) => [word, 1] as const).reduceByKeyAndWindow((a, b) => a + b, '3s', '1s'),
)

async function drain(words: Driven, name = 'sums'): Promise<void> {
  const { table } = words.environment
  await changeControl(table, name, (before) => (before.wanted === 'stopped' ? undefined : STOPPED))
  await words.handler({ Records: [{ eventSource: 'aws:sqs', body: drainMessage(name) }] })
}
const drainOf = async (words: Driven) => (await readControl(words.environment.table, 'sums')).drain

it('closes every window up to the last one that has data, ahead of the clock, as if time had gone on', async () => {
  const inTime = driven(windowed, { start: 1500 })
  await inTime.deliver(records('lines-0', ['a', 'b', 'a'], { at: 500, step: 400 }))
  await inTime.rest()

  const words = driven(windowed, { start: 1500 })
  await words.deliver(records('lines-0', ['a', 'b', 'a'], { at: 500, step: 400 }))
  await drain(words)
  expect(await drainOf(words)).toEqual({ until: 2000 + 4000, done: true })
  expect(await words.published()).toEqual(await inTime.published())
  expect(await words.closed()).toEqual(['sums-1000', 'sums-2000', 'sums-3000', 'sums-4000', 'sums-5000'])
})

it('closes what several partitions have open although one of them has just had records', async () => {
  const words = driven(windowed, { start: 1500 })
  await words.deliver(records('lines-0', ['a'], { at: 500 }), records('lines-1', ['a'], { at: 1400 }))
  await drain(words.another())
  expect((await words.published())['sums-2000/part-0'] ?? (await words.text('sums-2000'))).toContain('(a,2)')
  expect(await drainOf(words)).toMatchObject({ done: true })
})

it('loses and doubles nothing of what comes afterwards, which joins the first batch that is open', async () => {
  const counted = over((words) =>
    words
      .map((word) => [word, 1] as const)
      .updateStateByKey((values: readonly number[], count: number | undefined) => (count ?? 0) + values.length),
  )
  const words = driven(counted, { start: 1500 })
  await words.deliver(records('lines-0', ['a', 'b'], { at: 500 }))
  await drain(words)
  await words.again()
  await words.another().deliver(records('lines-0', ['a'], { at: 900 }))
  await words.rest()
  const all = await words.published()
  expect(Object.values(all).join('')).toContain('(a,2)')
  expect(Object.values(all).join('')).not.toContain('(a,3)')
})

it('ends although windows over what is never empty would not', async () => {
  const words = driven(
    over((all) => all.count().window('3s', '1s')),
    { start: 1500 },
  )
  await words.deliver(records('lines-0', ['a'], { at: 500 }))
  await drain(words)
  expect(await drainOf(words)).toEqual({ until: 1000 + 4000, done: true })
  const before = await words.closed()
  await drain(words)
  expect(await words.closed()).toEqual(before)
})

it('runs every interval up to there with idle: run', async () => {
  const words = driven(
    over((all) => all.countByWindow('3s', '1s'), { idle: 'run' }),
    { start: 1500 },
  )
  await words.deliver(records('lines-0', ['a'], { at: 500 }))
  await drain(words)
  expect(await drainOf(words)).toMatchObject({ done: true })
  expect(await words.closed()).toEqual(['sums-1000', 'sums-2000', 'sums-3000', 'sums-4000', 'sums-5000'])
})

it('leaves timeouts of keys that lie behind the last window, and they fire when the job goes on', async () => {
  const seen = StateSpec.function((key: string, value: number | undefined, state: { update(n: number): void }) => {
    if (value === undefined) return `${key} timed out`
    state.update(value)
    return undefined
  }).timeout('1h')
  const words = driven(
    over((all) => all.map((word) => [word, 1] as const).mapWithState(seen)),
    { start: 1500 },
  )
  await words.deliver(records('lines-0', ['a'], { at: 500 }))
  await drain(words)
  expect(await drainOf(words)).toMatchObject({ done: true })
  expect(await words.text()).not.toContain('timed out')
  await words.rest()
  expect(await words.text()).toContain('a timed out')
})

it('does not begin without being asked, and notes nothing when somebody has started the job meanwhile', async () => {
  const words = driven(windowed, { start: 1500 })
  await words.deliver(records('lines-0', ['a'], { at: 500 }))
  await words.handler({ Records: [{ eventSource: 'aws:sqs', body: drainMessage('sums') }] })
  expect(await words.closed()).toEqual([])
  expect(words.said('warn').at(-1)?.message).toMatch(/nobody has asked/)
})

it('ends when nothing was ever delivered', async () => {
  const words = driven(windowed)
  await drain(words)
  expect(await drainOf(words)).toEqual({ until: 0, done: true })
})
