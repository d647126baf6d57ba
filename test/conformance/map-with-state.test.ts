import { type DStream, type State, StateSpec } from 'millrace'
import { testStream } from 'millrace/testing'
import { describe, expect } from 'vitest'
import { type Batches, everyMode, one, options, type Pair, stateTable, table } from './run.ts'

const INPUT: Batches<string> = [[], ['a'], ['a', 'b'], ['a', 'b', 'c'], ['a', 'b'], ['a'], []]

/** Running counts of INPUT on top of `initial`. */
function counts(initial: Readonly<Record<string, number>>): Batches<Pair<string, number>> {
  const sums = new Map(Object.entries(initial))
  return INPUT.map((batch) => {
    for (const key of batch) sums.set(key, (sums.get(key) ?? 0) + 1)
    return [...sums]
  })
}

/** Adds the value to the state and returns the sum, as most mapping functions of the suite do. */
function sumUp(value: number | undefined, state: State<number>): number {
  const sum = (value ?? 0) + (state.getOption() ?? 0)
  state.update(sum)
  return sum
}

/** What the suite observes: what a `mapWithState` of `(key, 1)` emits, and its snapshots. */
function observed<M>(spec: StateSpec<string, number, number, M>) {
  return (s: DStream<string>): readonly [DStream<M>, DStream<[string, number]>] => {
    const mapped = s.map(one).mapWithState(spec)
    return [mapped, mapped.stateSnapshots()]
  }
}

describe('streaming/MapWithStateSuite.scala', () => {
  stateTable('mapWithState - basic operations with simple API', {
    input: INPUT,
    of: observed(
      StateSpec.function((_key: string, value: number | undefined, state: State<number>) => sumUp(value, state)),
    ),
    outputs: [[], [1], [2, 1], [3, 2, 1], [4, 3], [5], []],
    states: [
      [],
      [['a', 1]],
      [
        ['a', 2],
        ['b', 1],
      ],
      [
        ['a', 3],
        ['b', 2],
        ['c', 1],
      ],
      [
        ['a', 4],
        ['b', 3],
        ['c', 1],
      ],
      [
        ['a', 5],
        ['b', 3],
        ['c', 1],
      ],
      [
        ['a', 5],
        ['b', 3],
        ['c', 1],
      ],
    ],
  })

  stateTable('mapWithState - basic operations with advanced API', {
    input: INPUT,
    of: observed(
      StateSpec.function((_time: number, key: string, value: number | undefined, state: State<number>) => {
        sumUp(value, state)
        return key.repeat(2)
      }),
    ),
    outputs: [[], ['aa'], ['aa', 'bb'], ['aa', 'bb', 'cc'], ['aa', 'bb'], ['aa'], []],
    states: counts({}),
  })

  // Spark asks for the classes that were inferred. Here the compiler is asked: each line says what it infers.
  table('mapWithState - type inferencing and class tags', {
    input: INPUT,
    of: (s) => {
      const simple = (_key: string, _value: number | undefined, _state: State<number>) => 0
      const advanced = (_time: number, _key: string, _value: number | undefined, _state: State<number>) =>
        0 as number | undefined
      const inline: DStream<number> = s.map(one).mapWithState(StateSpec.function(simple).numPartitions(1))
      const separate: StateSpec<string, number, number, number> = StateSpec.function(advanced)
      const snapshots: DStream<[string, number]> = s.map(one).mapWithState(separate).stateSnapshots()
      return inline.union(snapshots.map(([, state]) => state))
    },
    expected: [[], [0], [0, 0], [0, 0, 0], [0, 0], [0], []],
  })

  stateTable('mapWithState - states as mapped data', {
    input: INPUT,
    of: observed(
      StateSpec.function(
        (_time: number, key: string, value: number | undefined, state: State<number>): Pair<string, number> => [
          key,
          sumUp(value, state),
        ],
      ),
    ),
    outputs: [
      [],
      [['a', 1]],
      [
        ['a', 2],
        ['b', 1],
      ],
      [
        ['a', 3],
        ['b', 2],
        ['c', 1],
      ],
      [
        ['a', 4],
        ['b', 3],
      ],
      [['a', 5]],
      [],
    ],
    states: counts({}),
  })

  stateTable('mapWithState - initial states, with nothing returned as from mapping function', {
    input: INPUT,
    of: observed(
      StateSpec.function(
        (_time: number, _key: string, value: number | undefined, state: State<number>): number | undefined => {
          sumUp(value, state)
          return undefined
        },
      ).initialState([
        ['a', 5],
        ['b', 10],
        ['c', -20],
        ['d', 0],
      ]),
    ),
    outputs: [[], [], [], [], [], [], []],
    states: counts({ a: 5, b: 10, c: -20, d: 0 }),
  })

  // A key that has a state loses it and is returned.
  stateTable('mapWithState - state removing', {
    input: [[], ['a'], ['a', 'b'], ['a', 'b', 'c'], ['a', 'b', 'c'], ['a', 'b'], ['a'], []],
    of: observed(
      StateSpec.function(
        (_time: number, key: string, value: number | undefined, state: State<number>): string | undefined => {
          if (state.exists()) {
            state.remove()
            return key
          }
          if (value !== undefined) state.update(value)
          return undefined
        },
      ).numPartitions(1),
    ),
    outputs: [[], [], ['a'], ['b'], ['a', 'c'], ['b'], ['a'], []],
    states: [
      [],
      [['a', 1]],
      [['b', 1]],
      [
        ['a', 1],
        ['c', 1],
      ],
      [['b', 1]],
      [['a', 1]],
      [],
      [],
    ],
  })

  // Spark sweeps in every tenth batch, so its suite says only that b and c time out some time within 20 batches.
  const ACTIVE: Batches<string> = [
    ['a', 'b', 'c'],
    ['a', 'b'],
    ['a'],
    [],
    [],
    ...Array.from({ length: 21 }, () => ['a']),
  ]
  const expiring = observed(
    StateSpec.function(
      (_time: number, key: string, value: number | undefined, state: State<number>): string | undefined => {
        if (value !== undefined) state.update(1)
        return state.isTimingOut() ? key : undefined
      },
    ).timeout(3000),
  )

  everyMode('mapWithState - state timing out', undefined, async (mode) => {
    const [outputs, states] = await testStream(options({ batches: 20 }, mode, [ACTIVE]), expiring)
    expect(outputs.flat().sort()).toEqual(['b', 'c'])
    expect(states.map((batch) => new Set(batch.map(String)))).toContainEqual(new Set(['a,1', 'b,1', 'c,1']))
    expect(states.at(-1)).toEqual([['a', 1]])
  })

  // Here every batch sweeps exactly: a key goes when it is strictly older than T - 3 s, so c, seen at 1 s, at 5 s.
  const ALL: readonly Pair<string, number>[] = [
    ['a', 1],
    ['b', 1],
    ['c', 1],
  ]
  stateTable('mapWithState - state timing out, when exactly', {
    input: ACTIVE,
    of: expiring,
    batches: 8,
    outputs: [[], [], [], [], ['c'], ['b'], [], []],
    states: [ALL, ALL, ALL, ALL, ALL.slice(0, 2), ALL.slice(0, 1), ALL.slice(0, 1), ALL.slice(0, 1)],
  })

  table('mapWithState - driver failure recovery', {
    input: INPUT,
    of: (s) =>
      s
        .map(one)
        .mapWithState(
          StateSpec.function((_key: string, value: number | undefined, state: State<number>) => sumUp(value, state)),
        )
        .stateSnapshots(),
    expected: counts({}),
  })
})
