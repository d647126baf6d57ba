// What is fuzzed: everything that reads bytes which others have written, or names which others have given.

import { Buffer } from 'node:buffer'
import { json, nullable, text } from '../src/formats/decode.ts'
import { parseEvent } from '../src/lambda/parse-event.ts'
import { shareMessage, wakeUpMessage } from '../src/lambda/sqs-waker.ts'
import { decode, encode, FORMAT, pack, stamp, unpack } from '../src/log/codec.ts'
import { objectPath } from '../src/names/escape.ts'
import { logKey, rowName, rowSortKey, rowSortKeyPrefix } from '../src/names/table-keys.ts'
import { partitionName } from '../src/names/tasks.ts'
import { parseTarget } from '../src/sinks/files/target.ts'
import type { KafkaEventRecord } from '../src/sources/kafka/event.ts'
import { KAFKA } from '../src/sources/kafka/kind.ts'
import { parseEvent as parseKafkaEvent } from '../src/sources/kafka/parse-event.ts'
import { EventRecord } from '../src/sources/kafka/record.ts'
import type { Delivery } from '../src/sources/source.ts'
import { compareUtf8 } from '../src/stores/object-keys.ts'
import { bucketToPath, keyToPath, pathToKey } from '../src/stores/object-paths.ts'
import { AS_VALUE } from '../src/values/value.ts'
import type { Target } from './fuzzer.ts'
import { goOn, type Stored, stored } from './stored-job.ts'
import { mutateJson, mutatePacked } from './structured.ts'
import { must, orRefused } from './support.ts'

const EVENT = {
  eventSource: 'aws:kafka',
  records: {
    'lines-0': [0, 1].map((offset) => ({
      ...{ topic: 'lines', partition: 0, offset, timestamp: 1000, timestampType: 'CREATE_TIME' },
      ...{ key: 'a2V5', value: 'eyJhIjoxfQ==', headers: [{ trace: [104, -1] }] },
    })),
  },
}
const SHARE = {
  Records: [
    {
      eventSource: 'aws:sqs',
      body: shareMessage('words', { stage: 's', buckets: [0, 1], closedUntil: 2000, times: [1000, 2000] }),
    },
  ],
}
const WAKE_UP = { Records: [{ eventSource: 'aws:sqs', body: wakeUpMessage('words', 1_000_000_000_000) }] }
const DECODERS = { key: nullable(text()), value: nullable(json()) }

/** Events: understood, with records of one partition each, or refused by name. */
const parsing: Target = {
  name: 'parse-event',
  covers: ['lambda/parse-event.ts', 'sources/kafka/parse-event.ts', 'sources/kafka/record.ts', 'formats/decode.ts'],
  seeds: [EVENT, WAKE_UP, SHARE].map((event) => Buffer.from(JSON.stringify(event))),
  mutate: mutateJson,
  async run(input) {
    let event: unknown
    try {
      event = JSON.parse(input.toString())
    } catch {
      return // Lambda only takes JSON.
    }
    for (const invocation of (await orRefused(() => parseEvent(event, [KAFKA]))) ?? []) {
      if (invocation.kind === 'wake') must(invocation.at >= 0, 'a wake-up has a time')
      else if (invocation.kind === 'share') must(invocation.share.closedUntil >= 0, 'a share has a time')
      else for (const delivery of parseKafkaEvent(Object(event)) ?? []) await checkDelivery(delivery)
    }
  },
}

async function checkDelivery({ feed, task, records }: Delivery<KafkaEventRecord>): Promise<void> {
  must(records.length > 0 && KAFKA.feedOf(task) === feed, 'a task is of its topic, and has records')
  for (const raw of records) {
    const record = new EventRecord(raw, DECODERS)
    must(partitionName(record.topic, record.partition) === task, 'records are of their partition')
    must(Number.isSafeInteger(record.offset) && Number.isFinite(record.timestamp), 'offset and timestamp are numbers')
    await orRefused(() => record[AS_VALUE]())
    await orRefused(() => record.headers)
  }
}

/** Any bytes behind a valid header and checksum: a value or a named error. */
const envelope: Target = {
  name: 'codec-bytes',
  covers: ['log/codec.ts', 'values/faithful.ts'],
  seeds: [encode([1, 'a', { b: null }]), encode('x'.repeat(2000)), encode({ bucket: 'b', key: 'k' }, true)].map(
    (bytes) => Buffer.concat([bytes.subarray(2, 3), bytes.subarray(7)]),
  ),
  async run(input) {
    const header = Buffer.from([0x4d, FORMAT, input[0] ?? 0, 0, 0, 0, 0])
    await orRefused(() => decode('it', input))
    await orRefused(() => decode('it', stamp(Buffer.concat([header, input.subarray(1)]), 'place'), 'place'))
  },
}

/** Whatever value msgpack holds comes back from the codec as it was, and makes the same bytes again. */
const values: Target = {
  name: 'codec-values',
  covers: ['log/codec.ts', 'values/faithful.ts'],
  seeds: [
    [-0, '\ud800', new Map([[{ a: 1 }, new Set([1n])]]), new Date(5), Uint8Array.of(1)],
    { __proto__: null, a: [] },
  ].map((value) => Buffer.concat([Buffer.of(0), pack(value)])),
  mutate: mutatePacked,
  async run(input) {
    let value: unknown
    try {
      value = unpack(input.subarray(1))
    } catch {
      return
    }
    const bytes = await orRefused(() => encode(value))
    if (!bytes) return
    const again = encode(decode('it', bytes).value)
    must(Buffer.compare(bytes, again) === 0, 'a value makes the same bytes when it has come back')
  },
}

/** Names as keys and paths: each its own, never another's, none that leaves its place. */
const names: Target = {
  name: 'names',
  covers: [
    'stores/object-paths.ts',
    'stores/object-keys.ts',
    'stores/table-keys.ts',
    'names/escape.ts',
    'names/table-keys.ts',
    'names/tasks.ts',
    'sinks/files/target.ts',
  ],
  seeds: ['a\nb', '..\n.', 'a/b\na', '\ud83d\ude00\n%2E', '#\n%', 's3://results/a\nx'].map((name) =>
    Buffer.from(name, 'utf16le'),
  ),
  async run(input) {
    const [a = '', b = ''] = input.toString('utf16le').split('\n')
    const same = a === b
    const key = (name: string): string => logKey({ job: name, stage: 's', task: 't' })
    must((key(a) === key(b)) === same, 'a log has one name')
    must(key(a).split('#').length === 4 && key(a).isWellFormed(), 'a name stays within its part of a key')
    must((objectPath(a, b) === objectPath(b, a)) === same, 'an object of two names has one path')
    must(objectPath(a, b).split('/').length === 2 && !/^\.\.?(\/|$)/.test(objectPath(a, b)), 'a path stays below')
    must(rowName(rowSortKey(a)) === a, 'the name of a row comes back')
    if (a !== '')
      must(rowSortKey(a + b).startsWith(rowSortKeyPrefix(a)), 'what a name starts with, its key starts with')
    must(Math.sign(compareUtf8(a, b)) === -Math.sign(compareUtf8(b, a)), 'the order of keys is one')
    if (a.isWellFormed() && a !== '') {
      must(pathToKey(keyToPath(a)) === a, 'a key comes back from its path')
      must(keyToPath(a).split('/').every(isOrdinary) && isOrdinary(bucketToPath(a)), 'a path has no dots to follow')
    }
    const target = await orRefused(() => parseTarget('save', a, b))
    must(target === undefined || !/(^|\/)\.\.?(\/|$)/.test(target.prefix), 'a prefix has no dots to follow')
  },
}

function isOrdinary(segment: string): boolean {
  return (
    segment !== '' &&
    segment !== '.' &&
    segment !== '..' &&
    Buffer.byteLength(segment) <= 255 &&
    !segment.includes('\0')
  )
}

const { heads, snapshots } = await stored()

/** In place of one of `all`, which the first byte chooses: no damage, but not what this code writes. */
function replacing(name: string, all: readonly Stored[], covers: readonly string[]): Target {
  return {
    name,
    covers,
    seeds: all.map(({ value }, i) => Buffer.concat([Buffer.of(i), pack(value)])),
    mutate: mutatePacked,
    async run(input) {
      const what = all[(input[0] ?? 0) % all.length]
      if (what) await orRefused(() => goOn(what, input.subarray(1)))
    },
  }
}

export const TARGETS: readonly Target[] = [
  parsing,
  envelope,
  values,
  names,
  replacing('commit-record', heads, [
    'log/commit-record.ts',
    'values/shape.ts',
    'log/task-log.ts',
    'runtime/closing/log-reader.ts',
  ]),
  replacing('snapshot', snapshots, [
    'log/snapshots.ts',
    'programs/bucket-program.ts',
    'runtime/buckets/bucket-task.ts',
  ]),
]
