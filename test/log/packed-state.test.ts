// Cells read one at a time are those that reading all at once gives, whatever is in them.

import fc from 'fast-check'
import { expect, it } from 'vitest'
import { pack, unpack } from '../../src/log/codec.ts'
import { isState } from '../../src/log/commit-record.ts'
import { packedState } from '../../src/log/packed-state.ts'

const value = fc.anything({
  withBigInt: true,
  withMap: true,
  withSet: true,
  withDate: true,
  withTypedArray: true,
  withNullPrototype: true,
  maxDepth: 3,
  stringUnit: fc.string({ unit: 'binary', maxLength: 4 }),
})
const odd = fc.constantFrom<unknown>(
  2n ** 80n,
  new Date(Number.NaN),
  -0,
  '\ud800',
  undefined,
  'x'.repeat(70_000),
  1e300,
  -5,
  2 ** 40,
)
const change = fc.record({
  cell: fc.tuple(fc.string(), fc.oneof(value, odd)),
  value: fc.oneof(value, odd),
  deleted: fc.constant(false),
})
const state = fc.array(
  fc.oneof(
    fc.tuple(fc.string(), fc.array(change)),
    fc.tuple(fc.string(), fc.array(change), fc.integer({ min: 2, max: 9 })),
  ),
)

it('gives what reading all gives', () => {
  fc.assert(
    fc.property(state, (one) => {
      const packed = pack(one)
      const whole = unpack(packed)
      if (!isState(whole)) throw new Error('no state')
      const read = packedState(packed)?.map(({ operator, version, cells }) => {
        const all = Array.from(cells(), (cell) => ({ cell: cell.cell, value: cell.value(), deleted: false }))
        return version === 1 ? [operator, all] : [operator, all, version]
      })
      expect(read).toEqual(whole)
    }),
    { numRuns: 200 },
  )
})

it.each([
  ['nothing', new Uint8Array()],
  ['a number', pack(7)],
  ['an object', pack({ a: 1 })],
  ['other lists', pack([[1, 2]])],
])('%s is no state', (_, bytes) => {
  expect(packedState(bytes)).toBeUndefined()
})

it('what is cut off is no state', () => {
  const packed = pack([['counts', [{ cell: ['state', 'a'], value: 'x'.repeat(40), deleted: false }]]])
  for (let end = 0; end < packed.length; end++) expect(packedState(packed.subarray(0, end))).toBeUndefined()
})

it('of a text gives the cells of that text, and those of no text', () => {
  const keys = ['a', 'ab', 'b', '', 7, ['a'], 'x'.repeat(40), '\ud800', 'ü']
  const changes = keys.map((key) => ({ cell: ['state', key], value: key, deleted: false }))
  const [operator] =
    packedState(pack([['counts', [{ cell: ['initial'], value: 1, deleted: false }, ...changes]]])) ?? []
  for (const key of keys) {
    if (typeof key !== 'string') continue
    const found = Array.from(operator?.cells(key) ?? [], (cell) => cell.value())
    expect(found.filter((one) => typeof one === 'string' && one !== key && one !== '\ud800')).toEqual([])
    expect(found).toEqual(expect.arrayContaining([1, 7, ['a'], key]))
  }
})
