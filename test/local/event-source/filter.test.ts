// FilterCriteria as Lambda documents them: the table of comparisons, and that of forms.
// https://docs.aws.amazon.com/lambda/latest/dg/invocation-eventfiltering.html, kafka-filtering.html

import { describe, expect, it } from 'vitest'
import { recordFilter } from '../../../src/local/event-source/filter.ts'

/** Whether a record with this value goes through; a text as it is, anything else as JSON. */
function passes(pattern: unknown, value: unknown): boolean {
  const filter = recordFilter([JSON.stringify(pattern)])
  const bytes =
    value instanceof Uint8Array ? value : Buffer.from(typeof value === 'string' ? value : JSON.stringify(value))
  return filter?.({ value: value === null ? null : bytes }) ?? true
}

const of = (fields: object): object => ({ value: fields })

describe('comparisons', () => {
  it.each([
    ['null', { UserID: [null] }, { UserID: null }, { UserID: 'u' }],
    ['empty', { LastName: [''] }, { LastName: '' }, { LastName: ' ' }],
    ['equals', { Name: ['Alice'] }, { Name: 'Alice' }, { Name: 'alice' }],
    ['equals, ignoring case', { Name: [{ 'equals-ignore-case': 'alice' }] }, { Name: 'ALICE' }, { Name: 'Malice' }],
    ['true', { On: [true] }, { On: true }, { On: 'true' }],
    ['and', { L: ['New York'], D: ['Monday'] }, { L: 'New York', D: 'Monday' }, { L: 'New York', D: 'Friday' }],
    ['or', { PaymentType: ['Credit', 'Debit'] }, { PaymentType: 'Debit' }, { PaymentType: 'Cash' }],
    [
      'or of fields',
      { $or: [{ L: ['New York'] }, { D: ['Monday'] }] },
      { L: 'Oslo', D: 'Monday' },
      { L: 'Oslo', D: 'Friday' },
    ],
    ['not', { Weather: [{ 'anything-but': ['Raining'] }] }, { Weather: 'Sunny' }, { Weather: 'Raining' }],
    ['not, of one', { Weather: [{ 'anything-but': 'Raining' }] }, { Weather: 'Sunny' }, { Weather: 'Raining' }],
    ['not, of a number', { Code: [{ 'anything-but': [404] }] }, { Code: 200 }, { Code: 404 }],
    ['not with a beginning', { R: [{ 'anything-but': { prefix: 'us-' } }] }, { R: 'eu-1' }, { R: 'us-1' }],
    ['not, of a field that is missing', { A: [{ 'anything-but': ['x'] }] }, { A: 'y' }, { B: 'y' }],
    ['numeric, equal', { Price: [{ numeric: ['=', 100] }] }, { Price: 100 }, { Price: 101 }],
    ['numeric, a range', { Price: [{ numeric: ['>', 10, '<=', 20] }] }, { Price: 20 }, { Price: 10 }],
    ['numeric is of numbers', { Price: [{ numeric: ['>', 10] }] }, { Price: 11 }, { Price: '11' }],
    ['exists', { ProductName: [{ exists: true }] }, { ProductName: null }, { Other: 1 }],
    ['does not exist', { ProductName: [{ exists: false }] }, { Other: 1 }, { ProductName: 'p' }],
    ['does not exist, below what does not', { a: { b: [{ exists: false }] } }, {}, { a: { b: 1 } }],
    ['begins with', { Region: [{ prefix: 'us-' }] }, { Region: 'us-east-1' }, { Region: 'eu-west-1' }],
    ['ends with', { FileName: [{ suffix: '.png' }] }, { FileName: 'a.png' }, { FileName: 'a.jpg' }],
    ['deeper', { session: { user: { id: ['7'] } } }, { session: { user: { id: '7' } } }, { session: { user: '7' } }],
    ['any element of a list', { Tags: ['b'] }, { Tags: ['a', 'b'] }, { Tags: ['a'] }],
    [
      'one element has it all',
      { Rows: { a: [1], b: [2] } },
      { Rows: [{ a: 1, b: 2 }] },
      { Rows: [{ a: 1 }, { b: 2 }] },
    ],
  ])('%s', (_, pattern, matching, other) => {
    expect(passes(of(pattern), matching)).toBe(true)
    expect(passes(of(pattern), other)).toBe(false)
  })

  it('compares numbers by their text, and orders by what they are', () => {
    const equal = recordFilter(['{"value":{"n":[300]}}'])
    const ordered = recordFilter(['{"value":{"n":[{"numeric":["=",300]}]}}'])
    for (const [text, same] of [
      ['300', true],
      ['300.0', false],
      ['3.0e2', false],
    ] as const) {
      expect(equal?.({ value: Buffer.from(`{"n":${text}}`) })).toBe(same)
      expect(ordered?.({ value: Buffer.from(`{"n":${text}}`) })).toBe(true)
    }
  })

  it('takes exists for leaves alone', () => {
    const person = { person: { name: 'John', address: { city: 'Anytown' } } }
    expect(passes(of({ person: { address: [{ exists: true }] } }), person)).toBe(false)
    expect(passes(of({ person: { name: [{ exists: true }] } }), person)).toBe(true)
  })

  it('knows no field that comes with every object', () => {
    expect(passes(of({ constructor: [{ exists: true }] }), {})).toBe(false)
    expect(passes(of({ a: [{ exists: true }] }), JSON.parse('{"__proto__":{"a":1}}'))).toBe(false)
  })
})

describe('forms', () => {
  const text = { value: ['error'] }
  const json = { value: { level: ['error'] } }
  it.each([
    ['plain text, plain pattern', text, 'error', 'fine'],
    ['JSON, JSON pattern', json, { level: 'error' }, { level: 'fine' }],
  ])('filters: %s', (_, pattern, matching, other) => {
    expect(passes(pattern, matching)).toBe(true)
    expect(passes(pattern, other)).toBe(false)
  })

  it.each([
    ['plain text, JSON pattern', json, 'fine'],
    ['JSON, plain pattern', text, { level: 'fine' }],
    ['no pattern for the value', {}, 'fine'],
    ['no UTF-8, plain pattern', text, new Uint8Array([0xff, 0xfe])],
    ['no UTF-8, JSON pattern', json, new Uint8Array([0xff, 0xfe])],
    ['a tombstone', json, null],
  ])('lets through: %s', (_, pattern, value) => {
    expect(passes(pattern, value)).toBe(true)
  })

  it('takes a number by itself for a text', () => {
    expect(passes({ value: ['42'] }, '42')).toBe(true)
    expect(passes({ value: [{ 'anything-but': ['error'] }] }, '42')).toBe(true)
  })

  it('lets through what one of several filters matches', () => {
    const filter = recordFilter(['{"value":{"a":[1]}}', '{"value":{"b":[1]}}'])
    expect(filter?.({ value: Buffer.from('{"b":1}') })).toBe(true)
    expect(filter?.({ value: Buffer.from('{"c":1}') })).toBe(false)
    expect(recordFilter([])).toBeUndefined()
  })
})

it.each([
  ['is not JSON', '{'],
  ['is not a JSON object', '[]'],
  ['asks for "key"', '{"key":["k"]}'],
  ['asks for "topic"', '{"topic":["t"]}'],
  ['rules are in a list: ["x"]', '{"value":{"a":"x"}}'],
  ['"wildcard" is no comparison', '{"value":{"a":[{"wildcard":"x*"}]}}'],
  ['"toString" is no comparison', '{"value":{"a":[{"toString":"x"}]}}'],
  ['value.a: numeric is', '{"value":{"a":[{"numeric":[">","x"]}]}}'],
  ['value.a: numeric is', '{"value":{"a":[{"numeric":["=",1,"<",2]}]}}'],
  ['exists is true or false', '{"value":{"a":[{"exists":"yes"}]}}'],
  ['a rule is one comparison', '{"value":{"a":[{"prefix":"a","suffix":"b"}]}}'],
  ['empty list', '{"value":{"a":[]}}'],
  ['two patterns or more', '{"value":{"$or":[]}}'],
  ['prefix wants a text', '{"value":{"a":[{"prefix":1}]}}'],
])('refuses: %s', (message, pattern) => {
  expect(() => recordFilter([pattern])).toThrow(message)
})

it('refuses more filters than Lambda takes', () => {
  expect(() => recordFilter(Array.from({ length: 11 }, () => '{"value":["a"]}'))).toThrow('11 filters')
})
