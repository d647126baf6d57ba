// `distinct`: each element of a batch once. Spark: `RDD.distinct`, which DStreams reach by `transform`. Elements are compared by
// value, so they travel as the keys of pairs: equal ones meet in one bucket, and one micro-batch sends each only once.

import { type ShuffleOptions, shuffle } from '../options/shuffle.ts'
import { KeyMap } from '../values/key-map.ts'
import { type Pair, pairOf } from '../values/pairs.ts'
import type { Asked, BatchOperator, Elements } from './operator.ts'

/** Of pairs whose keys are the elements. */
export function distinct(options: ShuffleOptions): Asked {
  return { operator, ...shuffle('distinct', options) }
}

const operator: BatchOperator = {
  runs: 'on batches',
  kind: 'distinct',
  said: 'distinct',
  keys: 'lost',
  spread: 'by key',
  combine: firstOfEach,
  create: () => ({ run: (_, [pairs = []]) => firstOfEach(pairs).map(([element]) => element) }),
}

/** In the order in which elements were first seen. */
function firstOfEach(pairs: Elements): Pair[] {
  const seen = new KeyMap<Pair>()
  for (const element of pairs) {
    const pair = pairOf(element)
    if (!seen.has(pair[0])) seen.set(pair[0], pair)
  }
  return [...seen.values()]
}
