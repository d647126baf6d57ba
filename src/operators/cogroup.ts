// `cogroup`: pairs of several streams to `[key, [values of the first, values of the second, …]]`. Every key of any input is
// there, with an empty list for the inputs that lack it; joins are flat maps over this.

import type { CogroupNode } from '../graph/wide-nodes.ts'
import { KeyMap } from '../values/key-map.ts'
import { type Pair, pairOf } from '../values/pairs.ts'
import type { BucketOperator, Elements } from './bucket-operator.ts'
import { stateless } from './stateless.ts'

/** `cogroup` in a bucket: keys in the order in which they were first seen, input by input. */
export function cogroup(node: CogroupNode): BucketOperator {
  return stateless(node, (inputs) => cogroupElements(node.inputs.length, inputs))
}

function cogroupElements(width: number, inputs: readonly (Elements | undefined)[]): Pair[] {
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
