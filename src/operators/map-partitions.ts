// `mapPartitions`: a function of all elements that one micro-batch has. Spark: `MapPartitionedDStream`.

import { checkFunction } from '../options/options.ts'
import { synchronous } from '../options/synchronous.ts'
import type { RecordOperator } from './operator.ts'

interface PartitionMapping {
  apply(elements: Iterable<unknown>): Iterable<unknown>
}

export function mapPartitions<T, U>(f: (elements: Iterable<T>) => Iterable<U>): RecordOperator {
  return partitionMapping({ apply: checkFunction('mapPartitions', f) })
}

function partitionMapping({ apply }: PartitionMapping): RecordOperator {
  return {
    runs: 'on records',
    kind: 'mapPartitions',
    keys: 'lost',
    atOnce: true,
    apply(elements, trace) {
      const out = Array.from(synchronous('mapPartitions', apply(elements)))
      trace?.ofAll(out.length)
      return out
    },
  }
}
