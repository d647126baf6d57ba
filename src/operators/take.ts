// `take`, `takeOrdered`, `top`, and `sortBy`: of every closed batch the first n elements, as they came or in an order, or all of them in
// order. Spark: RDD's, which DStreams reach by `transform`; there, and in `transform` here, nobody can know what a function will take
// before it runs, so a limit that is to hold where the data is has to be part of the definition (docs/decisions/067).
//
// A task sends n elements per micro-batch. Of equal ones those count that stand first in the order of folding, which is that of tasks
// and offsets: how a partition was cut does not show (I2).

import { type Compare, checkOrder, firstInOrder, natural } from '../batch/order.ts'
import { describeValue } from '../errors/describe-value.ts'
import { InvalidOptionError } from '../errors/errors.ts'
import { IDENTITY_OPTIONS, type IdentityOptions, identityOf } from '../options/identity.ts'
import { checkFunction, checkKnownOptions } from '../options/options.ts'
import { identified } from '../options/shuffle.ts'
import { synchronous } from '../options/synchronous.ts'
import type { Asked, BatchOperator, Elements } from './operator.ts'

/** Options of {@link DStream.top} and {@link DStream.takeOrdered}. */
export interface OrderOptions<T> extends IdentityOptions {
  /**
   * Orders two elements as `Array.prototype.sort` has it: negative when the first is less. Default: the natural order of numbers,
   * bigints, texts, booleans, dates and arrays of these.
   *
   * @example orders.top(10, { compare: (a, b) => a.cents - b.cents, id: 'largest' })
   */
  readonly compare?: (a: T, b: T) => number
}

/** Options of {@link DStream.sortBy}. */
export interface StreamSortOptions<K> extends OrderOptions<K> {
  /** False: the greatest first. Default true. */
  readonly ascending?: boolean
}

/** User functions sit in method signatures, so that operators forget element types. */
export interface Order {
  /** For messages. */
  readonly said: string
  keyOf(element: unknown): unknown
  compare(a: unknown, b: unknown): number
}

export function take(n: number, options: IdentityOptions): Asked {
  return limiting('take', checkLimit('take', n), undefined, identified('take', options))
}

export function takeOrdered<T>(n: number, order: Compare<T> | OrderOptions<T>): Asked {
  const { compare, who } = orderOf('takeOrdered', order)
  return limiting('takeOrdered', checkLimit('takeOrdered', n), { said: 'takeOrdered', keyOf: itself, compare }, who)
}

export function top<T>(n: number, order: Compare<T> | OrderOptions<T>): Asked {
  const { compare, who } = orderOf('top', order)
  return limiting('top', checkLimit('top', n), { said: 'top', keyOf: itself, compare: (a, b) => compare(b, a) }, who)
}

/** The order that `sortBy` asks for. @throws InvalidOptionError */
export function sorting<T, K>(said: string, keyOf: (element: T) => K, options: StreamSortOptions<K>): [Order, Asked] {
  checkFunction(said, keyOf)
  const { ascending = true, ...order } = options
  if (typeof ascending !== 'boolean') {
    throw new InvalidOptionError(`${said}, ascending: must be true or false, got ${describeValue(ascending)}.`)
  }
  const { compare, who } = orderOf(said, order)
  const asked: Order = { said, keyOf, compare: ascending ? compare : (a: unknown, b: unknown) => compare(b, a) }
  return [asked, limiting('sortBy', undefined, asked, who)]
}

/** The first n in such an order. */
export function takeSorted(order: Order, n: number, options: IdentityOptions): Asked {
  return limiting('takeOrdered', checkLimit('take', n), order, identified('take', options))
}

const itself = (element: unknown): unknown => element

interface Comparing {
  compare(a: unknown, b: unknown): number
}

function orderOf<T>(said: string, order: Compare<T> | OrderOptions<T>): Comparing & { readonly who: Partial<Asked> } {
  const options: OrderOptions<T> = typeof order === 'function' ? { compare: order } : order
  checkKnownOptions(said, options, ['compare', ...IDENTITY_OPTIONS])
  const { compare } = options
  const own: Comparing = { compare: compare ? checkFunction(`${said}, compare`, compare) : natural(said) }
  return { compare: own.compare, who: identityOf(said, options) }
}

function checkLimit(said: string, n: number): number {
  if (Number.isSafeInteger(n) && n >= 1) return n
  throw new InvalidOptionError(`${said}: the number of elements must be a whole number of at least 1, got ${n}.`)
}

/** @param n undefined: all of them */
function limiting(kind: string, n: number | undefined, order: Order | undefined, who: Partial<Asked>): Asked {
  const first = (elements: Elements): Elements => {
    if (order) return inOrder(order, elements, n ?? elements.length)
    return n === undefined ? elements : elements.slice(0, n)
  }
  const operator: BatchOperator = {
    runs: 'on batches',
    kind,
    said: kind,
    keys: 'lost',
    spread: 'all to one',
    ...(n !== undefined && { combine: (elements) => (order ? sent(order, elements, first) : first(elements)) }),
    create: ({ aside }) => ({
      run(_, [elements = []]) {
        try {
          return first(elements)
        } catch (error) {
          aside({ values: elements, error })
          return []
        }
      },
    }),
  }
  return { ...who, operator, numPartitions: 1 }
}

/** A single one is looked at, too: a record with a value that has no order is to blame alone. */
function inOrder({ said, keyOf, compare }: Order, elements: Elements, n: number): unknown[] {
  const order: Compare<unknown> = (a, b) => checkOrder(said, synchronous(`${said}, compare`, compare(a, b)))
  const key = (element: unknown): unknown => synchronous(said, keyOf(element))
  const [first] = elements
  if (elements.length === 1) order(key(first), key(first))
  return firstInOrder(elements, n, key, order)
}

/**
 * Elements that have an order each by itself, but none together, are no matter of one record, and whether they meet in a micro-batch depends on
 * how it was cut: then all of them travel, and what orders the whole batch says so.
 */
function sent(order: Order, elements: Elements, first: (elements: Elements) => Elements): Elements {
  try {
    return first(elements)
  } catch (error) {
    if (elements.length === 1) throw error
    for (const element of elements) inOrder(order, [element], 1)
    return elements
  }
}
