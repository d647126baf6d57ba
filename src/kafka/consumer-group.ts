// A consumer group as a store of offsets: what lag monitors look at, and where another consumer has stopped. Nobody joins the group: offsets
// are read and committed from outside, as `kafka-consumer-groups --reset-offsets` does it, which Kafka takes as long as the group has no
// members. Spark: `CanCommitOffsets.commitAsync`.

import kafkajs, { type Kafka, type KafkaConfig } from 'kafkajs'
import { InvalidOptionError } from '../errors/errors.ts'
import { checkKnownOptions } from '../options/options.ts'
import type { OffsetStore, PartitionOffset } from '../sources/offset-store.ts'
import { commitFromOutside } from './commit-offsets.ts'

/** Options of {@link consumerGroup}. */
export interface ConsumerGroupOptions {
  /** Its name. Not that of the event source mapping, nor of anybody who consumes: a group that has members takes offsets from nobody else. */
  readonly group: string
  /** `host:port` of one broker or more. */
  readonly brokers: readonly string[]
  /** As kafkajs takes it: `true`, or TLS options of Node.js. Default: no TLS. */
  readonly ssl?: KafkaConfig['ssl']
  /** As kafkajs takes it. Default: nobody logs in. */
  readonly sasl?: KafkaConfig['sasl']
  /** Default `millrace`. */
  readonly clientId?: string
}

/**
 * A consumer group that nobody consumes by: `mirror` commits a job's positions to it, and a job can begin at what it has. Needs `READ` on
 * the group and `DESCRIBE` on the topics, and the function a way to the brokers.
 *
 * @throws InvalidOptionError
 * @example
 * import { consumerGroup } from 'millrace/kafka'
 *
 * const group = consumerGroup({ group: 'word-counts', brokers: ['kafka-1:9092', 'kafka-2:9092'] })
 * job('word-counts', { batch: '5s' }, ({ kafka }) => {
 *   kafka('lines', { value: text(), mirror: group }).count().print()
 * })
 */
export function consumerGroup(options: ConsumerGroupOptions): OffsetStore {
  checkKnownOptions('consumerGroup', options, ['group', 'brokers', 'ssl', 'sasl', 'clientId'])
  const { group, brokers, ssl, sasl, clientId = 'millrace' } = options
  if (typeof group !== 'string' || group === '')
    throw new InvalidOptionError(`consumerGroup, group: must be the name of a group, got ${JSON.stringify(group)}.`)
  if (!Array.isArray(brokers) || brokers.length === 0 || !brokers.every((broker) => typeof broker === 'string'))
    throw new InvalidOptionError('consumerGroup, brokers: must be a list of host:port, with one at least.')
  const connect = (): Kafka =>
    new kafkajs.Kafka({
      ...{ clientId, brokers: [...brokers], connectionTimeout: 3000 },
      retry: { initialRetryTime: 100, maxRetryTime: 1000, retries: 3 },
      logLevel: kafkajs.logLevel.NOTHING, // what fails is thrown, and logged by who asked
      ...(ssl !== undefined && { ssl }),
      ...(sasl !== undefined && { sasl }),
    })
  return {
    name: `consumer group ${group}`,
    read: (topic) => committed(connect(), group, topic),
    // A connection for each write: an instance of Lambda stands still for minutes between two, and connections end meanwhile.
    write: (offsets) => commitFromOutside(connect(), group, offsets),
  }
}

async function committed(kafka: Kafka, groupId: string, topic: string): Promise<PartitionOffset[]> {
  const admin = kafka.admin()
  try {
    await admin.connect()
    const found = await admin.fetchOffsets({ groupId, topics: [topic] })
    // -1: the group has none of it.
    return found
      .flatMap(({ partitions }) =>
        partitions.map(({ partition, offset }) => ({ topic, partition, offset: Number(offset) })),
      )
      .filter(({ offset }) => offset >= 0)
  } finally {
    await admin.disconnect().catch(() => {})
  }
}
