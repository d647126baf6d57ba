// Pairs `[key, value]`: keys are compared by value. Spark: `PairRDDFunctions`. Every partition combines what it has first, then
// partitions are put together, in their order.

import { checkFunction } from '../options/options.ts'
import { KeyMap } from '../values/key-map.ts'
import { pairOf } from '../values/pairs.ts'
import { own } from './own.ts'
import { byKey, flat, type Partitions, partitionsFor } from './partitions.ts'

/** As elements of a batch of pairs are typed. */
export type PairsOf<K, V> = Partitions<readonly [K, V]>

/** Options of operations that spread pairs by key. */
export interface PartitionOptions {
  /** How many partitions the result has. Default: as many as the largest of the batches that come together. */
  readonly numPartitions?: number
}

interface Combine<V, C> {
  create(value: V): C
  add(combined: C, value: V): C
  merge(a: C, b: C): C
}

export function combined<K, V, C>(
  operation: string,
  pairs: PairsOf<K, V>,
  { create, add, merge }: Combine<V, C>,
  { numPartitions }: PartitionOptions,
): [K, C][][] {
  for (const f of [create, add, merge]) checkFunction(operation, f)
  const count = partitionsFor(operation, numPartitions, pairs)
  const perPartition = pairs.map((some) => {
    const byKeys = new KeyMap<[K, C]>()
    for (const pair of some) {
      pairOf(pair)
      const [key, value] = pair
      const known = byKeys.get(key)
      if (known) known[1] = add(known[1], value)
      else byKeys.set(key, [key, create(value)])
    }
    return byKeys
  })
  const all = new KeyMap<[K, C]>()
  for (const [key, value] of perPartition.flatMap((some) => [...some.values()])) {
    const known = all.get(key)
    if (known) known[1] = merge(known[1], value)
    else all.set(key, [key, value])
  }
  return byKey(all.values(), ([key]) => key, count)
}

export function reduced<K, V>(pairs: PairsOf<K, V>, f: (a: V, b: V) => V, options: PartitionOptions): [K, V][][] {
  return combined('reduceByKey', pairs, { create: own, add: f, merge: f }, options)
}

export function aggregated<K, V, C>(
  operation: string,
  pairs: PairsOf<K, V>,
  zero: C,
  [add, merge]: readonly [(combined: C, value: V) => C, (a: C, b: C) => C],
  options: PartitionOptions,
): [K, C][][] {
  return combined(operation, pairs, { create: (value) => add(own(zero), value), add, merge }, options)
}

/** Of each key all values, in order. */
export function grouped<K, V>(operation: string, pairs: PairsOf<K, V>, options: PartitionOptions): [K, V[]][][] {
  const count = partitionsFor(operation, options.numPartitions, pairs)
  return byKey(groupsOf(flat(pairs)).values(), ([key]) => key, count)
}

export function groupsOf<K, V>(pairs: Iterable<readonly [K, V]>): KeyMap<[K, V[]]> {
  const groups = new KeyMap<[K, V[]]>()
  for (const pair of pairs) {
    pairOf(pair)
    const [key, value] = pair
    const known = groups.get(key)
    if (known) known[1].push(value)
    else groups.set(key, [key, [value]])
  }
  return groups
}

/** How often each key comes; equal ones are one entry, by the first of them. */
export function counted<K>(keys: Iterable<K>): Map<K, number> {
  const counts = new KeyMap<[K, number]>()
  for (const key of keys) {
    const known = counts.get(key)
    if (known) known[1]++
    else counts.set(key, [key, 1])
  }
  return new Map(counts.values())
}

/** Of each key the last value. */
export function mapOf<K, V>(pairs: Iterable<readonly [K, V]>): Map<K, V> {
  const last = new KeyMap<[K, V]>()
  for (const [key, value] of pairs) {
    const known = last.get(key)
    if (known) known[1] = value
    else last.set(key, [key, value])
  }
  return new Map(last.values())
}
