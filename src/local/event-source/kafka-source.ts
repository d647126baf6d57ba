// A TopicSource on real Kafka (or MSK). At the start it says within seconds what is wrong; once running it gets through
// restarts and losses of brokers by itself.

import { InvalidOptionError } from '../../errors/errors.ts'
import { checkTopics, type KafkaSourceOptions, kafkaClient } from './kafka-client.ts'
import { KafkaMember } from './kafka-member.ts'
import type { TopicSource } from './topic-source.ts'

export type { KafkaSourceOptions } from './kafka-client.ts'

/** A source on a Kafka cluster; every member has connections of its own. */
export function kafkaSource(options: KafkaSourceOptions): TopicSource {
  if (options.brokers.length === 0) {
    throw new InvalidOptionError(
      'No brokers: name at least one as host:port. An MSK mapping names a cluster, not them.',
    )
  }
  const members = new Set<KafkaMember>()
  return {
    async join(join) {
      const client = kafkaClient(options)
      await checkTopics(client, join.topics)
      const member = new KafkaMember(client, join, (ended) => members.delete(ended))
      members.add(member)
      await member.start()
      return member
    },
    async close() {
      await Promise.all([...members].map((member) => member.close()))
    },
  }
}
