// `cogroup`: pairs of several streams to `[key, [values of the first, values of the second, …]]`. Every key of any input is
// there, with an empty list for the inputs that lack it; joins are flat maps over this. Spark: `CoGroupedRDD`.

import { type ShuffleOptions, shuffle } from '../options/shuffle.ts'
import { KeyMap } from '../values/key-map.ts'
import { type Pair, pairOf } from '../values/pairs.ts'
import type { Asked, BatchOperator, Elements } from './operator.ts'

export function cogroup(options: ShuffleOptions): Asked {
  return { operator, ...shuffle('cogroup', options) }
}

const operator: BatchOperator = {
  runs: 'on batches',
  kind: 'cogroup',
  said: 'cogroup or join',
  keys: 'made',
  spread: 'by key',
  create: ({ inputs }) => ({ run: (_, elements) => cogrouped(inputs.length, elements) }),
}

/** Keys in the order in which they were first seen, input by input. */
function cogrouped(width: number, inputs: readonly (Elements | undefined)[]): Pair[] {
  const groups = new KeyMap<unknown[][]>()
  for (let i = 0; i < width; i++) {
    for (const element of inputs[i] ?? []) {
      const [key, value] = pairOf(element)
      let group = groups.get(key)
      if (group === undefined) {
        group = Array.from({ length: width }, () => [])
        groups.set(key, group)
      }
      group[i]?.push(value)
    }
  }
  return [...groups]
}
