import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { EventSize, encodeEvent, encodeRecord, recordBytes } from '../../../src/local/event-source/encode-event.ts'
import type { SourceRecord } from '../../../src/local/event-source/topic-source.ts'

const MSK = {
  eventSource: 'aws:kafka',
  eventSourceArn: 'arn:aws:kafka:us-east-1:123456789012:cluster/c/1-2',
  bootstrapServers: ['b-1:9092', 'b-2:9092'],
} as const
const SELF_MANAGED = { eventSource: 'SelfManagedKafka', bootstrapServers: ['abc.xyz.com:9092'] } as const

const record: SourceRecord = {
  topic: 'my-topic',
  partition: 0,
  offset: 15,
  timestamp: 1545084650987,
  timestampType: 'CREATE_TIME',
  key: Buffer.from('key'),
  value: Buffer.from('Hello, this is a test.'),
  headers: [['headerKey', Buffer.from('headerValue')]],
}

describe('encodeEvent', () => {
  it('is the event of the documentation, for MSK and for a self-managed cluster', () => {
    const records = {
      'my-topic-0': [
        {
          topic: 'my-topic',
          partition: 0,
          offset: 15,
          timestamp: 1545084650987,
          timestampType: 'CREATE_TIME',
          key: 'a2V5',
          value: 'SGVsbG8sIHRoaXMgaXMgYSB0ZXN0Lg==',
          headers: [{ headerKey: [104, 101, 97, 100, 101, 114, 86, 97, 108, 117, 101] }],
        },
      ],
    }
    expect(JSON.parse(encodeEvent(MSK, [record]))).toEqual({
      eventSource: 'aws:kafka',
      eventSourceArn: MSK.eventSourceArn,
      bootstrapServers: 'b-1:9092,b-2:9092',
      records,
    })
    expect(JSON.parse(encodeEvent(SELF_MANAGED, [record]))).toEqual({
      eventSource: 'SelfManagedKafka',
      bootstrapServers: 'abc.xyz.com:9092',
      records,
    })
  })

  it('leaves out key and value that are null, keeps empty ones, and has header bytes unsigned', () => {
    expect(JSON.parse(encodeRecord({ ...record, key: null, value: null, headers: [] }))).not.toHaveProperty('key')
    expect(JSON.parse(encodeRecord({ ...record, key: null, value: null }))).not.toHaveProperty('value')
    const empty = JSON.parse(encodeRecord({ ...record, key: new Uint8Array(), value: new Uint8Array(), headers: [] }))
    expect(empty).toMatchObject({ key: '', value: '', headers: [] })
    const odd = {
      ...record,
      headers: [
        ['a', Uint8Array.of(128, 255)],
        ['a', new Uint8Array()],
      ] as const,
    }
    expect(JSON.parse(encodeRecord(odd)).headers).toEqual([{ a: [128, 255] }, { a: [] }])
  })

  it('encodes a view of a larger buffer', () => {
    const view = new Uint8Array(Buffer.from('xxabcxx').buffer.slice(0), 0, 0)
    const whole = new Uint8Array([1, 2, 3, 4, 5])
    expect(JSON.parse(encodeRecord({ ...record, key: view, value: whole.subarray(1, 3) })).value).toBe('AgM=')
  })
})

describe('sizes', () => {
  const bytes = fc.option(fc.uint8Array({ maxLength: 50 }))
  const arbitrary: fc.Arbitrary<SourceRecord> = fc.record({
    topic: fc.constantFrom('t', 'my-topic', 'a.b_c'),
    partition: fc.nat(20),
    offset: fc.nat(),
    timestamp: fc.integer({ min: -1, max: 4_102_444_800_000 }),
    timestampType: fc.constantFrom('CREATE_TIME', 'LOG_APPEND_TIME'),
    key: bytes,
    value: bytes,
    headers: fc.array(fc.tuple(fc.string({ unit: 'binary', maxLength: 8 }), fc.uint8Array({ maxLength: 8 })), {
      maxLength: 3,
    }),
  })

  it('knows the bytes of a record and of an event before encoding them', () => {
    fc.assert(
      fc.property(fc.constantFrom(MSK, SELF_MANAGED), fc.array(arbitrary, { maxLength: 12 }), (origin, records) => {
        const size = new EventSize(origin)
        for (const one of records) {
          expect(recordBytes(one)).toBe(Buffer.byteLength(encodeRecord(one)))
          expect(size.alone(one, recordBytes(one))).toBe(Buffer.byteLength(encodeEvent(origin, [one])))
          size.add(one, recordBytes(one))
        }
        expect(size.bytes).toBe(Buffer.byteLength(encodeEvent(origin, records)))
      }),
    )
  })
})
