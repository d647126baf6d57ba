// Options of a state are the same wherever they are given: to the spec, to its methods, or to mapWithState.

import { expect, it } from 'vitest'
import { type DStream, job, type State, StateSpec, text } from '../../src/index.ts'
import { planned } from '../support/definition.ts'

type Ones = DStream<readonly [string, number]>

const sum = (_key: string, one: number | undefined, state: State<number>): void => {
  state.update((state.getOption() ?? 0) + (one ?? 0))
}
const OPTIONS = {
  id: 'counts',
  formerly: 'mapWithState(lines)',
  numPartitions: 3,
  initialState: [['a', 1]],
  timeout: '1m',
  version: 2,
  migrate: Number,
} as const

/** What the plan has of the operator. */
function planOf(use: (ones: Ones) => DStream<unknown>) {
  const { stages } = planned(
    job('words', { batch: 1000 }, ({ kafka }) => {
      use(kafka('lines', { value: text() }).map(({ value }) => [value, 1] as const)).print()
    }),
  )
  const [stage] = stages
  return { numPartitions: stage?.numPartitions, steps: JSON.stringify(stage?.steps) }
}

const { id, formerly } = OPTIONS
const inSpec = () => planOf((ones) => ones.mapWithState(StateSpec.function(sum, OPTIONS)))

it('options of the spec are those of mapWithState, and its methods', () => {
  expect(inSpec()).toMatchObject({ numPartitions: 3 })
  expect(planOf((ones) => ones.mapWithState(StateSpec.function(sum), OPTIONS))).toEqual(inSpec())
  const built = StateSpec.function(sum)
    .numPartitions(3)
    .initialState([['a', 1]])
    .timeout('1m')
    .version(2, Number)
  expect(planOf((ones) => ones.mapWithState(built, { id, formerly }))).toEqual(inSpec())
})

it("what mapWithState is given counts, the rest is the spec's", () => {
  const spec = StateSpec.function(sum, { ...OPTIONS, numPartitions: 7 })
  expect(planOf((ones) => ones.mapWithState(spec, { numPartitions: 3 }))).toEqual(inSpec())
})

it('options are checked where they are given', () => {
  const slip = { version: 1, timeuot: '1m' }
  expect(() => StateSpec.function(sum, slip)).toThrow(
    "StateSpec.function: unknown option 'timeuot'. Did you mean 'timeout'?",
  )
  expect(() => planOf((ones) => ones.mapWithState(StateSpec.function(sum), slip))).toThrow(
    "mapWithState: unknown option 'timeuot'",
  )
  expect(() => StateSpec.function(sum, { numPartitions: 0 })).toThrow('StateSpec.function, numPartitions')
  expect(() => StateSpec.function(sum, { timeout: '-1s' })).toThrow('StateSpec.function, timeout')
  expect(() => StateSpec.function(sum, { id: 'not an id' })).toThrow('StateSpec.function: id must be')
})
