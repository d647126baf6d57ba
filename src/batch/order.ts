// What comes before what. The natural order is that of numbers, bigints, texts (by UTF-16 code units, as in Scala), booleans and
// dates, and of arrays of these, element by element. NaN is the least, as for `topByKey`.

import { EmptyBatchError } from '../errors/batch-errors.ts'
import { describeValue } from '../errors/describe-value.ts'
import { InvalidOptionError } from '../errors/errors.ts'
import { checkFunction, checkKnownOptions } from '../options/options.ts'
import { flat, type Partitions, partitionsFor } from './partitions.ts'

/** As `Array.prototype.sort` has it: negative when the first is less. */
export type Compare<T> = (a: T, b: T) => number

/** Options of {@link Batch.sortBy}. */
export interface SortOptions<K> {
  /** False: the greatest first. Default true. */
  readonly ascending?: boolean
  /** How many partitions the result has. Default: as many as there were. */
  readonly numPartitions?: number
  /**
   * Orders two keys as `Array.prototype.sort` has it. Default: the natural order.
   *
   * @example batch.sortBy(({ shop }) => shop, { compare: (a, b) => a.localeCompare(b) })
   */
  readonly compare?: (a: K, b: K) => number
}

interface Ranked<T, K> {
  readonly element: T
  readonly key: K
}

/** Sorted through, and cut into partitions of nearly the same length; equal keys share one, and keep their order. */
export function sorted<T, K>(
  operation: string,
  partitions: Partitions<T>,
  keyOf: (element: T) => K,
  options: SortOptions<K>,
): T[][] {
  const { ascending = true, numPartitions } = options
  const compare = options.compare ? checkedOrder(operation, options.compare) : natural(operation)
  const count = partitionsFor(operation, numPartitions, partitions)
  const order: Compare<Ranked<T, K>> = (a, b) => (ascending ? compare(a.key, b.key) : compare(b.key, a.key))
  const ranked = flat(partitions).map((element): Ranked<T, K> => ({ element, key: keyOf(element) }))
  ranked.sort(order)
  const cuts = Array.from({ length: count + 1 }, (_, i) => Math.floor((i * ranked.length) / Math.max(count, 1)))
  const moved = cuts.map((cut) => pastEqual(ranked, cut, order))
  return Array.from({ length: count }, (_, i) => ranked.slice(moved[i], moved[i + 1]).map(({ element }) => element))
}

/** The first place from `cut` on that does not part equal keys. */
function pastEqual<T>(ranked: readonly T[], cut: number, order: Compare<T>): number {
  let at = cut
  for (let here = ranked[at], before = ranked[at - 1]; here && before && order(before, here) === 0; ) {
    before = here
    here = ranked[++at]
  }
  return at
}

/** @throws InvalidOptionError */
export function checkSort<K>(operation: string, options: SortOptions<K>): SortOptions<K> {
  checkKnownOptions(operation, options, ['ascending', 'numPartitions', 'compare'])
  const { ascending, compare, numPartitions } = options
  if (ascending !== undefined && typeof ascending !== 'boolean') {
    throw new InvalidOptionError(`${operation}, ascending: must be true or false, got ${describeValue(ascending)}.`)
  }
  if (compare !== undefined) checkFunction(`${operation}, compare`, compare)
  partitionsFor(operation, numPartitions)
  return options
}

/** The `n` least, the least first. */
export function least<T>(operation: string, partitions: Partitions<T>, n: number, compare?: Compare<T>): T[] {
  const order = compare ? checkedOrder(operation, compare) : natural(operation)
  return firstInOrder(flat(partitions), n, (element) => element, order)
}

/**
 * The `n` that come first by what `keyOf` gives, in order; of equal ones the first. An element that is not among the best so far costs one
 * comparison, and no more than twice as many are held.
 */
export function firstInOrder<T, K>(
  elements: readonly T[],
  n: number,
  keyOf: (element: T) => K,
  order: Compare<K>,
): T[] {
  const byKey: Compare<Ranked<T, K>> = (a, b) => order(a.key, b.key)
  const best: Ranked<T, K>[] = []
  let last: Ranked<T, K> | undefined
  for (const element of elements) {
    const key = keyOf(element)
    if (last && !(order(key, last.key) < 0)) continue
    best.push({ element, key })
    if (best.length < 2 * n + FEW) continue
    best.sort(byKey).splice(n)
    last = best.at(-1)
  }
  return best
    .sort(byKey)
    .slice(0, Math.max(0, n))
    .map(({ element }) => element)
}

/** So that the best one is not looked for by sorting two at a time. */
const FEW = 16

/** The `n` greatest, the greatest first, of equal ones the first. */
export function greatest<T>(operation: string, partitions: Partitions<T>, n: number, compare?: Compare<T>): T[] {
  const order = compare ? checkedOrder(operation, compare) : natural(operation)
  return least(operation, partitions, n, (a, b) => order(b, a))
}

/** Whatever else it gave would be taken for equal, and sorted into any place without a word. */
export function checkOrder(operation: string, order: number): number {
  if (typeof order === 'number' && !Number.isNaN(order)) return order
  throw new TypeError(
    `${operation}, compare: must give a number, negative when the first is less, and gave ${describeValue(order)}`,
  )
}

/** The same, of which every answer is checked. */
function checkedOrder<T>(operation: string, compare: Compare<T>): Compare<T> {
  checkFunction(`${operation}, compare`, compare)
  return (a, b) => checkOrder(operation, compare(a, b))
}

/** The least; of equal ones the first. @throws EmptyBatchError */
export function leastOf<T>(operation: string, partitions: Partitions<T>, compare: Compare<T> = natural(operation)): T {
  const order = checkedOrder(operation, compare)
  const [first, ...others] = flat(partitions).map((element) => ({ element }))
  if (!first) throw new EmptyBatchError(operation)
  return others.reduce((best, one) => (order(one.element, best.element) < 0 ? one : best), first).element
}

/** The greatest; of equal ones the first. @throws EmptyBatchError */
export function greatestOf<T>(
  operation: string,
  partitions: Partitions<T>,
  compare: Compare<T> = natural(operation),
): T {
  checkFunction(`${operation}, compare`, compare)
  return leastOf(operation, partitions, (a, b) => compare(b, a))
}

/** Orders by what values are. What comes of it throws TypeError for those that have no order, or not the same. */
export function natural(operation: string): Compare<unknown> {
  return function compare(a, b) {
    if (Array.isArray(a) && Array.isArray(b)) return compareLists(a, b, compare)
    const [x, y] = [rankOf(operation, a), rankOf(operation, b)]
    if (kindOf(a) !== kindOf(b)) {
      const kinds = `${describeValue(a)} and ${describeValue(b)}`
      throw new TypeError(`${kinds} have no natural order: give ${operation} a compare`)
    }
    if (Number.isNaN(x) || Number.isNaN(y)) return Number(Number.isNaN(y)) - Number(Number.isNaN(x))
    return x < y ? -1 : x > y ? 1 : 0
  }
}

/** A list comes before those that it begins, as in Scala. */
function compareLists(a: readonly unknown[], b: readonly unknown[], compare: Compare<unknown>): number {
  for (let i = 0; i < a.length && i < b.length; i++) {
    const order = compare(a[i], b[i])
    if (order !== 0) return order
  }
  return a.length - b.length
}

function kindOf(value: unknown): string {
  return value instanceof Date ? 'date' : typeof value === 'bigint' ? 'number' : typeof value
}

function rankOf(operation: string, value: unknown): number | bigint | string {
  if (typeof value === 'number' || typeof value === 'bigint' || typeof value === 'string') return value
  if (typeof value === 'boolean') return Number(value)
  if (value instanceof Date) return value.getTime()
  throw new TypeError(`${describeValue(value)} has no natural order: give ${operation} a compare`)
}
