// Every value as JSON and back.

import fc from 'fast-check'
import { expect, it } from 'vitest'
import { NotTagged, tagged, taggedText, valueOfText } from '../../src/values/tagged-json.ts'

it.each<[unknown, string]>([
  ['a', '"a"'],
  [{ a: [1, null, true] }, '{"a":[1,null,true]}'],
  [7n, '{"$bigint":"7"}'],
  [Number.NaN, '{"$number":"NaN"}'],
  [-0, '{"$number":"-0"}'],
  [undefined, '{"$undefined":true}'],
  [new Date(0), '{"$date":"1970-01-01T00:00:00.000Z"}'],
  [new Map([['a', 1n]]), '{"$map":[["a",{"$bigint":"1"}]]}'],
  [new Set([1]), '{"$set":[1]}'],
  [Uint8Array.of(1, 2), '{"$bytes":"AQI="}'],
  [Int16Array.of(1), '{"$typed":["Int16Array","AQA="]}'],
  [{ $set: 1 }, '{"$object":[["$set",1]]}'],
  [{ $a: 1, b: 2 }, '{"$a":1,"b":2}'],
  ['\ud800', '"\\ud800"'],
])('%o', (value, text) => {
  expect(taggedText(value)).toBe(text)
  expect(valueOfText(text)).toStrictEqual(value)
})

it('anything comes back', () => {
  const value = fc.anything({
    ...{ withBigInt: true, withMap: true, withSet: true, withDate: true, withTypedArray: false, maxDepth: 3 },
    key: fc.oneof(fc.string(), fc.constantFrom('$set', '$object', '__proto__', '$x')),
  })
  fc.assert(
    fc.property(value, (one) => {
      expect(valueOfText(JSON.stringify(tagged(one)))).toStrictEqual(one)
    }),
    { numRuns: 300 },
  )
})

it.each([
  '{"$bigint":7}',
  '{"$bigint":"x"}',
  '{"$number":"1"}',
  '{"$date":"noon"}',
  '{"$map":[1]}',
  '{"$bytes":"?"}',
  '{"$typed":["Int16Array","AQ=="]}',
  '{"$what":1}',
])('%s is none', (text) => {
  expect(() => valueOfText(text)).toThrow(NotTagged)
})
