// MapWithStateRDDSuite works on single RDDs: a state that was last touched at 1000, updated by the data of 2000. Here the initial
// state is that of the first batch, which is empty, and the data that of the second.

import { type State, StateSpec } from 'millrace'
import { testStream } from 'millrace/testing'
import { describe, expect } from 'vitest'
import { type Batches, everyMode, options, type Pair, stateTable } from './run.ts'

type Instruction = 'noop' | 'get-state' | 'update-state' | 'remove-state'

interface RecordUpdate {
  readonly name: string
  readonly initial?: number
  readonly data?: Instruction
  /** Spark's threshold at 2000; the timeout is what is left of 2000. */
  readonly threshold?: number
  readonly state?: number
  readonly output?: readonly number[]
  readonly timedOut?: readonly number[]
  readonly removed?: readonly number[]
  readonly called?: boolean
}

const UPDATES: readonly RecordUpdate[] = [
  { name: 'no state, no data', called: false },
  { name: 'state 0, no data', initial: 0, state: 0, called: false },
  { name: 'state 0, noop', initial: 0, data: 'noop', state: 0, called: true },
  { name: 'no state, noop', data: 'noop', called: true },
  { name: 'no state, get-state', data: 'get-state', output: [-1] },
  { name: 'state 123, get-state', initial: 123, data: 'get-state', state: 123, output: [123] },
  { name: 'no state, update-state', data: 'update-state', state: 0 },
  { name: 'state 0, update-state', initial: 0, data: 'update-state', state: 1 },
  { name: 'state 345, remove-state', initial: 345, data: 'remove-state', removed: [345] },
  { name: 'as old as the threshold', initial: 123, threshold: 1000, state: 123 },
  { name: 'strictly older than the threshold', initial: 123, threshold: 1001, timedOut: [123] },
  { name: 'older, but with data', initial: 123, data: 'noop', threshold: 1001, state: 123 },
  { name: 'older, but removed by its data', initial: 123, data: 'remove-state', threshold: 1001, removed: [123] },
  { name: 'no state, noop, with a timeout (SPARK-13195)', data: 'noop', threshold: 1001 },
]

/** Spark's test function; what it saw goes into `seen`. */
function testFunction(seen: { times: number[]; removed: number[]; timedOut: number[] }) {
  return (time: number, _key: string, data: Instruction | undefined, state: State<number>): number | undefined => {
    seen.times.push(time)
    switch (data) {
      case 'noop':
        return undefined
      case 'get-state':
        return state.getOption() ?? -1
      case 'update-state':
        state.update(state.exists() ? state.get() + 1 : 0)
        return undefined
      case 'remove-state':
        seen.removed.push(state.get())
        state.remove()
        return undefined
      case undefined:
        expect(state.isTimingOut()).toBe(true)
        seen.timedOut.push(state.get())
        return undefined
    }
  }
}

describe('streaming/rdd/MapWithStateRDDSuite.scala', () => {
  const THREE: readonly Pair<number, string>[] = [
    [1, '1'],
    [2, '2'],
    [3, '3'],
  ]
  const nothing = (
    _time: number,
    _key: number,
    _value: number | undefined,
    _state: State<string>,
  ): number | undefined => undefined
  const noPairs: Batches<Pair<number, number>> = [[], []]

  stateTable('creation from pair RDD', {
    input: noPairs,
    of: (s) => {
      const mapped = s.mapWithState(StateSpec.function(nothing).initialState(THREE).numPartitions(10))
      return [mapped, mapped.stateSnapshots()]
    },
    outputs: [[], []],
    states: [THREE, THREE],
  })

  stateTable('checkpointing empty state RDD', {
    input: noPairs,
    of: (s) => {
      const mapped = s.mapWithState(StateSpec.function(nothing).numPartitions(10))
      return [mapped, mapped.stateSnapshots()]
    },
    outputs: [[], []],
    states: [[], []],
  })

  describe('updating state and generating mapped data in MapWithStateRDDRecord', () => {
    for (const update of UPDATES) {
      const { name, initial, data, threshold, state, output = [], timedOut = [], removed = [], called } = update
      const input: Batches<Pair<string, Instruction>> = [[], data === undefined ? [] : [['key', data]]]
      everyMode(name, undefined, async (mode) => {
        const seen = { times: [] as number[], removed: [] as number[], timedOut: [] as number[] }
        const spec = StateSpec.function(testFunction(seen)).initialState(
          initial === undefined ? [] : [['key', initial]],
        )
        const [outputs, states] = await testStream(options({}, mode, [input]), (s) => {
          const mapped = s.mapWithState(threshold === undefined ? spec : spec.timeout(2000 - threshold))
          return [mapped, mapped.stateSnapshots()] as const
        })
        expect(outputs).toEqual([[], output])
        expect(states).toEqual([
          initial === undefined ? [] : [['key', initial]],
          state === undefined ? [] : [['key', state]],
        ])
        expect(seen).toEqual({ times: seen.times.map(() => 2000), removed, timedOut })
        if (called !== undefined) expect(seen.times.length > 0).toBe(called)
      })
    }
  })

  // The suite also checks when a state was last touched: at 1000, or at 2000 once it had data while there is a timeout. That
  // shows in when it times out: touched at 1000 it goes at 3000, touched at 2000 it goes at 4000.
  describe('updating state and generating mapped data in MapWithStateRDDRecord, time of last touch', () => {
    touched('noop', [['noop'], [], []], [[123], [123], []])
    touched('no data', [[], [], []], [[123], [], []])

    function touched(name: string, data: Batches<Instruction>, states: Batches<number>): void {
      stateTable(name, {
        input: [
          [],
          ...data.map((batch) => batch.map((instruction): Pair<string, Instruction> => ['key', instruction])),
        ],
        of: (s) => {
          const spec = StateSpec.function(testFunction({ times: [], removed: [], timedOut: [] }))
          const mapped = s.mapWithState(spec.initialState([['key', 123]]).timeout(1500))
          return [mapped, mapped.stateSnapshots()]
        },
        outputs: [[], [], [], []],
        states: [[123], ...states].map((batch) => batch.map((state) => ['key', state] as const)),
      })
    }
  })

  // Data 0 leaves the state alone, 1 adds one to it or makes it 0, 2 removes it; the output is which keys were touched. Each line is
  // one batch on the state that the line before it left, the first on k1 = 0 and k2 = 0.
  describe('states generated by MapWithStateRDD', () => {
    generated('no-op on no key', [[[], { k1: 0, k2: 0 }]])
    generated('no-op on a key', [[[['k1', 0]], { k1: 0, k2: 0 }]])
    generated('no-op on a new key', [[[['k3', 0]], { k1: 0, k2: 0 }]])
    generated('creation', [
      [[['k3', 1]], { k1: 0, k2: 0, k3: 0 }],
      [[['k4', 1]], { k1: 0, k2: 0, k3: 0, k4: 0 }],
    ])
    generated('update', [
      [[['k1', 1]], { k1: 1, k2: 0 }],
      [
        [
          ['x', 0],
          ['k2', 1],
          ['k2', 1],
          ['k3', 1],
        ],
        { k1: 1, k2: 2, k3: 0 },
      ],
      [[['k3', 1]], { k1: 1, k2: 2, k3: 1 }],
    ])
    generated('removal', [
      [[['k1', 2]], { k2: 0 }],
      [
        [
          ['k2', 2],
          ['k0', 2],
          ['k3', 1],
        ],
        { k3: 0 },
      ],
      [[['k3', 2]], {}],
    ])

    type Step = readonly [data: readonly Pair<string, number>[], states: Readonly<Record<string, number>>]

    function generated(name: string, steps: readonly Step[]): void {
      const spec = StateSpec.function((_time: number, key: string, data: number | undefined, state: State<number>) => {
        if (data === 1) state.update(state.exists() ? state.get() + 1 : 0)
        if (data === 2) state.remove()
        return key
      })
      stateTable(name, {
        input: steps.map(([data]) => data),
        of: (s) => {
          const initial: readonly Pair<string, number>[] = [
            ['k1', 0],
            ['k2', 0],
          ]
          const mapped = s.mapWithState(spec.initialState(initial).numPartitions(2))
          return [mapped, mapped.stateSnapshots()]
        },
        outputs: steps.map(([data]) => data.map(([key]) => key)),
        states: steps.map(([, states]) => Object.entries(states)),
      })
    }
  })
})
