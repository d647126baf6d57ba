// A check that finds nothing is worth something only if it would find it: each kind of wrong output, and that it is noticed.

import { expect, it } from 'vitest'
import type { MovedOn } from './commits.ts'
import { eventValue, wordsValue } from './data.ts'
import { accountTables, type BatchRow, type EventRow } from './database.ts'
import { EventsCheck } from './events-check.ts'
import { Reader, type Seen } from './reader.ts'
import type { TopicRecord } from './topic.ts'
import { WordsCheck } from './words-check.ts'

const noMoves = (): MovedOn[] => []

const event = (offset: number, timestamp: number): TopicRecord => ({ offset, timestamp, value: eventValue(offset) })
const line = (offset: number): string => `${JSON.stringify({ partition: 0, offset, value: eventValue(offset) })}\n`
const EVENTS = [event(0, 1000), event(1, 9999), event(2, 10_000)]

/** What the check has to say of `parts` and of a topic with the three events. */
function eventsWith(parts: readonly (readonly [output: string, time: number, body: string])[], moves = noMoves) {
  const check = new EventsCheck(1)
  const found: string[] = []
  for (const part of parts) found.push(...[check.take(...part)].filter((problem) => problem !== undefined))
  const { lost, twice } = check.account([EVENTS], moves, (violation) => found.push(violation))
  return { lost, twice, found }
}

const RIGHT = [
  ['events', 10_000, line(0) + line(1)],
  ['events', 20_000, line(2)],
  ['thirds', 10_000, '0 0\n'],
] as const

it('finds nothing wrong with what is right', () => {
  expect(eventsWith(RIGHT)).toEqual({ lost: 0, twice: 0, found: [] })
})

it.each([
  ['a record that is lost', RIGHT.slice(1), /0 times/],
  ['one that is there twice', [...RIGHT, ['events', 10_000, line(1)]], /2 times/],
  ['one that the topic has not', [...RIGHT, ['events', 20_000, line(3)]], /1 offsets that the topic has not/],
  ['one under another batch', [RIGHT[0], ['events', 30_000, line(2)], RIGHT[2]], /belongs under 20000/],
  [
    'a line that ends in the middle',
    [[RIGHT[0][0], RIGHT[0][1], line(0) + line(1).slice(0, -9)], RIGHT[1], RIGHT[2]],
    /end/,
  ],
  ['a line that is none', [...RIGHT, ['events', 10_000, '{"partition":0\n']], /not a record/],
  ['a value that was not produced', [[RIGHT[0][0], RIGHT[0][1], line(0).replace(' ', ' x')], RIGHT[1]], /not what was/],
  ['a second output that lacks one', RIGHT.slice(0, 2), /0 times in the second output/],
  ['a second output with one too many', [...RIGHT, ['thirds', 10_000, '0 1\n']], /1 times in the second output/],
] as const)('finds %s', (_, parts, message) => {
  expect(eventsWith(parts).found).toEqual(expect.arrayContaining([expect.stringMatching(message)]))
})

it('knows where a silent partition was moved on', () => {
  const moved = () => [{ offset: 1, frontier: 15_000 }]
  const parts = [
    ['events', 10_000, line(0)],
    ['events', 20_000, line(1) + line(2)],
    ['thirds', 10_000, '0 0\n'],
  ] as const
  expect(eventsWith(parts, moved).found).toEqual([])
  expect(eventsWith(parts).found).toHaveLength(1)
})

/** Two batches of one record each, and what the job makes of them. */
function wordsWith(change: (output: string, time: number, pairs: [string, number][]) => [string, number][]) {
  const topic = [1, 2].map((id) => ({ offset: id - 1, timestamp: id * 5000, value: wordsValue(id) }))
  const check = new WordsCheck()
  const found: string[] = []
  const publish = (output: string, time: number, pairs: [string, number][]): void => {
    const lines = change(output, time, pairs).map((pair) => `${JSON.stringify(pair)}\n`)
    if (lines.length > 0) check.take(output, time, lines.join(''))
  }
  const count = (ids: readonly number[]): [string, number][] => {
    const counts = new Map<string, number>()
    for (const word of ids.flatMap((id) => wordsValue(id).split(' ').slice(1))) {
      counts.set(word, (counts.get(word) ?? 0) + 1)
    }
    return [...counts]
  }
  for (const output of ['hot', 'hot-recounted']) {
    publish(output, 10_000, count([1]))
    publish(output, 20_000, count([1, 2]))
    publish(output, 30_000, count([2]))
  }
  publish('totals', 10_000, count([1]))
  publish('totals', 15_000, count([1, 2]))
  const reached = new Map<string, number>()
  for (const id of [1, 2]) {
    const steps = wordsValue(id)
      .split(' ')
      .slice(1)
      .map((word): [string, number] => {
        reached.set(word, (reached.get(word) ?? 0) + 1)
        return [word, reached.get(word) ?? 0]
      })
    publish('steps', 5000 * (id + 1), steps)
  }
  check.account([topic], noMoves, (violation) => found.push(violation))
  return found
}

it('finds nothing wrong with the right windows and states', () => {
  expect(wordsWith((_output, _time, pairs) => pairs)).toEqual([])
})

it.each([
  ['a window that lacks a word', 'hot', 20_000, (pairs: [string, number][]) => pairs.slice(1), /hot at 20000/],
  ['a window that is not there', 'hot-recounted', 30_000, () => [], /hot-recounted at 30000: 0 pairs/],
  ['a state with another count', 'totals', 15_000, off, /totals at 15000.*1 differ/],
  ['a step that is there twice', 'steps', 10_000, (pairs: [string, number][]) => [...pairs, ...pairs], /twice/],
  ['a step that is missing', 'steps', 15_000, (pairs: [string, number][]) => pairs.slice(1), /steps/],
] as const)('finds %s', (_, output, time, wrong, message) => {
  const found = wordsWith((name, at, pairs) => (name === output && at === time ? wrong(pairs) : pairs))
  expect(found).toEqual(expect.arrayContaining([expect.stringMatching(message)]))
})

function off([first, ...rest]: [string, number][]): [string, number][] {
  return first ? [[first[0], first[1] + 1], ...rest] : []
}

/** A reader that looks at each of these listings in turn; the names of what is promised are all, unless said. */
async function readerOver(listings: readonly Readonly<Record<string, string>>[], promised?: readonly string[]) {
  const found: string[] = []
  let at = 0
  const reader = new Reader({
    results: {
      list: async () =>
        new Map(
          Object.entries(listings[at] ?? {}).map(([key, body]): [string, Seen] => [key, { etag: body, bytes: 1 }]),
        ),
      read: async (key) => listings[at]?.[key] ?? '',
    },
    commits: {
      promised: new Set(promised ?? listings.flatMap((listing) => Object.keys(listing))),
      closedUntil: 0,
      refresh: async () => undefined,
    },
    take: (_output, _time, body) => (body === 'half' ? 'it is cut' : undefined),
    onViolation: (violation) => found.push(violation),
  })
  for (; at < listings.length; at++) await reader.look()
  return found
}

it('a reader is content when objects come and stay', async () => {
  const [first, second] = [{ 'a-10/part-0': 'x' }, { 'a-10/part-0': 'x', 'a-10/part-1': 'y' }]
  expect(
    await readerOver([first, second, { ...second, 'a-10/_SUCCESS': '' }, { ...second, 'a-10/_SUCCESS': '' }]),
  ).toEqual([])
})

it.each([
  ['is gone', [{ 'a-10/part-0': 'x' }, {}], undefined, /seen and is gone/],
  ['has changed', [{ 'a-10/part-0': 'x' }, { 'a-10/part-0': 'y' }], undefined, /has changed/],
  ['is cut', [{ 'a-10/part-0': 'half' }], undefined, /it is cut/],
  [
    'nobody has promised',
    [{ 'a-10/part-0': 'x', 'a-10/part-1': 'x' }],
    ['a-10/part-0'],
    /part-1 is visible, and no commit/,
  ],
  [
    'comes after _SUCCESS',
    [{ 'a-10/_SUCCESS': '' }, { 'a-10/_SUCCESS': '', 'a-10/part-0': 'x' }],
    undefined,
    /part-0 came after the _SUCCESS/,
  ],
] as const)('a reader finds an object that %s', async (_, listings, promised, message) => {
  expect(await readerOver(listings, promised)).toEqual([expect.stringMatching(message)])
})

const ROWS: readonly EventRow[] = [
  { partition: 0, number: '0', time: '10000' },
  { partition: 0, number: '1', time: '10000' },
  { partition: 0, number: '2', time: '20000' },
]
const BATCHES: readonly BatchRow[] = [
  { time: '10000', records: '2' },
  { time: '20000', records: '1' },
]

it.each([
  ['what is right', ROWS, BATCHES, []],
  ['a record that the database lacks', ROWS.slice(1), BATCHES, [/lacks record 0 0/]],
  ['one under another batch', [...ROWS.slice(1), { partition: 0, number: '0', time: '20000' }], BATCHES, [/belongs/]],
  ['one that the topic has not', [...ROWS, { partition: 0, number: '3', time: '20000' }], BATCHES, [/that the topic/]],
  ['a batch that was not told', ROWS, BATCHES.slice(1), [/lacks batch 10000/]],
  ['one of another size', ROWS, [{ time: '10000', records: '3' }, ...BATCHES.slice(1)], [/3 records for batch 10000/]],
  ['one too many', ROWS, [...BATCHES, { time: '30000', records: '1' }], [/1 records for batch 30000/]],
])('tells of %s in PostgreSQL', (_, events, batches, messages) => {
  const found: string[] = []
  accountTables({ events, batches }, [EVENTS], noMoves, (violation) => found.push(violation))
  expect(found).toEqual(messages.map((message) => expect.stringMatching(message)))
})
