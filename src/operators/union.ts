// `union`: the elements of several streams, one stream after the other. Spark: `UnionDStream`.

import type { RecordOperator } from './operator.ts'

export const union: RecordOperator = {
  runs: 'on records',
  kind: 'union',
  keys: 'kept',
  gathers: true,
  apply: (elements) => elements.slice(),
}
