// Errors of the event-source stand-in (local/): what a user of a Kafka event source mapping has to put right. A function has them in its bundle only with `millrace/kafka`.

import { describeCause, MillraceError } from './errors.ts'

/** A topic of the mapping does not exist. Lambda shows this as a mapping with `PROBLEM: … Topic does not exist`. */
export class TopicMissingError extends MillraceError {
  readonly topics: readonly string[]
  readonly brokers: readonly string[]
  /** @param create how to make it where there are no brokers, the place being told in `brokers`. */
  constructor(topics: readonly string[], brokers: readonly string[], create?: string) {
    const names = topics.map((topic) => `"${topic}"`).join(', ')
    const one = topics[0] ?? 'topic'
    super(
      'TOPIC_MISSING',
      `${topics.length === 1 ? 'Topic' : 'Topics'} ${names} not found ${create ? 'in' : 'on'} ${brokers.join(',')}. Create it first, for ` +
        (create
          ? `example: ${create}`
          : 'example: kafka-topics.sh --bootstrap-server ' +
            `${brokers[0] ?? 'localhost:9092'} --create --topic ${one} ` +
            '--partitions 4; or correct Topics of the event source mapping.'),
    )
    this.topics = topics
    this.brokers = brokers
  }
}

/** No broker answered within the time allowed for starting. */
export class BrokerUnreachableError extends MillraceError {
  readonly brokers: readonly string[]
  constructor(brokers: readonly string[], waitedMs: number, cause: unknown) {
    super(
      'BROKER_UNREACHABLE',
      `No Kafka broker answered at ${brokers.join(',')} within ${Math.round(waitedMs / 100) / 10} s ` +
        `(${describeCause(cause)}). Check that Kafka is running, that the addresses are its advertised listeners, ` +
        'and whether it expects TLS or SASL.',
      { cause },
    )
    this.brokers = brokers
  }
}

/** Brokers that answer, and do not let this client in. */
export class BrokerRefusedError extends MillraceError {
  readonly brokers: readonly string[]
  constructor(brokers: readonly string[], problem: string, remedy: string, cause: unknown) {
    super('BROKER_REFUSED', `Kafka at ${brokers.join(',')} does not let this client in: ${problem}. ${remedy}`, {
      cause,
    })
    this.brokers = brokers
  }
}

/**
 * A record that cannot be delivered because even an event with nothing else in it is over Lambda's payload limit.
 * Base64 makes bytes a third longer, so records of some 4.7 MB and more are concerned.
 */
export class RecordTooLargeError extends MillraceError {
  readonly topic: string
  readonly partition: number
  readonly offset: number
  /** Bytes that the event would have. */
  readonly bytes: number
  readonly limit: number
  constructor(topic: string, partition: number, offset: number, bytes: number, limit: number, skipped: boolean) {
    super(
      'RECORD_TOO_LARGE',
      `The record at ${topic}-${partition} offset ${offset} makes an event of ${bytes} bytes, over Lambda's limit of ` +
        `${limit}. ${
          skipped
            ? 'It was dropped, as Lambda drops such records.'
            : `Partition ${partition} of ${topic} stops there; start the poller with oversized: 'skip' (the default of \`millrace poller\`) to drop it, as Lambda does.`
        } A job of Millrace stops at the hole (OFFSET_GAP) until it is told that the record will not come: millrace offsets skip <job> ` +
        `--topic ${topic} --partition ${partition} --at ${offset} --execute. Lower max.message.bytes of the topic (4 MB is safe) so that no such record gets in.`,
    )
    this.topic = topic
    this.partition = partition
    this.offset = offset
    this.bytes = bytes
    this.limit = limit
  }
}

/** A failure destination did not take what was given up. The records come again. */
export class FailureDestinationError extends MillraceError {
  readonly destination: string
  constructor(destination: string, records: number, cause: unknown) {
    super(
      'FAILURE_DESTINATION',
      `The on-failure destination ${destination} did not take what was given up (${records === 1 ? '1 record' : `${records} records`}): ${describeCause(cause)}. ` +
        'The records are delivered again. Check that it exists, and who may write to it.',
      { cause },
    )
    this.destination = destination
  }
}

/** A batch that says it is compressed, and is not what its codec makes. */
export class UnreadableBatchError extends MillraceError {
  constructor(codec: string, problem: string) {
    super(
      'UNREADABLE_BATCH',
      `A batch of Kafka cannot be read: it says that it is compressed with ${codec}, but ${problem}. Look at the producer's compression.type, and try it with ` +
        'kafka-console-consumer.sh; if that can read the batch, please report this as a bug of Millrace.',
    )
  }
}

/** As `NextOffset` of local/event-source. */
interface Where {
  readonly topic: string
  readonly partition: number
  readonly offset: number
}

/** An offset that a group asked for is not in the partition. */
export class OffsetOutOfRangeError extends MillraceError {
  constructor({ topic, partition, offset }: Where, end: number) {
    super(
      'OFFSET_OUT_OF_RANGE',
      `Offset ${offset} of ${topic}-${partition} is out of range: the partition holds 0 to ${end}. Commit one of these.`,
    )
  }
}

/** The kafkajs that is installed is not the one of which more is used than it offers. */
export class KafkajsChangedError extends MillraceError {
  constructor(how: string) {
    super('KAFKAJS_CHANGED', `kafkajs ${how}. Use kafkajs 2.2.4.`)
  }
}

/** A consumer group was to be moved, and somebody reads by it: its members would go on where they are. */
export class GroupInUseError extends MillraceError {
  constructor(group: string, members: number) {
    super(
      'GROUP_IN_USE',
      `Consumer group '${group}' has ${members === 1 ? 'a member' : `${members} members`}, and can be moved only when it has none. ` +
        'Stop who reads by it (disable the event source mapping, stop `millrace run`), wait until `millrace groups describe` shows no members, and try again. Nothing was changed.',
    )
  }
}
