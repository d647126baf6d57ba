// `combineByKey` and `fold`: most of the work is done where the data is, so that little travels. The source side folds what one
// micro-batch has (`combineLocally`, `foldLocally`) into partials, the bucket merges the partials of all micro-batches and tasks.
// A merge takes partials in the order in which they are given: the stage keeps that order fixed, so that a fold that is neither
// commutative nor exact (floating point) still comes out the same on every run (I1). Partials have been decoded for the bucket, and
// are its own.

import type { CombineByKeyNode, FoldNode } from '../graph/wide-nodes.ts'
import { type Aside, stop } from '../programs/aside.ts'
import { copyAgain, copyOf } from '../values/copy.ts'
import { KeyMap } from '../values/key-map.ts'
import { type Pair, pairOf } from '../values/pairs.ts'
import { isComposite, isTypedArray } from '../values/value.ts'
import type { BucketOperator, Elements } from './bucket-operator.ts'
import { stateless } from './stateless.ts'
import { synchronous } from './synchronous.ts'

/** What reaches the bucket: partials of the source side, or elements as they are (no shuffle between, or no combining). */
export type CombineInput = 'partials' | 'elements'

/** The bucket's side of `combineByKey`: `[key, combined]`, in the order in which keys were first seen. */
export function combineByKey(
  node: CombineByKeyNode,
  input: CombineInput = 'partials',
  aside: Aside = stop,
): BucketOperator {
  const combine = input === 'partials' ? mergePartials : combineLocally
  return stateless(node, ([elements = []]) => combine(node, elements, aside))
}

/** The source's side of `combineByKey`: pairs to one `[key, combiner]` per key, in the order in which keys were first seen. */
export function combineLocally(node: CombineByKeyNode, pairs: Elements, aside: Aside = stop): Pair[] {
  return combined(pairs, aside, (value, known, first, key) =>
    first
      ? own(node, synchronous(node.kind, node.create(value)), key)
      : synchronous(node.kind, node.mergeValue(known, merged(node, value, key))),
  )
}

function mergePartials(node: CombineByKeyNode, partials: Elements, aside: Aside): Pair[] {
  return combined(partials, aside, (partial, known, first) =>
    first ? mutable(partial) : synchronous(node.kind, node.mergeCombiners(known, mutable(partial))),
  )
}

function combined(
  pairs: Elements,
  aside: Aside,
  combine: (value: unknown, known: unknown, first: boolean, key: unknown) => unknown,
): Pair[] {
  const combiners = new KeyMap<unknown>()
  let failed: KeyMap<unknown> | undefined
  for (const element of pairs) {
    const [key, value] = pairOf(element)
    if (failed?.has(key)) continue
    const known = combiners.get(key)
    // A combiner may be undefined, so an undefined is looked at twice.
    const first = known === undefined && !combiners.has(key)
    try {
      combiners.set(key, combine(value, known, first, key))
    } catch (error) {
      if (aside === stop) throw error
      failed = (failed ?? new KeyMap<unknown>()).set(key, error)
    }
  }
  for (const [key, error] of failed ?? []) {
    combiners.delete(key)
    aside({ key, values: valuesOf(pairs, key), error })
  }
  return [...combiners]
}

function valuesOf(pairs: Elements, key: unknown): unknown[] {
  const wanted = new KeyMap<true>().set(key, true)
  return pairs.map(pairOf).flatMap(([other, value]) => (wanted.has(other) ? [value] : []))
}

/**
 * The bucket's side of `fold`: the accumulators of the source side to one element. A batch without elements gives `empty`, if
 * the node has one, so that `count` says 0 (and it runs in one bucket only, or there would be a 0 per bucket).
 */
export function fold(node: FoldNode, input: CombineInput = 'partials'): BucketOperator {
  return stateless(node, ([elements = []]) => {
    const partials = input === 'partials' ? elements : foldLocally(node, elements)
    if (partials.length === 0) return node.empty === undefined ? [] : [node.empty.value]
    return [partials.map(mutable).reduce((total, partial) => synchronous(node.kind, node.merge(total, partial)))]
  })
}

/** The source's side of `fold`: elements to one accumulator, or to none when there are none. */
export function foldLocally(node: FoldNode, elements: Elements): [accumulator?: unknown] {
  if (elements.length === 0) return []
  let total = own(node, node.create(elements[0]))
  for (let i = 1; i < elements.length; i++) {
    total = synchronous(node.kind, node.merge(total, merged(node, node.create(elements[i]))))
  }
  return [total]
}

/**
 * The accumulator, which a combining function may change (DESIGN §2a.3): so it must not be the element that it was made of, which
 * others see, too, nor anything that the function keeps for itself.
 */
function own(node: CombineByKeyNode | FoldNode, accumulator: unknown, key?: unknown): unknown {
  return node.changesNothing ? accumulator : copyOf(key, accumulator)
}

/** A partial has been decoded for the bucket, and is its own, as what is merged into it; in tests all that comes in is frozen. */
function mutable(accumulator: unknown): unknown {
  if (!isComposite(accumulator)) return accumulator
  return Object.isFrozen(accumulator) || isTypedArray(accumulator) ? copyAgain(accumulator) : accumulator
}

/**
 * What is merged into an accumulator may become part of it: the greater of two, one more in a list. Others see it too, be it under another
 * key, and the next call may change it there, so it has to be a copy.
 */
function merged(node: CombineByKeyNode | FoldNode, value: unknown, key?: unknown): unknown {
  return isComposite(value) ? own(node, value, key) : value
}
