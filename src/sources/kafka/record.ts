// A Kafka record as a job sees it: a thin view of the event's record that decodes what is asked for, when it is asked for.

import { DecodeError } from '../../errors/value-errors.ts'
import type { Decoder } from '../../formats/decode.ts'
import { AS_VALUE } from '../../values/value.ts'
import type { KafkaEventRecord, KafkaSchemaMetadata } from './event.ts'

/** One header of a record; a name may occur several times. */
export interface KafkaHeader {
  /** As the producer wrote it. */
  readonly name: string
  /** Bytes, whatever they mean. */
  readonly value: Uint8Array
}

/** What identifies a record and never changes. */
export interface RecordCoordinates {
  /** The topic's name. */
  readonly topic: string
  /** Of the topic, from 0. */
  readonly partition: number
  /** In the partition, from 0. */
  readonly offset: number
}

/**
 * A record of a topic. `value` and `key` are decoded on first use by the decoders of the source; a record that is
 * never looked at costs nothing. Kafka: `org.apache.kafka.clients.consumer.ConsumerRecord`.
 */
export interface KafkaRecord<V, K = string | null> extends RecordCoordinates {
  /** Milliseconds since the epoch, as it stands in the record: not what the job makes of it (`clockSkew`, `time`). */
  readonly timestamp: number
  /** Who set it: `CREATE_TIME` the producer, `LOG_APPEND_TIME` the broker. */
  readonly timestampType: string
  /** Decoded by the source's `key`. @throws DecodeError, and the record is a poison one. */
  readonly key: K
  /** Decoded by the source's `value`. @throws DecodeError, and the record is a poison one. */
  readonly value: V
  /** In order; none when the record has none. */
  readonly headers: readonly KafkaHeader[]
  /** Schema registry facts, when the event source mapping validates against one. */
  readonly keySchema: KafkaSchemaMetadata | undefined
  /** The same of its value. */
  readonly valueSchema: KafkaSchemaMetadata | undefined
}

/** How the records of one source are decoded. */
export interface RecordDecoders {
  readonly key: Decoder<unknown>
  readonly value: Decoder<unknown>
}

const UNREAD: unique symbol = Symbol('unread')

/** The view. One small object per record is all that the hot path allocates before user code. */
export class EventRecord implements KafkaRecord<unknown, unknown> {
  readonly #raw: KafkaEventRecord
  readonly #decoders: RecordDecoders
  #value: unknown = UNREAD
  #key: unknown = UNREAD

  readonly #whenRead: ((value: unknown) => void) | undefined

  /** @param whenRead is given each part once, before anybody has it */
  constructor(raw: KafkaEventRecord, decoders: RecordDecoders, whenRead?: (value: unknown) => void) {
    this.#raw = raw
    this.#decoders = decoders
    this.#whenRead = whenRead
  }

  get topic(): string {
    return this.#raw.topic
  }

  get partition(): number {
    return Number(this.#raw.partition)
  }

  get offset(): number {
    return this.#raw.offset
  }

  get timestamp(): number {
    return this.#raw.timestamp
  }

  get timestampType(): string {
    return this.#raw.timestampType
  }

  get value(): unknown {
    if (this.#value === UNREAD) this.#value = this.#decode('value', this.#raw.value, this.#decoders.value)
    return this.#value
  }

  get key(): unknown {
    if (this.#key === UNREAD) this.#key = this.#decode('key', this.#raw.key, this.#decoders.key)
    return this.#key
  }

  get headers(): readonly KafkaHeader[] {
    return (this.#raw.headers ?? []).flatMap((header: unknown) => {
      if (typeof header !== 'object' || header === null) throw this.#badHeader()
      return Object.entries(header).map(([name, bytes]) => ({ name, value: this.#headerBytes(bytes) }))
    })
  }

  get keySchema(): KafkaSchemaMetadata | undefined {
    return copyOf(this.#raw.keySchemaMetadata)
  }

  get valueSchema(): KafkaSchemaMetadata | undefined {
    return copyOf(this.#raw.valueSchemaMetadata)
  }

  /** Bytes come signed from the Java side (-128..127) or unsigned; Uint8Array takes both modulo 256. */
  #headerBytes(bytes: unknown): Uint8Array {
    if (!Array.isArray(bytes) || !bytes.every((byte) => Number.isInteger(byte) && byte >= -128 && byte <= 255)) {
      throw this.#badHeader()
    }
    return Uint8Array.from(bytes)
  }

  #badHeader(): DecodeError {
    const place = `${this.topic}-${this.partition} at offset ${this.offset}`
    return new DecodeError('headers', `those of ${place} are no list of objects that hold bytes as numbers`)
  }

  /** The same as a plain object, decoded: what travels and is kept, wherever in a value the record is. */
  [AS_VALUE](): KafkaRecord<unknown, unknown> {
    const { topic, partition, offset, timestamp, timestampType, key, value, headers, keySchema, valueSchema } = this
    return { topic, partition, offset, timestamp, timestampType, key, value, headers, keySchema, valueSchema }
  }

  toJSON(): unknown {
    const { topic, partition, offset, timestamp, key, value } = this
    return { topic, partition, offset, timestamp, key, value }
  }

  #decode(part: 'key' | 'value', base64: string | null | undefined, decoder: Decoder<unknown>): unknown {
    try {
      const value = decoder.decode(base64 ?? null)
      this.#whenRead?.(value)
      return value
    } catch (error) {
      if (!(error instanceof DecodeError)) throw error
      throw new DecodeError(
        decoder.format,
        `the ${part} of ${this.topic}-${this.partition} at offset ${this.offset} is ${error.message}`,
        { cause: error },
      )
    }
  }
}

/** The event's own must not be changed: a retry reads it again. */
function copyOf(schema: KafkaSchemaMetadata | null | undefined): KafkaSchemaMetadata | undefined {
  return schema ? { ...schema } : undefined
}
