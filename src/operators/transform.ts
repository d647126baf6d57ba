// `transform`: a function of each closed batch as a whole, of one stream or of several. Spark: `transform`, `transformWith`, and
// `StreamingContext.transform`. It runs in one bucket, before the commit that holds what it gives: it may be tried again, and only what
// is committed is published (I6). All elements have been gathered by then, whatever the function needs of them.

import { type Batch, batchOf } from '../batch/batch.ts'
import { NoBatchError } from '../errors/batch-errors.ts'
import { describeValue } from '../errors/describe-value.ts'
import { SqlMissingError } from '../errors/sql-errors.ts'
import type { IdentityOptions } from '../options/identity.ts'
import { checkFunction } from '../options/options.ts'
import { identified } from '../options/shuffle.ts'
import type { Aside, Asked, BatchInfo, BatchOperator, Elements, OperatorContext } from './operator.ts'

/** What a function of `transform` may give back. */
export type Transformed<U> = Batch<U> | Iterable<U> | Promise<Batch<U> | Iterable<U>>

/** User functions sit in method signatures, so that operators forget element types. */
interface OfOne {
  of(batch: Batch<unknown>, time: number): unknown
}
interface OfTwo {
  of(batch: Batch<unknown>, other: Batch<unknown>, time: number): unknown
}
interface OfAll {
  of(batches: readonly Batch<unknown>[], time: number): unknown
}

export function transform<T, U>(f: (batch: Batch<T>, time: number) => Transformed<U>, options: IdentityOptions): Asked {
  const one: OfOne = { of: checkFunction('transform', f) }
  return transforming('transform', { of: ([batch], time) => batch && one.of(batch, time) }, options)
}

export function transformWith<T, W, U>(
  f: (batch: Batch<T>, other: Batch<W>, time: number) => Transformed<U>,
  options: IdentityOptions,
): Asked {
  const two: OfTwo = { of: checkFunction('transformWith', f) }
  const all: OfAll = { of: ([batch, other], time) => batch && other && two.of(batch, other, time) }
  return transforming('transformWith', all, options)
}

export function transformAll<B extends readonly Batch<unknown>[], U>(
  f: (batches: B, time: number) => Transformed<U>,
  options: IdentityOptions,
): Asked {
  return transforming('transform', { of: checkFunction('transform', f) }, options)
}

function transforming(said: string, all: OfAll, options: IdentityOptions): Asked {
  const operator: BatchOperator = {
    runs: 'on batches',
    kind: 'transform',
    said,
    keys: 'lost',
    spread: 'all to one',
    positions: true,
    create: (context) => ({ run: (info, inputs) => elementsOf(said, all, info, inputs, context) }),
  }
  return { ...identified(said, options), operator, numPartitions: 1 }
}

function elementsOf(
  said: string,
  all: OfAll,
  { time, offsetRanges }: BatchInfo,
  inputs: readonly (Elements | undefined)[],
  { batchId, aside }: OperatorContext,
): Promise<Elements> {
  const id = batchId(time)
  const batches = inputs.map((elements = [], i) =>
    batchOf<unknown>([elements], { time, id, offsetRanges: offsetRanges[i] ?? [] }),
  )
  const given = (): Elements => inputs.flatMap((elements) => elements ?? [])
  return madeOf(said, batches, () => all.of(batches, time), given, aside)
}

/**
 * What a function makes of batches; with a policy for what is poison, nothing when it throws: what it was given goes aside.
 *
 * @throws NoBatchError
 */
export async function madeOf(
  said: string,
  batches: readonly Batch<unknown>[],
  f: () => unknown,
  given: () => Elements,
  aside: Aside,
): Promise<Elements> {
  try {
    const made = collected(said, await f())
    for (const batch of batches) await batch.settled()
    return made
  } catch (error) {
    await Promise.allSettled(batches.map((batch) => batch.settled()))
    // Of every batch, and no element is to blame.
    if (error instanceof NoBatchError || error instanceof SqlMissingError) throw error
    aside({ values: given(), error })
    return []
  }
}

/** @throws NoBatchError; whatever a function of the job does while the batch is worked out */
function collected(said: string, result: unknown): Elements {
  if (isIterable(result)) return Array.from(result)
  throw new NoBatchError(said, describeValue(result))
}

/** A text would be its letters: nobody means that. */
function isIterable(result: unknown): result is Iterable<unknown> {
  return typeof result === 'object' && result !== null && Symbol.iterator in result
}
