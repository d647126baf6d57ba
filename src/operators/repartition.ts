// `repartition`: the same elements over other buckets. Spark: `DStream.repartition`.

import type { IdentityOptions } from '../options/identity.ts'
import { identified, shuffle } from '../options/shuffle.ts'
import type { Asked, BatchOperator } from './operator.ts'

export function repartition(numPartitions: number, options: IdentityOptions): Asked {
  const identity = identified('repartition', options)
  return { operator, ...shuffle('repartition', { numPartitions }), ...identity }
}

const operator: BatchOperator = {
  runs: 'on batches',
  kind: 'repartition',
  said: 'repartition',
  keys: 'lost',
  spread: 'evenly',
  create: () => ({ run: (_, [elements = []]) => elements }), // the shuffle has done the work
}
