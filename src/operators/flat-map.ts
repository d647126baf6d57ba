// `flatMap`: any number of elements for each. Spark: `FlatMappedDStream`, and `FlatMapValuedDStream` of pairs.

import { checkFunction } from '../options/options.ts'
import { synchronous } from '../options/synchronous.ts'
import type { RecordOperator } from './operator.ts'

interface FlatMapping {
  apply(element: unknown): Iterable<unknown>
}

export function flatMap<T, U>(f: (element: T) => Iterable<U>): RecordOperator {
  return flatMapping({ apply: checkFunction('flatMap', f) }, 'lost')
}

/** `flatMapValues`. */
export function flatMapValues<K, V, U>(f: (value: V) => Iterable<U>): RecordOperator {
  checkFunction('flatMapValues', f)
  const apply = ([key, value]: readonly [K, V]) => {
    const results = f(value)
    return isIterable(results) ? Array.from(results, (result): [K, U] => [key, result]) : results
  }
  return flatMapping({ apply }, 'kept')
}

/** For what got past the compiler: `Array.from` makes an empty list of a promise. */
function isIterable(results: unknown): boolean {
  return typeof results === 'string' || (typeof results === 'object' && results !== null && Symbol.iterator in results)
}

function flatMapping({ apply }: FlatMapping, keys: RecordOperator['keys']): RecordOperator {
  return {
    runs: 'on records',
    kind: 'flatMap',
    keys,
    apply(elements, trace) {
      trace?.none()
      const out: unknown[] = []
      for (const [i, element] of elements.entries()) {
        for (const result of synchronous('flatMap', apply(element))) {
          out.push(result)
          trace?.add(i)
        }
      }
      return out
    },
  }
}
