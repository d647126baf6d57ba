// `preservesPartitioning`: the same elements, and the promise that all pairs of one key are in one partition of the one topic they
// come from. Spark: `preservesPartitioning` of `mapPartitions`.

import { checkChoice, checkKnownOptions } from '../options/options.ts'
import type { NewPartitions, RecordOperator } from './operator.ts'

/** Options of {@link DStream.preservesPartitioning}. */
export interface PartitioningOptions {
  /**
   * What to do when the topic has more partitions than when state began. `fail` (default): an error, because Kafka's
   * partitioners move keys then, away from their state. `join`: keys stay where they are, so a new partition just joins.
   */
  readonly newPartitions?: NewPartitions
}

export function preservesPartitioning(options: PartitioningOptions): RecordOperator {
  const operator = 'preservesPartitioning'
  checkKnownOptions(operator, options, ['newPartitions'])
  const partitioned = checkChoice(`${operator}, newPartitions`, options.newPartitions, ['fail', 'join'])
  return { runs: 'on records', kind: operator, keys: 'made', partitioned, apply: (elements) => elements.slice() }
}
