// `kafka(topics, options)`: what a definition says, checked.

import { InvalidOptionError } from '../../errors/errors.ts'
import { type Decoder, nullable, text } from '../../formats/decode.ts'
import { checkChoice, checkKnownOptions } from '../../options/options.ts'
import { checkMirrors, type OffsetStore } from '../offset-store.ts'
import type { Source } from '../source.ts'
import type { GapPolicy, KafkaSource, OffsetHoles } from './kafka-source.ts'
import { KAFKA } from './kind.ts'
import { EventRecord, type RecordDecoders } from './record.ts'
import { checkStart, type StartingOffsets } from './starting-offsets.ts'

/** Settings of a Kafka source. */
export interface KafkaOptions<V, K> {
  /** How values are decoded: `text()`, `json(schema?)`, `raw()`, or a decoder of your own. */
  readonly value: Decoder<V>
  /** How keys are decoded. Default `nullable(text())`. */
  readonly key?: Decoder<K>
  /** A hole in a partition's offsets that `holes` does not explain. Default `fail`: `OffsetGapError`. */
  readonly gaps?: GapPolicy
  /**
   * Why this topic's offsets may have holes. `none` (default): never. `compacted`: log compaction. `transactional`: markers and
   * aborted transactions. `filtered`: the event source mapping has filter criteria.
   */
  readonly holes?: OffsetHoles
  /**
   * What the topic was called before it was renamed: operators that take their id from it keep their state. Offsets of the new
   * topic start anew. Only for one topic, and not where state is in its partitions (`preservesPartitioning`).
   *
   * @example kafka('orders-v2', { value: json(), formerly: 'orders' })
   */
  readonly formerly?: string
  /**
   * Where partitions begin that the job has never read; others go on where they are, whatever is said here. Default: what the event source
   * mapping says, which is the earliest unless it says otherwise. Spark: `startingOffsets`, `startingTimestamp`.
   *
   * @example
   * kafka('orders', { value: json(), startingOffsets: { orders: { 0: 23, 1: -2 } } })
   */
  readonly startingOffsets?: StartingOffsets
  /**
   * Where positions are copied to for others, such as lag monitors: after commits, every five seconds at most, and when the job comes to rest.
   * `consumerGroup` of `millrace/kafka`, `redisOffsets` of `millrace/redis`, or a store of your own. Default: nowhere.
   *
   * @example
   * import { consumerGroup } from 'millrace/kafka'
   *
   * kafka('orders', { value: json(), mirror: consumerGroup({ group: 'shop-totals', brokers: ['kafka:9092'] }) })
   */
  readonly mirror?: OffsetStore | readonly OffsetStore[]
}

/** Whether a source is one of Kafka's: by name, because a bundled job has its own copy of this module. */
export function isKafka(source: Source): source is KafkaSource {
  return source.kind.name === KAFKA.name
}

const KAFKA_OPTIONS = ['value', 'key', 'gaps', 'holes', 'formerly', 'startingOffsets', 'mirror']
/** Kafka's own rule, `org.apache.kafka.common.internals.Topic`. */
const TOPIC = /^(?!\.{1,2}$)[a-zA-Z0-9._-]{1,249}$/

/** @throws InvalidOptionError */
export function kafka<V, K>(
  where: string,
  topics: string | readonly string[],
  options: KafkaOptions<V, K>,
): KafkaSource {
  checkKnownOptions(where, options, KAFKA_OPTIONS)
  const list = typeof topics === 'string' ? [topics] : [...topics]
  if (list.length === 0) throw new InvalidOptionError(`${where}: no topic given.`)
  for (const topic of list) {
    if (typeof topic === 'string' && TOPIC.test(topic)) continue
    throw new InvalidOptionError(
      `${where}: ${JSON.stringify(topic)} is not a topic name (1 to 249 of a-z, A-Z, 0-9, '.', '_', '-').`,
    )
  }
  if (typeof options.value?.decode !== 'function') {
    throw new InvalidOptionError(`${where}: 'value' must be a decoder such as text(), json() or raw().`)
  }
  const { formerly } = options
  if (formerly !== undefined && (list.length > 1 || typeof formerly !== 'string' || !TOPIC.test(formerly))) {
    throw new InvalidOptionError(
      `${where}, formerly: must be the former name of one topic, got ${JSON.stringify(formerly)} for ${list.join(', ')}.`,
    )
  }
  const mirrors = checkMirrors(`${where}, mirror`, options.mirror)
  const start = checkStart(`${where}, startingOffsets`, options.startingOffsets, list)
  const decoders: RecordDecoders = { value: options.value, key: options.key ?? nullable(text()) }
  return {
    kind: KAFKA,
    feeds: list,
    formerly,
    start,
    ...(start.kind === 'latest' && { startsAt: 'latest' as const }),
    ...(start.kind === 'at' && { startsAt: start.time }),
    ...(mirrors.length > 0 && { mirrors }),
    ...decoders,
    gaps: checkChoice(`${where}, gaps`, options.gaps, ['fail', 'skip', 'quarantine']),
    holes: checkChoice(`${where}, holes`, options.holes, ['none', 'compacted', 'transactional', 'filtered']),
    elements: (records, whenRead) => records.map((record) => new EventRecord(record, decoders, whenRead)),
  }
}
