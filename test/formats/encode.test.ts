import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { csvLines, formatElement, ndjsonLines, textLines } from '../../src/formats/encode.ts'
import { text } from '../../src/index.ts'
import { EventRecord } from '../../src/sources/kafka-record.ts'
import { eventRecord } from '../support/kafka-events.ts'
import { parseCsv } from './parse-csv.ts'

const record = new EventRecord(eventRecord('lines', 2, { offset: 7, timestamp: 5, value: 'v', key: 'k' }), {
  key: text(),
  value: text(),
})

describe('an element as Spark prints it', () => {
  it.each<[unknown, string]>([
    ['a b', 'a b'],
    ['', ''],
    [1, '1'],
    [1.5, '1.5'],
    [-0, '0'],
    [10n, '10'],
    [true, 'true'],
    [null, 'null'],
    [undefined, 'undefined'],
    [['a', 1], '(a,1)'],
    [['a', ['b', [1, null]]], '(a,(b,(1,null)))'],
    [[], '()'],
    [{ a: 1, b: ['x'] }, '{"a":1,"b":["x"]}'],
    [[{ a: 1 }, 'b'], '({"a":1},b)'],
    [new Date(0), '1970-01-01T00:00:00.000Z'],
    [record, '{"topic":"lines","partition":2,"offset":7,"timestamp":5,"key":"k","value":"v"}'],
  ])('%o is %s', (element, expected) => {
    expect(formatElement(element)).toBe(expected)
  })

  it('stands on a line of its own', () => {
    expect(textLines.encode(['a', ['b', 1], 2])).toBe('a\n(b,1)\n2\n')
    expect(textLines.encode([])).toBe('')
  })
})

describe('NDJSON', () => {
  it('is one JSON value per line, whatever is in the texts', () => {
    fc.assert(
      fc.property(fc.array(fc.jsonValue()), (values) => {
        const lines = ndjsonLines.encode(values).split('\n')
        expect(lines.pop()).toBe('')
        expect(lines.map((line) => JSON.parse(line))).toEqual(JSON.parse(JSON.stringify(values)))
      }),
    )
  })

  it.each([undefined, () => 1, Symbol('s')])('refuses %o, which JSON cannot hold', (value) => {
    expect(() => ndjsonLines.encode([1, value])).toThrow(/NDJSON cannot hold .*; map it to a JSON value first/)
  })
})

describe('CSV', () => {
  it.each<[string, Parameters<typeof csvLines>[0], unknown[], string]>([
    [
      'objects',
      {},
      [
        { a: 1, b: 'x' },
        { b: 'y', a: 2 },
      ],
      'a,b\n1,x\n2,y\n',
    ],
    [
      'tuples',
      {},
      [
        ['x', 1],
        ['y', 2],
      ],
      '0,1\nx,1\ny,2\n',
    ],
    ['bare values', {}, ['x', 1, null], 'value\nx\n1\n""\n'],
    ['chosen columns, in their order', { columns: ['b', 'a'] }, [{ a: 1, b: 2, c: 3 }], 'b,a\n2,1\n'],
    ['tuples by index', { columns: ['1'] }, [['x', 'y']], '1\ny\n'],
    ['no header', { header: false }, [{ a: 1 }], '1\n'],
    ['missing, null and undefined', {}, [{ a: 1, b: null }, { a: undefined, b: 2 }, {}], 'a,b\n1,\n,2\n,\n'],
    [
      'commas, quotes and line breaks',
      {},
      [['a,b', 'say "x"', 'l1\nl2', 'c\rd', ' s ']],
      '0,1,2,3,4\n"a,b","say ""x""","l1\nl2","c\rd", s \n',
    ],
    ['names that need quotes', {}, [{ 'a,b': 1 }], '"a,b"\n1\n'],
    ['nested values', {}, [{ a: [1, 2], b: { c: 1 } }], 'a,b\n"(1,2)","{""c"":1}"\n'],
    ['records', {}, [record], 'topic,partition,offset,timestamp,key,value\nlines,2,7,5,k,v\n'],
    ['dates', {}, [new Date(0), { at: new Date(0) }], 'value\n1970-01-01T00:00:00.000Z\n""\n'],
    ['nothing', {}, [], ''],
  ])('%s', (_, options, elements, expected) => {
    expect(csvLines(options).encode(elements)).toBe(expected)
  })

  it('refuses elements without fields, of which nothing would be left', () => {
    expect(() => csvLines().encode([{}])).toThrow('CSV cannot hold an element without fields')
  })

  it('refuses columns that are none', () => {
    expect(() => csvLines({ columns: [] })).toThrow('saveAsCsvFiles: columns is empty. Name at least one column.')
  })

  it('parses back, by the grammar of RFC 4180', () => {
    const row = fc.tuple(fc.string(), fc.string(), fc.string({ unit: fc.constantFrom('"', ',', '\n', '\r', 'x') }))
    fc.assert(
      fc.property(fc.array(row, { minLength: 1 }), (rows) => {
        expect(parseCsv(csvLines({ header: false }).encode(rows))).toEqual(rows)
      }),
    )
    fc.assert(
      fc.property(fc.array(fc.string(), { minLength: 1 }), (values) => {
        expect(parseCsv(csvLines({ header: false }).encode(values))).toEqual(values.map((value) => [value]))
      }),
    )
  })
})
