import { describe, expect, it } from 'vitest'
import { type CutRules, cutRecords } from '../../../src/sources/kafka/cut.ts'
import type { Position } from '../../../src/sources/kafka/position.ts'
import { eventRecord } from '../../support/kafka-events.ts'

const task = { job: 'copy', stage: 'source', task: 'lines-0' }
const strict: CutRules = { gaps: 'fail', holes: 'none' }

/** Records at these offsets; each record's timestamp is ten times its offset. */
const records = (...offsets: number[]) =>
  offsets.map((offset) => eventRecord('lines', 0, { offset, timestamp: offset * 10, value: `${offset}` }))

const upTo = (until: number): Position => ({
  from: 0,
  until,
  timestamp: (until - 1) * 10,
  maxTimestamp: (until - 1) * 10,
})

function cut(offsets: number[], position?: Position, rules = strict) {
  const { records: fresh, duplicates, gaps } = cutRecords(task, records(...offsets), position, rules)
  return { fresh: fresh.map(({ offset }) => offset), duplicates, gaps }
}

describe('cutting records', () => {
  it.each<[string, number[], Position | undefined, number[], number]>([
    ['a first event anywhere', [7, 8], undefined, [7, 8], 0],
    ['what follows', [5, 6], upTo(5), [5, 6], 0],
    ['duplicates only', [3, 4], upTo(5), [], 2],
    ['an overlap', [3, 4, 5, 6], upTo(5), [5, 6], 2],
    ['an old event', [0, 1], upTo(5), [], 2],
    ['a record twice in one event', [5, 6, 6, 7], upTo(5), [5, 6, 7], 1],
    ['a run twice in one event', [5, 6, 5, 6, 7], upTo(5), [5, 6, 7], 2],
    ['nothing', [], upTo(5), [], 0],
  ])('%s', (_, offsets, position, fresh, duplicates) => {
    expect(cut(offsets, position)).toEqual({ fresh, duplicates, gaps: [] })
  })

  it('does not copy an event that is new as a whole', () => {
    const event = records(5, 6)
    expect(cutRecords(task, event, upTo(5), strict).records).toBe(event)
  })

  it.each([
    [[6, 7], 5, 6],
    [[5, 8], 6, 8],
    [[3, 4, 9], 5, 9],
    [[5, 7, 9], 6, 7],
  ])('finds the hole in %o', (offsets, from, until) => {
    expect(() => cut(offsets, upTo(5))).toThrow(
      expect.objectContaining({
        code: 'OFFSET_GAP',
        task,
        from,
        until,
        message: expect.stringContaining(`offsets ${from} to ${until - 1} (${until - from}) are missing`),
      }),
    )
  })

  it.each<CutRules>([
    { gaps: 'skip', holes: 'none' },
    { gaps: 'quarantine', holes: 'none' },
    { gaps: 'fail', holes: 'compacted' },
    { gaps: 'fail', holes: 'transactional' },
    { gaps: 'fail', holes: 'filtered' },
  ])('lets holes pass by %o, and lists them', (rules) => {
    expect(cut([4, 7, 9], upTo(5), rules)).toEqual({
      fresh: [7, 9],
      duplicates: 1,
      gaps: [
        { from: 5, until: 7 },
        { from: 8, until: 9 },
      ],
    })
  })

  it('sees no hole before the first record of a task', () => {
    expect(cut([7], undefined).gaps).toEqual([])
  })
})

describe('a topic made again', () => {
  const changed = (offset: number, timestamp: number) => [eventRecord('lines', 0, { offset, timestamp, value: 'x' })]
  const recreated = expect.objectContaining({ code: 'TOPIC_RECREATED', task })

  it('has a duplicate that is younger than anything committed', () => {
    expect(() => cutRecords(task, changed(0, 41), upTo(5), strict)).toThrow(recreated)
    expect(() => cutRecords(task, changed(0, 41), upTo(5), { gaps: 'skip', holes: 'compacted' })).toThrow(recreated)
  })

  it('has another timestamp at the last committed offset', () => {
    expect(() => cutRecords(task, changed(4, 39), upTo(5), strict)).toThrow(recreated)
    expect(() => cutRecords(task, changed(4, 40), upTo(5), strict)).not.toThrow()
  })

  it('is not assumed where an old record was younger than the last', () => {
    const position = { ...upTo(5), maxTimestamp: 99 }
    expect(() => cutRecords(task, changed(2, 99), position, strict)).not.toThrow()
    expect(() => cutRecords(task, changed(2, 100), position, strict)).toThrow(recreated)
  })
})
