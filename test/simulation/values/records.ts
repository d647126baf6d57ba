// Records and bytes as they are, in values and in state.

import { job, type KafkaRecord, raw, text } from '../../../src/index.ts'
import { describe, describeRecord } from '../describe.ts'
import { textOf } from '../expected.ts'
import { TOPICS } from '../jobs.ts'
import { folded, type KindSpec, numberedWords, parseNumbered, saveLines } from '../kind.ts'

const later = (a: KafkaRecord<string>, b: KafkaRecord<string>): KafkaRecord<string> =>
  parseNumbered(a.value).number > parseNumbered(b.value).number ? a : b

/** Records as they are, headers and all, in values and in state. */
export const records: KindSpec = {
  define: (options, inPlace, version) =>
    job('simulated', options, ({ kafka }) => {
      const source = kafka(inPlace ? TOPICS[0] : TOPICS, { value: text() })
      const keyed = (version === 1 ? source : source.filter(() => true)).map((r) => [r.key ?? '', r] as const)
      const pairs = inPlace ? keyed.preservesPartitioning({ newPartitions: 'join' }) : keyed
      saveLines(
        'last',
        pairs.reduceByKey(later).map(([, record]) => describeRecord(record)),
      )
      saveLines(
        'groups',
        pairs.groupByKey().flatMap(([, all]) => all.map(describeRecord)),
      )
      const kept = pairs.updateStateByKey(
        (values: readonly KafkaRecord<string>[], state: KafkaRecord<string> | undefined) =>
          state === undefined && values[0] === undefined
            ? undefined
            : values.reduce(later, state ?? values[0] ?? never()),
      )
      saveLines(
        'kept',
        kept.map(([, record]) => describeRecord(record)),
      )
    }),
  records: numberedWords,
  expected(ledger, inPlace) {
    const described = new Map<number, string>()
    for (const { record } of [...ledger.entries.values()].flat()) {
      const { key, value, headers, timestampType, topic, partition, offset, timestamp } = record
      const plain = (headers ?? []).flatMap((header) =>
        Object.entries(header).map(([name, bytes]) => ({ name, value: new Uint8Array(bytes) })),
      )
      const facts = { topic, partition: Number(partition), offset, timestamp, timestampType, headers: plain }
      const decoded = {
        key: Buffer.from(key ?? '', 'base64').toString(),
        value: textOf({ ...record, value: value ?? '' }),
      }
      const whole = { ...facts, ...decoded, keySchema: undefined, valueSchema: undefined }
      described.set(parseNumbered(decoded.value).number, describeRecord(whole))
    }
    const say = (number: number): string => described.get(number) ?? ''
    return folded(ledger, inPlace, () => {
      const kept = new Map<string, number>()
      return (words) => {
        for (const [word, numbers] of words) kept.set(word, Math.max(kept.get(word) ?? -1, ...numbers))
        return {
          last: [...words].map(([, numbers]) => say(Math.max(...numbers))),
          groups: [...words].flatMap(([, numbers]) => numbers.map(say)),
          kept: [...kept.values()].map(say),
        }
      }
    })
  },
}

function never(): never {
  throw new RangeError('nothing to begin with')
}

/** Bytes as they are. */
export const bytes: KindSpec = {
  define: (options, inPlace, version) =>
    job('simulated', options, ({ kafka }) => {
      const source = kafka(inPlace ? TOPICS[0] : TOPICS, { value: raw() })
      const keyed = (version === 1 ? source : source.filter(() => true)).map((r) => [r.key ?? '', r.value] as const)
      const pairs = inPlace ? keyed.preservesPartitioning({ newPartitions: 'join' }) : keyed
      saveLines(
        'groups',
        pairs.groupByKey().flatMap(([key, all]) => all.map((one) => `${key} ${describe(one)}`)),
      )
      const kept = pairs.updateStateByKey((values: readonly Uint8Array[], state: readonly Uint8Array[] | undefined) => [
        ...(state ?? []),
        ...values,
      ])
      saveLines(
        'kept',
        kept.flatMap(([key, all]) => all.map((one) => `${key} ${describe(one)}`)),
      )
    }),
  records: numberedWords,
  expected: (ledger, inPlace) =>
    folded(ledger, inPlace, () => {
      const all = new Map<string, number[]>()
      const say = (word: string, n: number): string =>
        `${word} ${describe(new Uint8Array(Buffer.from(`${word}:${n}`)))}`
      return (words) => {
        for (const [word, numbers] of words) all.set(word, [...(all.get(word) ?? []), ...numbers])
        return {
          groups: [...words].flatMap(([word, numbers]) => numbers.map((n) => say(word, n))),
          kept: [...all].flatMap(([word, numbers]) => numbers.map((n) => say(word, n))),
        }
      }
    }),
}
