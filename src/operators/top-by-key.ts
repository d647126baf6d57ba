// `topByKey`: the greatest values that every key has had so far. Spark: `topByKey` of MLPairRDDFunctions, kept from batch to batch.
// One micro-batch sends at most n values per key. A batch costs what it touches.
//
// Cells: ['top', key], at most n values, the greatest first.

import { describeValue } from '../errors/describe-value.ts'
import { InvalidOptionError } from '../errors/errors.ts'
import { checkFunction } from '../options/options.ts'
import { type CombineOptions, shuffle } from '../options/shuffle.ts'
import { VERSION_OPTIONS, valueVersion, versionOfLists } from '../options/state-version.ts'
import { synchronous } from '../options/synchronous.ts'
import { copyAgain, copyOf } from '../values/copy.ts'
import { groupValues } from '../values/group-values.ts'
import type { Pair } from '../values/pairs.ts'
import type { Form, Keyed } from './cells.ts'
import type { KeptForm } from './kept.ts'
import type { Asked, BatchInfo, BatchOperator, Elements, OperatorContext, RunningOperator } from './operator.ts'

/** Options of {@link DStream.topByKey}. */
export interface TopOptions<V> extends CombineOptions<V> {
  /**
   * Orders two values as `Array.prototype.sort` has it: negative when the first is less. Default: numbers, bigints, texts, booleans
   * and dates by their natural order, NaN as the least; anything else is an error.
   *
   * @example words.map((word) => [word, word.length] as const).topByKey(3, { compare: (a, b) => a - b })
   */
  readonly compare?: (a: V, b: V) => number
}

/** User functions sit in method signatures, so that operators forget element types. */
interface Top {
  readonly n: number
  compare(a: unknown, b: unknown): number
}

type Values = readonly unknown[]

export function topByKey<V>(n: number, options: TopOptions<V>): Asked {
  if (!Number.isSafeInteger(n) || n < 1) {
    throw new InvalidOptionError(`topByKey: the number of values must be a whole number of at least 1, got ${n}.`)
  }
  const who = shuffle('topByKey', options, ['compare', ...VERSION_OPTIONS])
  const values = versionOfLists(valueVersion('topByKey', options))
  const compare = options.compare && checkFunction('topByKey, compare', options.compare)
  return topping({ n, compare: compare ?? natural }, who, values)
}

function topping(top: Top, who: Partial<Asked>, values: BatchOperator['values']): Asked {
  const operator: BatchOperator = {
    runs: 'on batches',
    kind: 'topByKey',
    said: 'topByKey',
    keys: 'made',
    spread: 'by key',
    combine: (pairs) => Array.from(groupValues(pairs), ([key, some]): Pair => [key, greatest(top, some)]),
    makes: 'lists',
    values,
    takesWhatItKeeps: true,
    state: {},
    create: (context) => new TopByKey(top, context),
  }
  return { ...who, operator }
}

const valuesForm: Form<Values> = {
  save: (values) => values,
  load(saved, loading) {
    const values = loading.ofKey(saved)
    return Array.isArray(values) ? values : loading.refuse()
  },
}

export const TOP_BY_KEY_KEPT: KeptForm = { byKey: true, cells: { top: 'by key' } }

class TopByKey implements RunningOperator {
  readonly #top: Top
  readonly #context: OperatorContext
  readonly #values: Keyed<Values>

  constructor(top: Top, context: OperatorContext) {
    this.#top = top
    this.#context = context
    this.#values = context.cells.keyed('top', valuesForm)
  }

  run(_: BatchInfo, [elements = []]: readonly (Elements | undefined)[]): Elements {
    const { combined, aside } = this.#context
    const emitted: Pair[] = []
    for (const [key, came] of groupValues(elements)) {
      const values = combined ? came.flat() : came
      try {
        const kept = this.#values.get(key) ?? []
        const top = greatest(this.#top, [...kept, ...values])
        if (top.length > kept.length || top.some((value, i) => value !== kept[i]))
          this.#values.set(
            key,
            top.map((value) => copyOf(key, value)),
          )
        emitted.push([copyAgain(key), top.map(copyAgain)])
      } catch (error) {
        aside({ key, values, error }) // and what is kept stays
      }
    }
    return emitted
  }
}

/** Of equal values the first. A single one is looked at, too: a record with a value that has no order is to blame alone. */
function greatest({ n, compare }: Top, values: Values): unknown[] {
  const [first] = values
  if (values.length === 1) compare(first, first)
  return [...values].sort((a, b) => synchronous('topByKey, compare', compare(b, a))).slice(0, n)
}

function natural(a: unknown, b: unknown): number {
  const [x, y] = [rankOf(a), rankOf(b)]
  if (Number.isNaN(x) || Number.isNaN(y)) return Number(Number.isNaN(y)) - Number(Number.isNaN(x))
  return x < y ? -1 : x > y ? 1 : 0
}

function rankOf(value: unknown): number | bigint | string {
  if (typeof value === 'number' || typeof value === 'bigint' || typeof value === 'string') return value
  if (typeof value === 'boolean') return Number(value)
  if (value instanceof Date) return value.getTime()
  throw new TypeError(`${describeValue(value)} has no natural order: give topByKey a compare`)
}
