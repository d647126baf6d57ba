// Pairs of several batches by key. Spark: `cogroup` and the joins of `PairRDDFunctions`.

import { KeyMap } from '../values/key-map.ts'
import { groupsOf, type PairsOf, type PartitionOptions } from './pairs.ts'
import { byKey, flat, partitionsFor } from './partitions.ts'

export function cogrouped<K, V, W>(
  operation: string,
  left: PairsOf<K, V>,
  right: PairsOf<K, W>,
  { numPartitions }: PartitionOptions,
): [K, [V[], W[]]][][] {
  const count = partitionsFor(operation, numPartitions, left, right)
  const [lefts, rights] = [groupsOf(flat(left)), groupsOf(flat(right))]
  const all = new KeyMap<[K, [V[], W[]]]>()
  for (const [key, values] of lefts.values()) all.set(key, [key, [values, rights.get(key)?.[1] ?? []]])
  for (const [key, values] of rights.values()) if (!lefts.has(key)) all.set(key, [key, [[], values]])
  return byKey(all.values(), ([key]) => key, count)
}

/** Every value of one side with every one of the other. */
export function everyPair<V, W>(left: readonly V[], right: readonly W[]): [V, W][] {
  return left.flatMap((v) => right.map((w): [V, W] => [v, w]))
}

/** A side without values has one that is undefined. */
export function orUndefined<V>(values: readonly V[]): readonly (V | undefined)[] {
  return values.length === 0 ? [undefined] : values
}
