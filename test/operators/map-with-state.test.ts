import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { StateMisuseError, UnknownCellError } from '../../src/errors/operator-errors.ts'
import { mapWithState as mapWithStateOf, stateSnapshots } from '../../src/operators/map-with-state.ts'
import { type State, StateHandle } from '../../src/operators/state-handle.ts'
import { StateSpec } from '../../src/operators/state-spec.ts'
import { canonicalKey } from '../../src/values/canonical-key.ts'
import { type AtWork, atWork, batchesOf, drive, driveDue, RESTARTS, type Restart } from './drive.ts'
import { someKey } from './keys.ts'

type MapFunction = (key: unknown, value: unknown, state: State<unknown>) => unknown

interface Options {
  readonly timeout?: number
  readonly initial?: readonly (readonly [unknown, unknown])[]
}

type Spec = StateSpec<unknown, unknown, unknown, unknown>

function nodeOf(map: MapFunction, { timeout, initial = [] }: Options = {}): Spec {
  const apply = (_time: number, key: unknown, value: unknown, state: State<unknown>) => map(key, value, state)
  const spec = StateSpec.function(apply).initialState(initial)
  return timeout === undefined ? spec : spec.timeout(timeout)
}

const mapWithState = (spec: Spec): AtWork => atWork(mapWithStateOf(spec, {}))

const runningSum: MapFunction = (key, value, state) => {
  const sum = Number(value ?? 0) + Number(state.getOption() ?? 0)
  state.update(sum)
  return [key, sum]
}

const words = (...batches: string[][]) =>
  batchesOf(
    10,
    batches.map((batch) => batch.map((word) => [word, 1])),
  )

/** What is mapped, and the state after each batch. */
function both(spec: Spec, batches: ReturnType<typeof words>, restart: Restart): unknown[] {
  return drive(
    () => {
      const operator = mapWithState(spec)
      const snapshots = atWork(stateSnapshots({}), { inputs: [operator.running] })
      return { ...operator, run: (time, inputs) => [operator.run(time, inputs), snapshots.run(time, [undefined])] }
    },
    batches,
    restart,
  )
}

// Spark's MapWithStateSuite.
const input = words([], ['a'], ['a', 'b'], ['a', 'b', 'c'], ['a', 'b'], ['a'], [])

describe.each(RESTARTS)('mapWithState, restart: %s', (restart) => {
  it('states as mapped data', () => {
    expect(both(nodeOf(runningSum), input, restart)).toEqual([
      [[], []],
      [[['a', 1]], [['a', 1]]],
      [
        [
          ['a', 2],
          ['b', 1],
        ],
        [
          ['a', 2],
          ['b', 1],
        ],
      ],
      [
        [
          ['a', 3],
          ['b', 2],
          ['c', 1],
        ],
        [
          ['a', 3],
          ['b', 2],
          ['c', 1],
        ],
      ],
      [
        [
          ['a', 4],
          ['b', 3],
        ],
        [
          ['a', 4],
          ['b', 3],
          ['c', 1],
        ],
      ],
      [
        [['a', 5]],
        [
          ['a', 5],
          ['b', 3],
          ['c', 1],
        ],
      ],
      [
        [],
        [
          ['a', 5],
          ['b', 3],
          ['c', 1],
        ],
      ],
    ])
  })

  it('initial state, nothing returned', () => {
    const map: MapFunction = (...args) => void runningSum(...args)
    const initial: [string, number][] = [
      ['a', 5],
      ['b', 10],
      ['c', -20],
      ['d', 0],
    ]
    const states = [
      [5, 10, -20, 0],
      [6, 10, -20, 0],
      [7, 11, -20, 0],
      [8, 12, -19, 0],
      [9, 13, -19, 0],
      [10, 13, -19, 0],
    ]
    expect(both(nodeOf(map, { initial }), input, restart)).toEqual(
      [...states, states[5] ?? []].map((values) => [[], values.map((value, i) => ['abcd'[i], value])]),
    )
  })

  it('state removing', () => {
    const map: MapFunction = (key, value, state) => {
      if (!state.exists()) return state.update(value)
      state.remove()
      return key
    }
    const batches = words([], ['a'], ['a', 'b'], ['a', 'b', 'c'], ['a', 'b', 'c'], ['a', 'b'], ['a'], [])
    expect(both(nodeOf(map), batches, restart)).toEqual([
      [[], []],
      [[], [['a', 1]]],
      [['a'], [['b', 1]]],
      [
        ['b'],
        [
          ['a', 1],
          ['c', 1],
        ],
      ],
      [['a', 'c'], [['b', 1]]],
      [['b'], [['a', 1]]],
      [['a'], []],
      [[], []],
    ])
  })

  it('state timing out: strictly older than the timeout, in the very batch', () => {
    const map: MapFunction = (key, value, state) => {
      if (value !== undefined) state.update(1)
      return state.isTimingOut() ? key : undefined
    }
    // c is last used at 10, so at 40 its age is the timeout and at 50 it is older; b one batch later.
    const batches = words(['a', 'b', 'c'], ['a', 'b'], ['a'], [], [], ['a'], ['a'])
    const emitted = drive(() => mapWithState(nodeOf(map, { timeout: 30 })), batches, restart)
    expect(emitted).toEqual([[], [], [], [], ['c'], ['b'], []])
  })
})

const value = fc.constantFrom('update', 'remove', 'look', 'mutate')
const inputs = fc.array(fc.option(fc.array(fc.tuple(someKey, value), { maxLength: 4 }), { nil: undefined }), {
  maxLength: 20,
})
const initials = fc.uniqueArray(fc.tuple(someKey, fc.constant(['initial'])), { maxLength: 3, selector: ([key]) => key })
const timeouts = fc.option(fc.integer({ min: 1, max: 60 }), { nil: undefined })

/** Does what the value says; the state is the list of updates. */
const obey: MapFunction = (key, value, state) => {
  const list = [...(Array.isArray(state.getOption()) ? Object(state.get()) : [])]
  if (value === 'update') state.update([...list, list.length])
  if (value === 'remove' && state.exists()) state.remove()
  if (value === 'mutate' && state.exists()) Object(state.get()).push('forgotten')
  return value === 'look' ? undefined : [key, value, list, state.isTimingOut()]
}

/** The definition: every key looked at in every batch. */
function expected(
  initial: readonly (readonly [unknown, unknown])[],
  timeout: number | undefined,
  batches: ReturnType<typeof batchesOf>,
) {
  let states: { id: string; key: unknown; list: unknown[]; usedAt: number }[] = []
  return batches.map(({ time, inputs: [elements] }, batch) => {
    const emitted: unknown[] = []
    if (batch === 0) {
      states = initial.map(([key]) => ({ id: canonicalKey(key), key, list: ['initial'], usedAt: time }))
    }
    for (const element of elements ?? []) {
      const [key, action]: unknown[] = Array.isArray(element) ? element : []
      const known = states.find(({ id }) => id === canonicalKey(key))
      const list = known?.list ?? []
      if (action !== 'look') emitted.push([key, action, list, false])
      const used = {
        id: canonicalKey(key),
        key,
        list: action === 'update' ? [...list, list.length] : list,
        usedAt: time,
      }
      // A second look in one batch does not change the order of use.
      const inPlace = known?.usedAt === time && action !== 'update' && action !== 'remove'
      if (!inPlace && (known || action === 'update')) {
        states = [...states.filter((state) => state !== known), ...(action === 'remove' ? [] : [used])]
      }
    }
    const old = states.filter(({ usedAt }) => timeout !== undefined && usedAt < time - timeout)
    states = states.filter((state) => !old.includes(state))
    emitted.push(...old.map(({ key, list }) => [key, undefined, list, true]))
    return emitted
  })
}

describe('mapWithState', () => {
  it('equals the definition, restarted or not', () => {
    fc.assert(
      fc.property(inputs, initials, timeouts, fc.constantFrom(...RESTARTS), (elements, initial, timeout, restart) => {
        const node = nodeOf(obey, { initial, ...(timeout === undefined ? {} : { timeout }) })
        const batches = batchesOf(10, elements)
        expect(drive(() => mapWithState(node), batches, restart)).toEqual(expected(initial, timeout, batches))
      }),
      { numRuns: 500 },
    )
  })

  it('run only when there is data or it is due, every key times out in the same batch', () => {
    fc.assert(
      fc.property(inputs, fc.integer({ min: 1, max: 60 }), (elements, timeout) => {
        const batches = batchesOf(10, [...elements, ...new Array<undefined>(10).fill(undefined)])
        const ran = driveDue(() => mapWithState(nodeOf(obey, { timeout })), batches)
        const all = expected([], timeout, batches)
        const seen = new Map(ran.map(({ time, emitted }) => [time, emitted]))
        all.forEach((emitted, i) => {
          expect(seen.get((i + 1) * 10) ?? []).toEqual(emitted)
        })
        expect(Math.max(0, ...seen.keys())).toBeLessThanOrEqual((elements.length + 1) * 10 + timeout + 10)
      }),
    )
  })

  it('is due in the first millisecond in which a key is older than the timeout', () => {
    const operator = mapWithState(nodeOf(runningSum, { timeout: 25 }))
    expect(operator.due(0)).toBeUndefined()
    operator.run(10, [[['a', 1]]])
    expect([operator.due(10), operator.due(35), operator.due(100)]).toEqual([36, 36, 101])
    operator.run(20, [
      [
        ['b', 1],
        ['a', 1],
      ],
    ])
    expect(operator.due(20)).toBe(46)
    expect(mapWithState(nodeOf(runningSum)).due(10)).toBeUndefined()
  })

  it('changes only what was touched', () => {
    const operator = mapWithState(nodeOf(obey))
    operator.run(10, [Array.from({ length: 100 }, (_, i) => [i, 'update'])])
    operator.takeChanges()
    operator.run(20, [
      [
        [7, 'update'],
        [8, 'look'],
        [9, 'remove'],
        ['x', 'remove'],
        ['y', 'mutate'],
      ],
    ])
    expect(operator.takeChanges()).toEqual([
      { cell: ['state', 7], value: [[0, 1], 20], deleted: false },
      { cell: ['state', 9], value: undefined, deleted: true },
    ])
  })

  it('may remove what is not there: nothing changes', () => {
    const operator = mapWithState(nodeOf((_key, _value, state) => state.remove()))
    operator.run(10, [[['a', 1]]])
    expect(operator.takeChanges()).toEqual([{ cell: ['initial'], value: true, deleted: false }])
  })

  it('new code may add a timeout: state of older code times out in the order of its last use', () => {
    const old = mapWithState(nodeOf(runningSum))
    old.run(10, [
      [
        ['a', 1],
        ['b', 1],
      ],
    ])
    old.run(20, [
      [
        ['a', 1],
        ['c', 1],
      ],
    ])
    const map: MapFunction = (key, _, state) => (state.isTimingOut() ? key : undefined)
    const renewed = mapWithState(nodeOf(map, { timeout: 5 }))
    for (const [cell, value] of old.cells()) renewed.restore({ cell, value, deleted: false })
    expect(renewed.due(10)).toBe(16)
    expect(renewed.run(20, [undefined])).toEqual(['b'])
    expect(renewed.run(30, [undefined])).toEqual(['a', 'c'])
  })

  it('does not apply the initial state again when all of it was removed', () => {
    const map: MapFunction = (_key, _value, state) => (state.exists() ? state.remove() : undefined)
    for (const restart of RESTARTS) {
      const node = nodeOf(map, { initial: [['a', 1]] })
      expect(both(node, words(['a'], [], []), restart)).toEqual([
        [[], []],
        [[], []],
        [[], []],
      ])
    }
  })

  it('refuses cells that are not its own', () => {
    for (const change of [
      { cell: ['value', 'a'], value: [1, 1] },
      { cell: ['state', 'a'], value: 1 },
      { cell: 1, value: 1 },
    ]) {
      expect(() => mapWithState(nodeOf(obey)).restore({ ...change, deleted: false })).toThrow(UnknownCellError)
    }
  })
})

describe("Spark's State", () => {
  function refuses(use: () => unknown, message: string): void {
    expect(use).toThrow(StateMisuseError)
    expect(use).toThrow(new RegExp(`^${message}$`))
  }

  it('get, exists, update, remove', () => {
    const state = new StateHandle()
    state.show(undefined)
    expect([state.exists(), state.getOption(), String(state)]).toEqual([false, undefined, '<state not set>'])
    refuses(() => state.get(), 'State is not set')
    state.update(2)
    expect([state.exists(), state.get(), state.getOption(), state.use, String(state)]).toEqual([
      true,
      2,
      2,
      'updated',
      '2',
    ])
    state.remove()
    expect([state.exists(), state.getOption(), state.use]).toEqual([false, undefined, 'removed'])
    refuses(() => state.get(), 'State is not set')
    refuses(() => state.update(1), 'Cannot update the state after it has been removed')
    refuses(() => state.remove(), 'Cannot remove the state that has already been removed')
    state.show({ state: undefined })
    expect([state.exists(), state.get(), state.isTimingOut(), state.use]).toEqual([true, undefined, false, 'untouched'])
    state.showTimingOut({ state: 3 })
    expect([state.exists(), state.get(), state.isTimingOut()]).toEqual([true, 3, true])
    refuses(() => state.update(1), 'Cannot update the state that is timing out')
    refuses(() => state.remove(), 'Cannot remove the state that is timing out')
  })
})
