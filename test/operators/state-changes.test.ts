// What is a change of state is decided by what would be saved: a change of order, a hole that is filled, count (I8).

import { expect, it } from 'vitest'
import { testStream } from '../../src/testing/index.ts'

const letters = [['a'], ['b'], ['a'], ['c']]

/** The two that were used last, however they are kept. */
const LRUS: readonly (readonly [string, (used: readonly string[], state: unknown) => unknown])[] = [
  [
    'a Set',
    (used, state) => {
      const seen = state instanceof Set ? state : new Set()
      for (const one of used) {
        seen.delete(one)
        seen.add(one)
      }
      for (const one of seen) if (seen.size > 2) seen.delete(one)
      return seen
    },
  ],
  [
    'a Map',
    (used, state) => {
      const seen = state instanceof Map ? state : new Map()
      for (const one of used) {
        seen.delete(one)
        seen.set(one, 1)
      }
      for (const one of seen.keys()) if (seen.size > 2) seen.delete(one)
      return seen
    },
  ],
  [
    'an object',
    (used, state) => {
      const seen: Record<string, number> = { ...Object(state) }
      for (const one of used) {
        delete seen[one]
        seen[one] = 1
      }
      for (const one of Object.keys(seen)) if (Object.keys(seen).length > 2) delete seen[one]
      return seen
    },
  ],
]

const namesOf = (state: unknown): string =>
  (state instanceof Set || state instanceof Map ? [...state.keys()] : Object.keys(Object(state))).join('')

it.each(LRUS)('an LRU kept as %s', async (_, update) => {
  for (const restart of ['never', 'every-batch'] as const) {
    const batches = await testStream({ batch: 1000, inputs: [letters], restart }, (s) =>
      s
        .map((letter) => ['k', letter] as const)
        .updateStateByKey((used: readonly string[], state: unknown) => update(used, state))
        .map(([, state]) => namesOf(state)),
    )
    expect(batches).toEqual([['a'], ['ab'], ['ba'], ['ac']])
  }
})

it('an array whose holes are filled in place', async () => {
  for (const restart of ['never', 'every-batch'] as const) {
    const batches = await testStream({ batch: 1000, inputs: [[[3], [5], [3], [5], [7]]], restart }, (s) =>
      s
        .map((at) => ['k', at] as const)
        .updateStateByKey((places: readonly number[], state?: number[]) => {
          const counts = state ?? new Array<number>(8)
          for (const at of places) counts[at] = (counts[at] ?? 0) + 1
          return counts
        })
        .map(([, counts]) => Array.from(counts, (count) => count ?? 0).join('')),
    )
    expect(batches.at(-1)).toEqual(['00020201'])
  }
})

it.each<[string, (state: unknown) => unknown]>([
  ['-0 for 0', (state) => (state === undefined ? 0 : -0)],
  ['another class of typed array', (state) => (state === undefined ? Uint8Array.of(1) : Int8Array.of(1))],
  ['undefined for a missing property', (state) => (state === undefined ? {} : { a: undefined })],
])('%s', async (_, update) => {
  const texts = [] as unknown[]
  for (const restart of ['never', 'every-batch'] as const) {
    const batches = await testStream({ batch: 1000, inputs: [[[1], [2], [3]]], restart }, (s) =>
      s
        .map((one) => ['k', one] as const)
        .updateStateByKey((_values: readonly number[], state: unknown) => update(state))
        .map(([, state]) => [Object.is(state, -0), Object(state).constructor.name, Object.keys(Object(state))]),
    )
    texts.push(batches)
  }
  expect(texts[0]).toEqual(texts[1])
})
