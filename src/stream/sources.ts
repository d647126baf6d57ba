// The table of sources: what a definition calls them, and what each of them is. A new source is its folder, a function here and its kind.

import { KAFKA, type KafkaOptions, kafka } from '../sources/kafka/kafka.ts'
import type { KafkaRecord } from '../sources/kafka/record.ts'
import type { Source, SourceKind } from '../sources/source.ts'
import type { DStream } from './dstream.ts'

/** All there are. */
export const SOURCE_KINDS: readonly SourceKind[] = [KAFKA]

/** Makes the stream of a source, and the source one of the job that is being defined. */
type Open = <T>(source: Source) => DStream<T>

/** The sources, inside `job`'s function. */
export function sourcesOf(job: string, open: Open) {
  return {
    /**
     * Records of one or several topics. Each topic-partition is a task with a commit log of its own.
     *
     * @example kafka('lines', { value: text() })
     */
    kafka: <V, K = string | null>(topics: string | readonly string[], options: KafkaOptions<V, K>) =>
      open<KafkaRecord<V, K>>(kafka(`job '${job}', kafka`, topics, options)),
  }
}
