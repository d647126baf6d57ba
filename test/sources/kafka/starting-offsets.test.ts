import { expect, test } from 'vitest'
import { job, type OffsetStore, type StartingOffsets, text } from '../../../src/index.ts'
import { copying, driven, records } from '../../support/driven.ts'

const starting = (startingOffsets: StartingOffsets, more = {}) => driven(copying({}, { startingOffsets, ...more }))
const values = (n: number): string[] => Array.from({ length: n }, (_, i) => `r${i}`)

test('a partition begins at its offset, wherever deliveries are cut, and what lies before is passed over again when it comes again', async () => {
  for (const cut of [1, 2, 3, 5]) {
    const run = starting({ lines: { 0: 3, 1: -2 } })
    for (let from = 0; from < 6; from += cut)
      await run.deliver(records('lines-0', values(6).slice(from, from + cut), { at: 100 + from, step: 1, from }))
    await run.deliver(records('lines-1', ['x'], { at: 200 }))
    // All of it once more, also to an instance that knows nothing.
    await run.deliver(records('lines-0', values(6), { at: 100, step: 1, from: 0 }))
    await run.another().deliver(records('lines-0', [...values(6), 'r6'], { at: 100, step: 1, from: 0 }))
    const lines = (await run.text('copy')).trim().split('\n').sort()
    expect(lines).toEqual(['r3', 'r4', 'r5', 'r6', 'x'])
  }
})

test('the text that Structured Streaming takes means the same, and partitions that are not named begin at their first record', async () => {
  const run = starting('{"lines":{"0":2}}')
  await run.deliver(records('lines-0', values(4)), records('lines-1', ['x']))
  expect((await run.text('copy')).trim().split('\n').sort()).toEqual(['r2', 'r3', 'x'])
})

test('what was passed over may be later than all that was committed, and come again', async () => {
  const run = starting({ lines: { 0: 2 } })
  const some = [
    { timestamp: 100 },
    { timestamp: 500 },
    { value: 'r2', timestamp: 300 },
    { value: 'r3', timestamp: 301 },
  ]
  await run.deliver(records('lines-0', some, { from: 0 }))
  await run.again()
  await run.another().deliver(records('lines-0', some.slice(0, 3), { from: 0 }))
  expect(await run.text('copy')).toBe('r2\nr3\n')
})

test('a time begins with the first record that is not earlier', async () => {
  const run = starting({ at: new Date(300) })
  await run.deliver(records('lines-0', values(2), { at: 0, step: 100 }))
  await run.deliver(
    records('lines-0', ['r2', { value: 'r3', timestamp: 300 }, { value: 'late', timestamp: 100 }], { at: 200 }),
  )
  expect(await run.text('copy')).toBe('r3\nlate\n')
})

test('a store says where others have stopped; of what it does not have, everything is read', async () => {
  const store: OffsetStore = {
    name: 'memory',
    read: async (topic) => [{ topic, partition: 1, offset: 2 }],
    write: async () => {},
  }
  const run = starting(store)
  await run.deliver(records('lines-0', ['x']), records('lines-1', values(3)))
  expect((await run.text('copy')).trim().split('\n').sort()).toEqual(['r2', 'x'])
})

test('a store that cannot be read stops the partition by name, and nothing is passed over', async () => {
  let away = true
  const store: OffsetStore = {
    name: 'Redis, group x',
    read: async (topic) => {
      if (away) throw new Error('ECONNREFUSED')
      return [{ topic, partition: 0, offset: 1 }]
    },
    write: async () => {},
  }
  const run = starting(store)
  await expect(run.deliver(records('lines-0', values(2)))).rejects.toMatchObject({ code: 'STARTING_OFFSETS' })
  away = false
  await run.again()
  expect(await run.text('copy')).toBe('r1\n')
})

test('an offset that retention has deleted is a gap, unless gaps may be passed over', async () => {
  const run = starting({ lines: { 0: 3 } })
  await expect(run.deliver(records('lines-0', ['a'], { from: 5 }))).rejects.toMatchObject({ code: 'OFFSET_GAP' })
  const lax = starting({ lines: { 0: 3 } }, { gaps: 'skip' })
  await lax.deliver(records('lines-0', ['a'], { from: 5 }))
  expect(await lax.text('copy')).toBe('a\n')
})

test('an offset beyond the end is refused when a new record would be passed over', async () => {
  const run = starting({ lines: { 0: 100 } })
  await run.deliver(records('lines-0', ['old'], { at: 0 }))
  run.later('1h')
  const now = run.environment.clock.now()
  await expect(run.deliver(records('lines-0', ['new'], { at: now }))).rejects.toThrow(/100 is beyond its end/)
})

test('a topic made again is not taken for what lies before the beginning', async () => {
  const run = starting({ lines: { 0: 3 } })
  await run.deliver(records('lines-0', values(5), { at: 100, step: 1 }))
  await expect(run.deliver(records('lines-0', ['other'], { at: 5000, from: 0 }))).rejects.toMatchObject({
    code: 'TOPIC_RECREATED',
  })
})

test.each<[what: string, given: unknown, says: RegExp]>([
  ['a word', 'begin', /must be 'earliest'/],
  ['no JSON', '{"lines"', /must be 'earliest'/],
  ['a topic that is not read', { lines: { 0: 1 }, others: { 0: 1 } }, /'others' is not read/],
  ['none of a topic', {}, /'lines' is missing/],
  ['a partition left out', { lines: { 0: 1, 2: 1 } }, /partition 1 is missing/],
  ['a number that no topic has', { lines: { 0: 1, 999999999: 2 } }, /partition 1 is missing/],
  ['no partition', { lines: { a: 1 } }, /'a' is no partition/],
  ['half an offset', { lines: { 0: 1.5 } }, /partition 0: must be an offset/],
  ['less than the earliest', { lines: { 0: -3 } }, /-2 for the earliest/],
  ['the latest beside others', { lines: { 0: -1, 1: 4 } }, /-1, the latest, beside other offsets cannot be/],
  ['no time', { at: 'yesterday' }, /must be a time/],
])('%s is refused', (_, given, says) => {
  expect(() => Reflect.apply(starting, undefined, [given])).toThrow(says)
})

test('sources of one topic say the same', () => {
  const reading = (a: StartingOffsets, b: StartingOffsets) => () =>
    job('twice', { batch: '1s' }, ({ kafka }) => {
      kafka('lines', { value: text(), startingOffsets: a }).print()
      kafka(['lines', 'more'], { value: text(), startingOffsets: b }).print()
    })
  expect(reading({ lines: { 0: 1 } }, { lines: { 0: 1 }, more: { 0: 5 } })).not.toThrow()
  expect(reading({ lines: { 0: 1 } }, { lines: { 0: 2 }, more: { 0: 5 } })).toThrow(/'lines' is read several times/)
  expect(reading('latest', 'earliest')).toThrow(/'lines' is read several times/)
})
