import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { csvLines, formatElement, ndjsonLines, textLines } from '../../src/formats/encode.ts'
import { text } from '../../src/index.ts'
import { EventRecord } from '../../src/sources/kafka/record.ts'
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
    [
      new Map<unknown, unknown>([
        ['a', 1],
        [['b', 2], { c: 3 }],
      ]),
      'Map(a -> 1, (b,2) -> {"c":3})',
    ],
    [new Set([1, 'a']), 'Set(1, a)'],
    [['a', new Map([['b', new Set([1])]])], '(a,Map(b -> Set(1)))'],
    [new Uint8Array([1, 255]), 'Uint8Array(1, 255)'],
    [new BigInt64Array([-1n]), 'BigInt64Array(-1)'],
    [Number.NaN, 'NaN'],
    [[Number.NEGATIVE_INFINITY], '(-Infinity)'],
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

  it('reads back as it was', () => {
    fc.assert(
      fc.property(fc.array(fc.jsonValue({ stringUnit: 'binary' })), (values) => {
        const lines = ndjsonLines.encode(values).trimEnd().split('\n')
        if (values.length > 0) expect(lines.map((line) => JSON.parse(line))).toEqual(JSON.parse(JSON.stringify(values)))
      }),
    )
  })

  it.each<[unknown, string]>([
    [{ at: new Date(0) }, '{"at":"1970-01-01T00:00:00.000Z"}'],
    [{ a: undefined, b: 1 }, '{"b":1}'],
    [['a', [1, undefined]], '["a",[1,null]]'],
    ['\ud800', '"\\ud800"'],
    [Object.create(null, { a: { value: 1, enumerable: true } }), '{"a":1}'],
    [-0, '0'],
    [{ r: record }, '{"r":{"topic":"lines","partition":2,"offset":7,"timestamp":5,"key":"k","value":"v"}}'],
  ])('takes %o', (value, line) => {
    expect(ndjsonLines.encode([value])).toBe(`${line}\n`)
  })

  it.each<[unknown, string]>([
    [undefined, 'the element'],
    [() => 1, 'the element'],
    [Symbol('s'), 'the element'],
    [Number.NaN, 'the element'],
    [{ price: Number.NaN }, 'the element.price'],
    [['a', [1, Number.POSITIVE_INFINITY]], 'the element[1][1]'],
    [{ a: [{ 'b c': Number.NEGATIVE_INFINITY }] }, 'the element.a[0]["b c"]'],
    [new Map([['a', 1]]), 'the element'],
    [{ tags: new Set() }, 'the element.tags'],
    [{ bytes: new Uint8Array(2) }, 'the element.bytes'],
    [{ bytes: Buffer.from('x') }, 'the element.bytes'],
    [{ at: new Date(Number.NaN) }, 'the element.at'],
    [{ n: [10n] }, 'the element.n[0]'],
    [{ f: () => 1 }, 'the element.f'],
    [{ s: Symbol('s') }, 'the element.s'],
    [{ p: Promise.resolve(1) }, 'the element.p'],
  ])('refuses %o, and says where', (value, path) => {
    expect(() => ndjsonLines.encode([1, value])).toThrow(/NDJSON cannot hold .*; map it to a JSON value first/)
    expect(() => ndjsonLines.encode([1, value])).toThrow(`which ${path} is; map`)
  })

  it('refuses cycles in the words of JSON', () => {
    const cycle: unknown[] = []
    cycle.push(cycle)
    expect(() => ndjsonLines.encode([cycle])).toThrow(/circular/)
  })
})

describe('half of a surrogate pair', () => {
  it.each([
    ['text', textLines],
    ['CSV', csvLines()],
  ])('would be another text in UTF-8: refused in %s', (_, { encode }) => {
    expect(() => encode(['a', 'b\ud800'])).toThrow(/element 1 holds half of a surrogate pair/)
    expect(encode(['\ud83d\ude00'])).toContain('\ud83d\ude00')
  })
})

describe('an object in a text', () => {
  it.each([[{ a: Number.NaN }], [['a', { m: new Map() }]], [{ d: new Date(Number.NaN) }], [new Date(Number.NaN)]])(
    'that would lose something is refused: %o',
    (element) => {
      expect(() => textLines.encode([element])).toThrow()
      expect(() => csvLines().encode([['x', element]])).toThrow()
    },
  )
})

describe('CSV', () => {
  it.each<[string, Parameters<typeof csvLines>[0], unknown[], string]>([
    [
      'objects',
      { columns: ['a', 'b'] },
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
    ['no header', { header: false }, [['x', 1]], 'x,1\n'],
    [
      'missing, null and undefined',
      { columns: ['a', 'b'] },
      [{ a: 1, b: null }, { a: undefined, b: 2 }, {}],
      'a,b\n1,\n,2\n,\n',
    ],
    [
      'commas, quotes and line breaks',
      {},
      [['a,b', 'say "x"', 'l1\nl2', 'c\rd', ' s ']],
      '0,1,2,3,4\n"a,b","say ""x""","l1\nl2","c\rd", s \n',
    ],
    ['names that need quotes', { columns: ['a,b'] }, [{ 'a,b': 1 }], '"a,b"\n1\n'],
    ['nested values', { columns: ['a', 'b'] }, [{ a: [1, 2], b: { c: 1 } }], 'a,b\n"(1,2)","{""c"":1}"\n'],
    ['records', {}, [record], 'topic,partition,offset,timestamp,key,value\nlines,2,7,5,k,v\n'],
    ['dates', {}, [new Date(0)], 'value\n1970-01-01T00:00:00.000Z\n'],
    ['tuples of several lengths, each with all of its fields', {}, [['x'], ['y', 2]], '0,1\nx\ny,2\n'],
    [
      'collections',
      {},
      [new Set(['a']), new Map([['a', 1]]), new Uint8Array([1, 2])],
      'value\nSet(a)\nMap(a -> 1)\n"Uint8Array(1, 2)"\n',
    ],
    ['nothing', {}, [], ''],
  ])('%s', (_, options, elements, expected) => {
    expect(csvLines(options).encode(elements)).toBe(expected)
  })

  it('refuses elements without fields, of which nothing would be left', () => {
    expect(() => csvLines().encode([{}])).toThrow('CSV cannot hold an element without fields')
  })

  it.each<[string, unknown[][]]>([
    ['an object', [[{ id: 1 }]]],
    [
      'one with more than another, however they were cut',
      [[{ id: 1 }, { id: 2, refund: 500 }], [{ id: 2, refund: 500 }]],
    ],
  ])('refuses %s without columns', (_, parts) => {
    for (const part of parts) {
      expect(() => csvLines().encode(part)).toThrow(/CSV has to be told the columns of objects.*\{ columns: \["id"/)
    }
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
