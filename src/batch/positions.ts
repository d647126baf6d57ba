// Where elements stand: side by side with others, numbered, and drawn by chance. Spark: `zip`, `zipWithIndex`, `sample` of `RDD`.

import { UnequalBatchesError } from '../errors/batch-errors.ts'
import { InvalidOptionError } from '../errors/errors.ts'
import { hashOf } from '../values/hash.ts'
import type { Partitions } from './partitions.ts'

/** @throws UnequalBatchesError unless both have as many partitions, with as many elements each. */
export function zipped<T, U>(a: Partitions<T>, b: Partitions<U>): [T, U][][] {
  if (a.length !== b.length) {
    throw new UnequalBatchesError(`zip: the batches have unequal numbers of partitions: ${a.length} and ${b.length}.`)
  }
  return a.map((left, i) => {
    const right = b[i] ?? []
    if (left.length !== right.length) {
      const counts = `${left.length} and ${right.length} in partition ${i}`
      throw new UnequalBatchesError(`zip: the batches need the same number of elements in each partition: ${counts}.`)
    }
    const others = right[Symbol.iterator]()
    return left.flatMap((element): [T, U][] => {
      const { value, done } = others.next()
      return done ? [] : [[element, value]]
    })
  })
}

/** Each with its place in the batch, from 0. */
export function numbered<T>(partitions: Partitions<T>): [T, number][][] {
  let next = 0
  return partitions.map((elements) => elements.map((element): [T, number] => [element, next++]))
}

/** How elements are drawn. */
export interface Drawing {
  readonly withReplacement: boolean
  readonly fraction: number
  /** The same seed draws the same elements of the same partitions. */
  readonly seed: number
}

/** @throws InvalidOptionError for a fraction that is none. */
export function checkDrawing({ withReplacement, fraction }: Drawing): void {
  const most = withReplacement ? Number.MAX_VALUE : 1
  if (fraction >= 0 && fraction <= most) return
  throw new InvalidOptionError(
    `sample, fraction: must be from 0${withReplacement ? ' on' : ' to 1, or more with replacement'}, got ${fraction}.`,
  )
}

/** Each by chance: once or not, or with replacement a Poisson number of times. */
export function drawn<T>(partitions: Partitions<T>, { withReplacement, fraction, seed }: Drawing): T[][] {
  return partitions.map((elements, i) => {
    const random = randomFrom(hashOf([seed, i]))
    const times = withReplacement ? () => poisson(fraction, random) : () => Number(random() < fraction)
    return elements.flatMap((element) => Array.from({ length: times() }, () => element))
  })
}

/** Knuth's: for the small means that a sample has. */
function poisson(mean: number, random: () => number): number {
  const limit = Math.exp(-Math.min(mean, 700)) // e^-745 is 0
  let [count, product] = [0, random()]
  while (product > limit) {
    count++
    product *= random()
  }
  return count
}

/** Mulberry32: numbers in [0, 1), the same for the same seed. */
function randomFrom(seed: number): () => number {
  let state = seed
  return () => {
    state = (state + 0x6d2b79f5) | 0
    let mixed = Math.imul(state ^ (state >>> 15), state | 1)
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32
  }
}
