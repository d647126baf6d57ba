// What a Kafka source is once its definition has been checked.

import type { Source } from '../source.ts'
import type { KafkaEventRecord } from './event.ts'
import type { RecordDecoders } from './record.ts'
import type { Start } from './starting-offsets.ts'

/** What to do with a hole in the offsets of a partition that nothing explains. */
export type GapPolicy = 'fail' | 'skip' | 'quarantine'

/** Why offsets of a topic may have holes: nothing (dense), log compaction, transaction markers, or the mapping's filter. */
export type OffsetHoles = 'none' | 'compacted' | 'transactional' | 'filtered'

/** A source of topics; each topic-partition is a task. */
export interface KafkaSource extends Source<KafkaEventRecord>, RecordDecoders {
  readonly gaps: GapPolicy
  readonly holes: OffsetHoles
  /** Where partitions begin that were never read. */
  readonly start: Start
}
