import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { UnknownCellError } from '../../src/errors/operator-errors.ts'
import type { Asked } from '../../src/operators/operator.ts'
import { updateStateByKey as updateStateByKeyOf } from '../../src/operators/update-state-by-key.ts'
import { bucketOf } from '../../src/values/hash.ts'
import { KeyMap } from '../../src/values/key-map.ts'
import { type AtWork, atWork, batchesOf, drive, RESTARTS, snapshot } from './drive.ts'
import { someKey } from './keys.ts'

type Update = (values: readonly unknown[], state: unknown) => unknown

type Groups = Iterable<readonly [key: unknown, values: readonly unknown[], state: unknown]>
type Initial = Iterable<readonly [unknown, unknown]>

const updateStateByKey = (asked: Asked, owns = (_: unknown): boolean => true): AtWork => atWork(asked, { owns })

/** The most general of the three shapes. */
const ofGroups = (update: (groups: Groups) => Initial, initialState: Initial = []): Asked =>
  updateStateByKeyOf(update, { initialState })

/** One key at a time, undefined removes. */
function nodeOf(update: Update, initial: Initial = []): Asked {
  return ofGroups(function* (groups) {
    for (const [key, values, state] of groups) {
      const next = update(values, state)
      if (next !== undefined) yield [key, next]
    }
  }, initial)
}

const sum: Update = (values, state) => values.reduce((total: number, n) => total + Number(n), Number(state ?? 0))
/** Changes an object in place; removes a key whose batch has only zeros. */
const tally: Update = (values, state) => {
  if (values.length > 0 && values.every((n) => n === 0)) return undefined
  const own = Object(state ?? { n: 0, seen: [] })
  for (const value of values) {
    own.n += Number(value)
    own.seen.push(value)
  }
  return own
}

const pairs = fc.array(fc.tuple(someKey, fc.integer({ min: 0, max: 2 })), { maxLength: 6 })
const inputs = fc.array(fc.option(pairs, { nil: undefined }), { maxLength: 12 })
const initials = fc.array(fc.tuple(someKey, fc.constant({ n: 5, seen: ['initial'] })), { maxLength: 3 })

/** The definition, with whole state copied from batch to batch. */
function expected(
  update: Update,
  initial: [unknown, unknown][],
  batches: typeof inputs extends fc.Arbitrary<infer T> ? T : never,
) {
  let state = new KeyMap<unknown>()
  for (const [key, value] of initial) state.set(key, value)
  return batches.map((elements) => {
    const values = new KeyMap<unknown[]>()
    for (const key of state.keys()) values.set(key, [])
    for (const [key, value] of elements ?? []) values.set(key, [...(values.get(key) ?? []), value])
    const next = new KeyMap<unknown>()
    for (const [key, group] of values) {
      const result = update(group, structuredClone(state.get(key)))
      if (result !== undefined) next.set(key, result)
    }
    state = next
    return structuredClone([...next])
  })
}

describe('updateStateByKey', () => {
  it('runs for every key, each batch, and emits the whole state', () => {
    // Spark's BasicOperationsSuite, updateStateByKey with initial state.
    const batches = batchesOf(10, [
      [['a', 1]],
      [
        ['a', 1],
        ['b', 1],
      ],
      undefined,
      [['c', 1]],
    ])
    for (const restart of RESTARTS) {
      expect(
        drive(
          () =>
            updateStateByKey(
              nodeOf(sum, [
                ['a', 1],
                ['c', 2],
              ]),
            ),
          batches,
          restart,
        ),
      ).toEqual([
        [
          ['a', 2],
          ['c', 2],
        ],
        [
          ['a', 3],
          ['c', 2],
          ['b', 1],
        ],
        [
          ['a', 3],
          ['c', 2],
          ['b', 1],
        ],
        [
          ['a', 3],
          ['c', 3],
          ['b', 1],
        ],
      ])
    }
  })

  it('equals the definition, restarted or not, although states change in place', () => {
    fc.assert(
      fc.property(inputs, initials, fc.constantFrom(...RESTARTS), (elements, initial, restart) => {
        const create = () => updateStateByKey(nodeOf(tally, structuredClone(initial)))
        expect(drive(create, batchesOf(10, elements), restart)).toEqual(expected(tally, initial, elements))
      }),
      { numRuns: 300 },
    )
  })

  it('saves only the states that changed', () => {
    const operator = updateStateByKey(nodeOf(tally))
    operator.run(10, [
      [
        ['a', 1],
        ['b', 1],
        [{ x: 1 }, 1],
      ],
    ])
    expect(cellsOf(operator)).toEqual([['initial'], ['state', 'a'], ['state', 'b'], ['state', { x: 1 }]])
    operator.run(20, [
      [
        ['b', 2],
        [{ x: 1 }, 0],
      ],
    ])
    expect(operator.takeChanges()).toEqual([
      { cell: ['state', 'b'], value: { n: 3, seen: [1, 2] }, deleted: false },
      { cell: ['state', { x: 1 }], value: undefined, deleted: true },
    ])
    operator.run(30, [undefined])
    expect(operator.takeChanges()).toEqual([])
  })

  it('what is emitted, or kept by the function, is not the state', () => {
    const kept: { n: number }[] = []
    const operator = updateStateByKey(
      nodeOf((_, state) => {
        const own = Object(state ?? { n: 1 })
        kept.push(own)
        return own
      }),
    )
    operator.run(10, [[['a', 1]]])
    for (const own of kept) own.n = 99
    expect(operator.run(20, [undefined])).toEqual([['a', { n: 1 }]])
    for (const own of kept) own.n = 99
    expect(snapshot(operator)[1]?.value).toEqual({ n: 1 })
  })

  it('applies the initial state of its own bucket, once, also when all of it was removed', () => {
    const keys = Array.from({ length: 50 }, (_, i): [string, number] => [`k${i}`, i + 1])
    const emitted = [0, 1, 2].flatMap((bucket) => {
      const operator = updateStateByKey(nodeOf(sum, keys), (key) => bucketOf(key, 3) === bucket)
      return operator.run(10, [undefined]) ?? []
    })
    expect(
      new Map(Array.from(emitted, (pair): [unknown, unknown] => (Array.isArray(pair) ? [pair[0], pair[1]] : [0, 0]))),
    ).toEqual(new Map(keys))
    expect(emitted.length).toBe(50)
    const removing = () => updateStateByKey(nodeOf(() => undefined, keys))
    for (const restart of RESTARTS) expect(drive(removing, batchesOf(10, [[], [], []]), restart)).toEqual([[], [], []])
  })

  it('new code that adds initial state to a running job does not apply it', () => {
    const old = updateStateByKey(nodeOf(sum))
    old.run(10, [[['a', 1]]])
    const renewed = updateStateByKey(nodeOf(sum, [['b', 7]]))
    for (const change of old.takeChanges()) renewed.restore(change)
    expect(renewed.run(20, [undefined])).toEqual([['a', 1]])
  })

  it('a function may give back other keys, some twice, or not look at all of them', () => {
    const renaming = ofGroups(function* (groups) {
      for (const [key, values, state] of groups) {
        yield [`${key}'`, [values.length, state]]
        yield [`${key}'`, 'ignored']
        if (key === 'stop') return
      }
    })
    const batches = batchesOf(10, [
      [
        ['x', 1],
        ['stop', 1],
        ['unseen', 1],
      ],
      [['x', 2]],
    ])
    for (const restart of RESTARTS) {
      expect(drive(() => updateStateByKey(renaming), batches, restart)).toEqual([
        [
          ["x'", [1, undefined]],
          ["x'", 'ignored'],
          ["stop'", [1, undefined]],
          ["stop'", 'ignored'],
        ],
        [
          ["x''", [0, [1, undefined]]],
          ["x''", 'ignored'],
          ["stop''", [0, [1, undefined]]],
          ["stop''", 'ignored'],
          ["x'", [1, undefined]],
          ["x'", 'ignored'],
        ],
      ])
    }
  })

  it('does not run between the slides of its input, nor without data', () => {
    const operator = atWork(nodeOf(sum, [['a', 1]]), {}, 20)
    expect([operator.run(10, [undefined]), operator.run(20, [undefined])]).toEqual([undefined, [['a', 1]]])
    expect(operator.due(20)).toBeUndefined()
  })

  it('refuses cells that are not its own', () => {
    for (const cell of ['initial', ['value', 'a'], ['state']]) {
      expect(() => updateStateByKey(nodeOf(sum)).restore({ cell, value: 1, deleted: false })).toThrow(UnknownCellError)
    }
  })
})

function cellsOf(operator: AtWork): unknown[] {
  return operator.takeChanges().map(({ cell }) => cell)
}
