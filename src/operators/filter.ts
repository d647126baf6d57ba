// `filter`: the elements for which a function is true. Spark: `FilteredDStream`.

import { checkFunction } from '../options/options.ts'
import { synchronous } from '../options/synchronous.ts'
import type { RecordOperator } from './operator.ts'

interface Filtering {
  test(element: unknown): boolean
}

export function filter<T>(f: (element: T) => boolean): RecordOperator {
  return filtering({ test: checkFunction('filter', f) })
}

function filtering({ test }: Filtering): RecordOperator {
  const keeps = (element: unknown): boolean => synchronous('filter', test(element))
  return {
    runs: 'on records',
    kind: 'filter',
    keys: 'kept',
    apply(elements, trace) {
      if (!trace) return elements.filter(keeps)
      trace.none()
      return elements.filter((element, i) => {
        const keep = keeps(element)
        if (keep) trace.add(i)
        return keep
      })
    },
  }
}
