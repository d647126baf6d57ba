// `map`: one element for each. Spark: `MappedDStream`, and `MapValuedDStream` of pairs.

import { checkFunction } from '../options/options.ts'
import { synchronous } from '../options/synchronous.ts'
import type { RecordOperator } from './operator.ts'

export function map<T, U>(f: (element: T) => U): RecordOperator {
  return mapping(checkFunction('map', f), 'lost')
}

/** `mapValues`. */
export function mapValues<K, V, U>(f: (value: V) => U): RecordOperator {
  checkFunction('mapValues', f)
  return mapping(([key, value]: readonly [K, V]): unknown => {
    const result = f(value)
    return result instanceof Promise ? result : [key, result] // a promise is refused where it can be seen
  }, 'kept')
}

interface Mapping {
  apply(element: unknown): unknown
}

function mapping(apply: Mapping['apply'], keys: RecordOperator['keys']): RecordOperator {
  return {
    runs: 'on records',
    kind: 'map',
    keys,
    apply: (elements) => elements.map((element) => synchronous('map', apply(element))),
  }
}
