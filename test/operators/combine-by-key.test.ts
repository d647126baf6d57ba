import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { NotAPairError, UnknownCellError } from '../../src/errors/operator-errors.ts'
import { cogroup } from '../../src/operators/cogroup.ts'
import { type Combiner, combining } from '../../src/operators/combine-by-key.ts'
import { type Fold, folding } from '../../src/operators/fold.ts'
import { repartition } from '../../src/operators/repartition.ts'
import { type AtWork, atWork, combinedFirst, nobody } from './drive.ts'
import { someKey } from './keys.ts'

type Comes = 'partials' | 'elements'

const combineByKey = (how: Combiner, comes: Comes = 'partials', every = 1): AtWork =>
  atWork(combining(how, nobody, undefined), { combined: comes === 'partials' }, every)
const combineLocally = (how: Combiner, pairs: readonly unknown[]) =>
  combinedFirst(combining(how, nobody, undefined), pairs)
const fold = (how: Fold, comes: Comes = 'partials', every = 1): AtWork =>
  atWork(folding(how, nobody), { combined: comes === 'partials' }, every)
const foldLocally = (how: Fold, elements: readonly unknown[]) => combinedFirst(folding(how, nobody), elements)

/** Lists every step, so that order and grouping show. */
const listing: Combiner = {
  create: (value) => `(${value})`,
  mergeValue: (combined, value) => `${combined}${value}`,
  mergeCombiners: (a, b) => `${a}+${b}`,
}

const count: Fold = { empty: { value: 0 }, create: () => 1, merge: (a, b) => Number(a) + Number(b) }
const joined: Fold = { empty: undefined, create: String, merge: (a, b) => `${a}${b}` }

const pairs = fc.array(fc.tuple(someKey, fc.integer({ min: 0, max: 9 })), { maxLength: 20 })

describe('combineByKey', () => {
  it('creates, merges values on the source side, merges combiners in order', () => {
    const partials = [
      ...combineLocally(listing, [
        ['b', 1],
        ['a', 2],
        ['b', 3],
      ]),
      ...combineLocally(listing, [
        ['a', 4],
        ['c', 5],
      ]),
    ]
    expect(partials).toEqual([
      ['b', '(1)3'],
      ['a', '(2)'],
      ['a', '(4)'],
      ['c', '(5)'],
    ])
    expect(combineByKey(listing).run(1, [partials])).toEqual([
      ['b', '(1)3'],
      ['a', '(2)+(4)'],
      ['c', '(5)'],
    ])
    expect(
      combineByKey(listing, 'elements').run(1, [
        [
          ['a', 1],
          ['a', 2],
        ],
      ]),
    ).toEqual([['a', '(1)2']])
  })

  it('takes an undefined combiner for one', () => {
    const calls: unknown[] = []
    const node = {
      ...listing,
      create: () => undefined,
      mergeValue: (a: unknown, b: unknown) => void calls.push([a, b]),
    }
    expect(
      combineLocally(node, [
        ['a', 1],
        ['a', 2],
      ]),
    ).toEqual([['a', undefined]])
    expect(calls).toEqual([[undefined, 2]])
    expect(
      combineByKey(listing).run(1, [
        [
          ['a', undefined],
          ['a', 'x'],
        ],
      ]),
    ).toEqual([['a', 'undefined+x']])
  })

  it('however the batch was cut into tasks, an associative function gives the same', () => {
    fc.assert(
      fc.property(fc.array(pairs, { maxLength: 5 }), (tasks) => {
        const node = { ...listing, create: String, mergeCombiners: (a: unknown, b: unknown) => `${a}${b}` }
        const partials = tasks.flatMap((task) => combineLocally(node, task))
        expect(combineByKey(node).run(1, [partials])).toEqual(combineLocally(node, tasks.flat()))
      }),
    )
  })

  it('has an empty batch where nothing came, and none between slides', () => {
    expect(combineByKey(listing).run(5, [undefined])).toEqual([])
    const slow = combineByKey(listing, 'partials', 10)
    expect([slow.run(5, [undefined]), slow.run(10, [undefined])]).toEqual([undefined, []])
  })

  it('refuses what is no pair', () => {
    expect(() => combineLocally(listing, ['a'])).toThrow(NotAPairError)
    expect(() => combineLocally(listing, [['a']])).toThrow('got an array of length 1')
  })

  it('has no state, and says so when it is given some', () => {
    const operator = combineByKey(listing)
    operator.run(1, [[['a', '1']]])
    expect([operator.takeChanges(), [...operator.cells()], operator.due(1)]).toEqual([[], [], undefined])
    expect(() => operator.restore({ cell: ['value', 'a'], value: 1, deleted: false })).toThrow(UnknownCellError)
  })
})

describe('fold', () => {
  it('counts 0 in an empty batch, and says nothing between slides', () => {
    const operator = fold(count)
    expect(operator.run(1, [[2, 3]])).toEqual([5])
    expect([operator.run(2, [undefined]), operator.run(3, [[]])]).toEqual([[0], [0]])
    const slow = fold(count, 'partials', 10)
    expect([slow.run(5, [undefined]), slow.run(10, [undefined])]).toEqual([undefined, [0]])
  })

  it('reduces nothing to nothing', () => {
    expect(foldLocally(joined, [])).toEqual([])
    expect(fold(joined).run(1, [[]])).toEqual([])
  })

  it('keeps the order of what it folds', () => {
    fc.assert(
      fc.property(fc.array(fc.array(fc.nat(9), { maxLength: 4 }), { maxLength: 4 }), (tasks) => {
        const expected = tasks.flat().length === 0 ? [] : [tasks.flat().join('')]
        expect(fold(joined).run(1, [tasks.flatMap((task) => foldLocally(joined, task))])).toEqual(expected)
        expect(fold(joined, 'elements').run(1, [tasks.flat()])).toEqual(expected)
      }),
    )
  })

  it('folds a single undefined element to undefined, not to nothing', () => {
    const node: Fold = { ...joined, create: (element) => element }
    expect(foldLocally(node, [undefined])).toEqual([undefined])
    expect(fold(node).run(1, [[undefined]])).toEqual([undefined])
  })
})

describe('cogroup', () => {
  it('has every key of any input, with its values in order', () => {
    const operator = atWork(cogroup({}), { inputs: [undefined, undefined, undefined] })
    const left = [
      ['a', 1],
      [['t', 1], 2],
      ['a', 3],
    ]
    const right = [
      ['b', 4],
      ['a', 5],
      [['t', 1], 6],
    ]
    expect(operator.run(1, [left, right, undefined])).toEqual([
      ['a', [[1, 3], [5], []]],
      [
        ['t', 1],
        [[2], [6], []],
      ],
      ['b', [[], [4], []]],
    ])
    expect(operator.run(2, [])).toEqual([])
  })
})

it('repartition passes on what came', () => {
  const operator = atWork(repartition(2, {}))
  expect([operator.run(1, [[1, 2]]), operator.run(2, [undefined])]).toEqual([[1, 2], []])
})
