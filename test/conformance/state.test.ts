// MapWithStateSuite's test of the state object itself. Spark calls the object directly; here it is seen where users see it, in
// the mapping function: each input is a list of calls, and what they did comes out.

import { type DStream, type State, StateSpec } from 'millrace'
import { describe } from 'vitest'
import { type Pair, stateTable } from './run.ts'

type Call = 'exists' | 'get' | 'getOption' | 'isTimingOut' | 'remove' | 'update'

/** What a call did to `state`: its result, or `throws …` with the part of the reason that matters. */
function outcome(call: Call, state: State<number>): unknown {
  try {
    return call === 'update' ? state.update(2) : state[call]()
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error)
    const reason = ['timing out', 'removed', 'not set'].find((words) => message.includes(words))
    return `throws: ${reason ?? message}`
  }
}

const LOOK: readonly Call[] = ['exists', 'get', 'getOption', 'isTimingOut']

/** A stream of `(key, calls)`: what the calls did, and the state afterwards. Keys that time out are looked at and changed. */
function calling(initial: readonly Pair<string, number>[]) {
  const spec = StateSpec.function((key: string, calls: readonly Call[] | undefined, state: State<number>) => {
    const made = calls ?? [...LOOK, 'update', 'remove']
    return [key, made.map((call) => outcome(call, state))] as const
  })
  return (
    s: DStream<Pair<string, readonly Call[]>>,
  ): readonly [DStream<Pair<string, readonly unknown[]>>, DStream<[string, number]>] => {
    const mapped = s.mapWithState(spec.initialState(initial).timeout(1500))
    return [mapped, mapped.stateSnapshots()]
  }
}

const ABSENT = [false, 'throws: not set', undefined, false]
const REMOVED = ['throws: removed', 'throws: removed']

describe('streaming/MapWithStateSuite.scala', () => {
  stateTable('state - get, exists, update, remove', {
    input: [
      [
        ['none', LOOK],
        ['new', ['update', ...LOOK]],
        ['given', LOOK],
        ['changed', ['update', ...LOOK]],
        ['gone', ['remove', ...LOOK, 'remove', 'update']],
        ['never there', ['remove', ...LOOK, 'remove', 'update']],
        ['back and forth', ['update', 'remove', ...LOOK, 'remove', 'update']],
      ],
      [],
      [],
      [],
    ],
    of: calling([
      ['given', 1],
      ['changed', 1],
      ['gone', 1],
      ['back and forth', 1],
    ]),
    outputs: [
      [
        ['none', ABSENT],
        ['new', [undefined, true, 2, 2, false]],
        ['given', [true, 1, 1, false]],
        ['changed', [undefined, true, 2, 2, false]],
        ['gone', [undefined, ...ABSENT, ...REMOVED]],
        ['never there', [undefined, ...ABSENT, ...REMOVED]],
        ['back and forth', [undefined, undefined, ...ABSENT, ...REMOVED]],
      ],
      [],
      // Seen at 1 s, so strictly older than 3 s - 1.5 s.
      [
        ['new', [true, 2, 2, true, 'throws: timing out', 'throws: timing out']],
        ['given', [true, 1, 1, true, 'throws: timing out', 'throws: timing out']],
        ['changed', [true, 2, 2, true, 'throws: timing out', 'throws: timing out']],
      ],
      [],
    ],
    states: [
      [
        ['new', 2],
        ['given', 1],
        ['changed', 2],
      ],
      [
        ['new', 2],
        ['given', 1],
        ['changed', 2],
      ],
      [],
      [],
    ],
  })
})
