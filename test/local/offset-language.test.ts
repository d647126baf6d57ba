import { describe, expect, it } from 'vitest'
import {
  describePosition,
  entryFor,
  offsetOf,
  type Position,
  parseEntries,
  parsePosition,
  parseRange,
} from '../../src/local/offset-language.ts'

const NOW = Date.parse('2022-03-23T07:51:41.749Z')
const HOUR = 3_600_000
const start: Position = { kind: 'start', plus: 0 }
const end: Position = { kind: 'end', minus: 0 }
const offset = (n: number): Position => ({ kind: 'offset', offset: n })
const time = (at: number | string): Position => ({ kind: 'time', time: typeof at === 'number' ? at : Date.parse(at) })

// rpk's own tables: src/go/rpk/pkg/cli/topic/consume_test.go, without its undocumented forms (oldest, newest, 90-91).
describe('a range', () => {
  it.each<[string, Position, Position | undefined]>([
    ['start', start, undefined],
    ['end', end, undefined],
    [':end', start, end],
    ['+3', { kind: 'start', plus: 3 }, undefined],
    ['-3', { kind: 'end', minus: 3 }, undefined],
    ['35', offset(35), undefined],
    ['35:', offset(35), undefined],
    [':23', start, offset(23)],
    ['90:91', offset(90), offset(91)],
    ['90:end', offset(90), end],
    ['0:0', offset(0), offset(0)],
    ['start:+10', start, { kind: 'start', plus: 10 }],
    ['-10:end', { kind: 'end', minus: 10 }, end],
    ['@1648021901749:1748021901749', time(1648021901749), time(1748021901749)],
    ['@1648021901:1748021901', time(1648021901000), time(1748021901000)],
    ['@123456789', time(123456789000), undefined],
    ['@2022-03-24:2022-03-25', time('2022-03-24'), time('2022-03-25')],
    ['@2022-03-23T07:51:41.749Z:2022-03-23T07:52:41.749Z', time(NOW), time(NOW + 60_000)],
    ['@2022-03-23T07:51:41Z:2022-03-23T07:52:41Z', time('2022-03-23T07:51:41Z'), time('2022-03-23T07:52:41Z')],
    ['@2022-03-23T07:51:41.7Z', time('2022-03-23T07:51:41.700Z'), undefined],
    ['@2022-03-23T07:51:41.Z', time('2022-03-23T07:51:41Z'), undefined],
    ['@2022-03-23T07:51:41.Z:1h', time('2022-03-23T07:51:41Z'), time('2022-03-23T08:51:41Z')],
    ['@2022-03-23T09:51:41+02:00:', time('2022-03-23T07:51:41Z'), undefined],
    ['@2022-03-23T07:51Z', time('2022-03-23T07:51:00Z'), undefined],
    ['@-48h:-24h', time(NOW - 48 * HOUR), time(NOW - 24 * HOUR)],
    ['@-48h', time(NOW - 48 * HOUR), undefined],
    ['@-48h:', time(NOW - 48 * HOUR), undefined],
    ['@-48h:24h', time(NOW - 48 * HOUR), time(NOW - 24 * HOUR)],
    ['@-1h30m', time(NOW - 1.5 * HOUR), undefined],
    ['@-1.5h', time(NOW - 1.5 * HOUR), undefined],
    ['@-2d', time(NOW - 48 * HOUR), undefined],
    ['@3h:', time(NOW + 3 * HOUR), undefined],
    ['@-1m:end', time(NOW - 60_000), end],
    ['@:2022-03-24', start, time('2022-03-24')],
    ['@:-1h', start, time(NOW - HOUR)],
    ['@end', end, undefined],
  ])('%s', (text, from, until) => {
    expect(parseRange('--offset', text, NOW)).toEqual(until ? { from, until } : { from })
  })

  it.each([
    ['', "--offset: '' is not a range of offsets. Write start, end, :end, +n, -n, n, n:, :n, n1:n2, @t, @:t or @t1:t2"],
    [':', "':' is not a range"],
    ['@', "'@' is not a range of offsets"],
    ['@:', 'a time is 13 digits (milliseconds), 9 or 10 (seconds), a day'],
    ['+a', "'+a' is not a range"],
    ['-a', "'-a' is not a range"],
    ['9999999999999999', 'is not a range of offsets'], // no offset that a number could hold
    ['1.5', "'1.5' is not a range"],
    ['90:39', "'90:39' is not a range: it ends before it begins"],
    ['90:a', "'90:a' is not a range of offsets"],
    ['@2022-03-25:2022-03-24', 'it ends before it begins'],
    ['@-24h:-48h', 'it ends before it begins'],
    ['@-03-23T07:51:41.Z', 'is not a range of offsets'],
    ['@1648021901749:asdf', 'is not a range of offsets'],
    ['@2022-03-23T07:51:41', 'RFC 3339'], // whose time it is, it must say
    ['@2022-02-30', '--offset: there is no time 2022-02-30.'],
    ['@2022-03-23T25:00:00Z', 'there is no time 2022-03-23T25:00:00Z.'],
    ['@12345', 'is not a range of offsets'],
    ['-48h', 'is not a range of offsets'],
    ['1:2:3', 'is not a range of offsets'],
    [' 1', 'is not a range of offsets'],
  ])("'%s' is refused", (text, message) => {
    expect(() => parseRange('--offset', text, NOW)).toThrow(message)
  })
})

describe('a position', () => {
  it.each<[string, Position]>([
    ['start', start],
    ['end', end],
    ['+3', { kind: 'start', plus: 3 }],
    ['-3', { kind: 'end', minus: 3 }],
    ['35', offset(35)],
    ['@2022-03-23T07:51:41Z', time('2022-03-23T07:51:41Z')],
    ['@-48h', time(NOW - 48 * HOUR)],
    ['@1648021901', time(1648021901000)],
  ])('%s', (text, position) => {
    expect(parsePosition('--from', text, NOW)).toEqual(position)
  })

  it.each(['', '35:', ':5', '1:2', '@', '@:2022-03-24', '@-48h:-24h', 'begin', '+', '@yesterday'])(
    "'%s' is refused",
    (text) => {
      expect(() => parsePosition('--from', text, NOW)).toThrow(
        `--from: '${text}' is not a place in a partition. Write start, end, +n, -n, n or @t; a time is`,
      )
    },
  )

  it.each(['start', 'end', '+3', '-3', '35', '@2022-03-23T07:51:41.749Z'])('%s is written as it is read', (text) => {
    expect(describePosition(parsePosition('--from', text, NOW))).toBe(text)
  })
})

describe('what is said of several partitions', () => {
  const parse = (text: string) => parseEntries('--from', text, (one) => parsePosition('--from', one, NOW))

  it('goes from the nearest to the widest', () => {
    const entries = parse('start,3=100,lines=@2022-03-24T00:00:00Z,lines/7=end,2024/1=5')
    expect(entryFor(entries, 'other', 0)).toEqual(start)
    expect(entryFor(entries, 'other', 3)).toEqual(offset(100))
    expect(entryFor(entries, 'lines', 0)).toEqual(time('2022-03-24'))
    expect(entryFor(entries, 'lines', 3)).toEqual(offset(100))
    expect(entryFor(entries, 'lines', 7)).toEqual(end)
    expect(entryFor(entries, '2024', 1)).toEqual(offset(5))
    expect(entryFor(parse('3=1'), 'lines', 0)).toBeUndefined()
  })

  it.each([
    ['a b=1', "--from: 'a b' before '=' is no partition. Write 3=…, topic=… or topic/3=…, divided by commas."],
    ['=1', "'' before '=' is no partition"],
    ['lines/x=1', "'lines/x' before '=' is no partition"],
    ['3=1,3=2', "--from: '3=1,3=2' says twice where every topic/3 is."],
    ['1,2', 'says twice where every topic/every partition is'],
    ['1,', "'' is not a place in a partition"],
    ['3=', "'' is not a place in a partition"],
  ])("'%s' is refused", (text, message) => {
    expect(() => parse(text)).toThrow(message)
  })
})

describe('the offset of a position', () => {
  const bounds = {
    start: 10,
    end: 100,
    offsetAt: async (at: number) => (at > 1000 ? undefined : at / 10),
  }

  it.each<[Position, number]>([
    [start, 10],
    [{ kind: 'start', plus: 5 }, 15],
    [{ kind: 'start', plus: 500 }, 100],
    [end, 100],
    [{ kind: 'end', minus: 5 }, 95],
    [{ kind: 'end', minus: 500 }, 10],
    [offset(5), 5],
    [time(500), 50],
    [time(2000), 100],
  ])('%o is %i', async (position, expected) => {
    expect(await offsetOf(position, bounds)).toBe(expected)
  })
})
