// Shapes: what passes is what the type says, and what the type says is checked.

import { describe, expect, expectTypeOf, it } from 'vitest'
import {
  anyList,
  bytes,
  either,
  exactly,
  flag,
  type Infer,
  list,
  maybe,
  number,
  optional,
  type Shape,
  shape,
  text,
  tuple,
  tupleAnd,
  where,
  whole,
} from '../../src/values/shape.ts'

const isSpan = shape({
  name: text,
  from: number,
  until: optional(number),
  note: maybe(text),
  more: optional(maybe(flag)),
})
const isPair = tuple<[key: string, value: number]>(text, number)
const isVersioned = tupleAnd<[key: string], number>(number, text)
const isEvent = either(shape({ kind: exactly('put'), at: number }), shape({ kind: exactly('drop', 'keep') }))

describe('a shape', () => {
  it.each<[string, Shape<unknown>, readonly unknown[], readonly unknown[]]>([
    ['text', text, ['', 'a'], [undefined, 1, null, ['a']]],
    ['number', number, [0, -1, 0.5, Number.NaN], [undefined, '1', 1n]],
    ['whole', whole, [0, -1, 2 ** 53 - 1], [0.5, 2 ** 53, Number.NaN, '1']],
    ['flag', flag, [true, false], [0, 'true', undefined]],
    ['bytes', bytes, [new Uint8Array(1), Buffer.from('a')], [[1], 'a', new Uint16Array(1)]],
    ['exactly', exactly('a', 1), ['a', 1], ['b', '1', undefined]],
    ['maybe', maybe(text), [undefined, 'a'], [null, 1]],
    ['list', list(text), [[], ['a', 'b']], [['a', 1], 'a', undefined, { 0: 'a', length: 1 }, [undefined]]],
    ['any list', anyList(), [[], [1, 'a']], ['a', {}, undefined]],
    ['tuple', isPair, [['a', 1]], [['a'], ['a', 1, 2], [1, 'a'], 'a1']],
    ['tuple and', isVersioned, [['a'], ['a', 1]], [[], ['a', 'b'], ['a', 1, 2], ['a', undefined]]],
    ['either', isEvent, [{ kind: 'put', at: 1 }, { kind: 'keep' }], [{ kind: 'put' }, { kind: 'wake' }, {}]],
    ['where', where(isPair, ([key, value]) => key.length === value), [['a', 1]], [['a', 2], ['a']]],
    [
      'object',
      isSpan,
      [
        { name: 'a', from: 1, note: undefined },
        { name: 'a', from: 1, until: 2, note: 'b', more: undefined },
        { name: 'a', from: 1, until: undefined, other: 'is not looked at' },
      ],
      [null, undefined, 'a', [], {}, { from: 1 }, { name: 'a', from: '1' }, { name: 'a', from: 1, until: '2' }],
    ],
  ])('of %s', (_, is, good, bad) => {
    expect(good.filter((value) => !is(value))).toEqual([])
    expect(bad.filter((value) => is(value))).toEqual([])
  })

  it('has the type of what passes', () => {
    expectTypeOf<Infer<typeof isSpan>>().toEqualTypeOf<{
      readonly name: string
      readonly from: number
      readonly until?: number
      readonly note: string | undefined
      readonly more?: boolean | undefined
    }>()
    expectTypeOf<Infer<typeof isPair>>().toEqualTypeOf<readonly [string, number]>()
    expectTypeOf<Infer<typeof isVersioned>>().toEqualTypeOf<readonly [string, number?]>()
    expectTypeOf<Infer<typeof isEvent>>().toEqualTypeOf<
      { readonly kind: 'put'; readonly at: number } | { readonly kind: 'drop' | 'keep' }
    >()
    const value: unknown = ['a', 1]
    if (isPair(value)) expectTypeOf(value[1]).toBeNumber()
    expect.assertions(0)
  })

  it('is told apart from others by the compiler', () => {
    // @ts-expect-error: the check must be of what the type says
    tuple<[key: string]>(number)
    // @ts-expect-error: and of all of it
    tuple<[key: string, value: number]>(text)
    // @ts-expect-error: a type that says more than the check does
    const wrong: Shape<{ readonly name: string; readonly other: string }> = shape({ name: text })
    expect(wrong({ name: 'a' })).toBe(true)
  })
})
