// State that its function changes in place, in ways that leave it equal to the eye of a careless comparison: an array whose
// length stays, a set, a map and an object whose entries only change their order (issue 8, A7).

import { job } from '../../../src/index.ts'
import { describe } from '../describe.ts'
import { ascending, folded, type KindSpec, numberedWords, saveLines } from '../kind.ts'
import { numbered } from './numbered.ts'

/** How much each remembers. */
const KEPT = 2

function ring(values: readonly number[], before: number[] | undefined): number[] {
  const state = before ?? new Array<number>(8).fill(0)
  for (const value of ascending(values)) state[value % 8] = (state[value % 8] ?? 0) + 1
  return state
}

function recentSet(values: readonly number[], before: Set<string> | undefined): Set<string> {
  const state = before ?? new Set()
  for (const value of ascending(values)) {
    const name = `n${value % 3}`
    state.delete(name)
    state.add(name)
    const [oldest] = state
    if (state.size > KEPT && oldest !== undefined) state.delete(oldest)
  }
  return state
}

function recentMap(values: readonly number[], before: Map<string, number> | undefined): Map<string, number> {
  const state = before ?? new Map()
  for (const value of ascending(values)) {
    const name = `n${value % 3}`
    state.delete(name)
    state.set(name, 1)
    const [oldest] = state.keys()
    if (state.size > KEPT && oldest !== undefined) state.delete(oldest)
  }
  return state
}

function recentObject(values: readonly number[], before: Record<string, number> | undefined): Record<string, number> {
  const state = before ?? {}
  for (const value of ascending(values)) {
    const name = `n${value % 3}`
    delete state[name]
    state[name] = 1
    const names = Object.keys(state)
    if (names.length > KEPT && names[0] !== undefined) delete state[names[0]]
  }
  return state
}

export const lru: KindSpec = {
  define: (options, inPlace, version) =>
    job('simulated', options, ({ kafka }) => {
      const pairs = numbered(kafka, inPlace, version)
      const say = ([key, state]: readonly [string, unknown]): string => `${key} ${describe(state)}`
      saveLines('ring', pairs.updateStateByKey(ring, { id: 'ring' }).map(say))
      saveLines('set', pairs.updateStateByKey(recentSet, { id: 'set' }).map(say))
      saveLines('map', pairs.updateStateByKey(recentMap, { id: 'map' }).map(say))
      saveLines('object', pairs.updateStateByKey(recentObject, { id: 'object' }).map(say))
    }),
  records: numberedWords,
  expected: (ledger, inPlace) =>
    folded(ledger, inPlace, () => {
      const all = new Map<string, (readonly number[])[]>()
      return (words) => {
        for (const [word, numbers] of words) all.set(word, [...(all.get(word) ?? []), numbers])
        return {
          ring: statesOf(all, ring),
          set: statesOf(all, recentSet),
          map: statesOf(all, recentMap),
          object: statesOf(all, recentObject),
        }
      }
    }),
}

/** Every state anew from all that has come: nothing is changed that anybody else has. */
function statesOf<S>(
  all: ReadonlyMap<string, readonly (readonly number[])[]>,
  update: (values: readonly number[], state: S | undefined) => S,
): string[] {
  return [...all].map(([word, batches]) => {
    let state: S | undefined
    for (const numbers of batches) state = update(numbers, state)
    return `${word} ${describe(state)}`
  })
}
