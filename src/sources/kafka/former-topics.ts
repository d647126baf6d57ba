// Topics that were called otherwise before (`formerly`).

import { InvalidOptionError } from '../../errors/errors.ts'
import type { KafkaSource } from './kafka-source.ts'

/** A topic has one former name, and one that is still read is no former name: state of two topics would be one. */
export function checkFormerTopics(job: string, sources: readonly KafkaSource[]): void {
  const stands = new Map<string, string>()
  for (const { feeds, formerly } of sources) {
    for (const topic of feeds) {
      const as = formerly ?? topic
      for (const [other, otherAs] of stands) {
        if ((other === topic) === (otherAs === as)) continue
        throw new InvalidOptionError(
          `job '${job}', kafka: topics '${other}' and '${topic}' with formerly '${formerly ?? otherAs}': a former name belongs to one ` +
            'topic, the same wherever the topic is read, and is not read any more.',
        )
      }
      stands.set(topic, as)
    }
  }
}
