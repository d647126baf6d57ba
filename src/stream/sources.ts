// The table of sources as definitions have them: a new source is a function here (and a line in `sources/kinds.ts`).

import { type KafkaOptions, kafka } from '../sources/kafka/kafka.ts'
import type { KafkaRecord } from '../sources/kafka/record.ts'
import type { Source } from '../sources/source.ts'
import type { DStream } from './dstream.ts'

/** Makes the stream of a source, and the source one of the job that is being defined. */
export type Open = <T>(source: Source) => DStream<T>

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
