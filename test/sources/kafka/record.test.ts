import { describe, expect, it } from 'vitest'
import { DecodeError, type Decoder, json, nullable, text } from '../../../src/index.ts'
import type { KafkaEventRecord } from '../../../src/sources/kafka/event.ts'
import { EventRecord } from '../../../src/sources/kafka/record.ts'
import { eventRecord } from '../../support/kafka-events.ts'

const texts = { key: nullable(text()), value: text() }

function record(changes: Partial<KafkaEventRecord> = {}, decoders = texts): EventRecord {
  const made = eventRecord('my-lines', 3, { offset: 42, timestamp: 1234, value: 'v', key: 'k' })
  return new EventRecord({ ...made, ...changes }, decoders)
}

/** A decoder that counts its calls. */
function counting(): { decoder: Decoder<string>; calls: () => number } {
  let calls = 0
  const decoder: Decoder<string> = { format: 'counted', decode: () => `call ${++calls}` }
  return { decoder, calls: () => calls }
}

describe('a record', () => {
  it('has coordinates, timestamp, key and value', () => {
    expect(record()).toMatchObject({
      topic: 'my-lines',
      partition: 3,
      offset: 42,
      timestamp: 1234,
      timestampType: 'CREATE_TIME',
      key: 'k',
      value: 'v',
    })
  })

  it('has a number for a partition that comes as text', () => {
    expect(record({ partition: '7' }).partition).toBe(7)
  })

  it('decodes nothing that is not asked for, and what is asked for once', () => {
    const [key, value] = [counting(), counting()]
    const lazy = record({}, { key: key.decoder, value: value.decoder } as typeof texts)
    expect([lazy.topic, lazy.partition, lazy.offset, lazy.timestamp, lazy.headers]).toHaveLength(5)
    expect([key.calls(), value.calls()]).toEqual([0, 0])
    expect([lazy.value, lazy.value]).toEqual(['call 1', 'call 1'])
    expect([key.calls(), value.calls()]).toEqual([0, 1])
  })

  it('remembers a value of undefined as well', () => {
    let calls = 0
    const decoder: Decoder<undefined> = { format: 'x', decode: () => void calls++ }
    const lazy = new EventRecord(eventRecord('t', 0, { offset: 0, timestamp: 0, value: 'v' }), {
      key: decoder,
      value: decoder,
    })
    expect([lazy.value, lazy.value, calls]).toEqual([undefined, undefined, 1])
  })

  it.each([
    ['missing', undefined],
    ['null', null],
  ])('has no key when it is %s, and no value', (_, absent) => {
    const { key: _key, value: _value, ...rest } = eventRecord('t', 0, { offset: 0, timestamp: 0, value: 'v', key: 'k' })
    const bare = new EventRecord(absent === undefined ? rest : { ...rest, key: absent, value: absent }, {
      key: nullable(text()),
      value: nullable(text()),
    })
    expect([bare.key, bare.value]).toEqual([null, null])
  })

  it('tells an empty key and value from absent ones', () => {
    const empty = record({ key: '', value: '' })
    expect([empty.key, empty.value]).toEqual(['', ''])
  })

  it('names itself when it cannot be decoded, each time it is asked', () => {
    const bad = record({ value: Buffer.from('{').toString('base64') }, {
      key: texts.key,
      value: json(),
    } as unknown as typeof texts)
    for (let i = 0; i < 2; i++) {
      expect(() => bad.value).toThrow(DecodeError)
      expect(() => bad.value).toThrow('the value of my-lines-3 at offset 42 is not json: SyntaxError')
    }
    expect(bad.key).toBe('k')
    expect(() => record({ key: '?' }).key).toThrow('the key of my-lines-3 at offset 42 is not text')
  })

  it("passes on what a decoder of the user's own throws", () => {
    const decoder: Decoder<string> = {
      format: 'mine',
      decode() {
        throw new RangeError('mine')
      },
    }
    expect(() => record({}, { key: decoder, value: decoder } as typeof texts).value).toThrow(RangeError)
  })

  it('has headers in order, names repeated, bytes signed or not', () => {
    const { headers } = record({
      headers: [{ trace: [104, 105] }, { trace: [-1, -128, 127] }, { other: [255, 128, 0] }, { empty: [] }],
    })
    expect(headers.map(({ name, value }) => [name, ...value])).toEqual([
      ['trace', 104, 105],
      ['trace', 255, 128, 127],
      ['other', 255, 128, 0],
      ['empty'],
    ])
  })

  it.each<[string, unknown]>([
    ['null', [null]],
    ['bytes as text', [{ h: 'abc' }]],
    ['something with a length', [{ h: { length: 4_000_000_000 } }]],
    ['more than a byte', [{ h: [256] }]],
    ['less than a byte', [{ h: [-129] }]],
    ['half a byte', [{ h: [0.5] }]],
  ])('refuses headers with %s by name, when they are looked at', (_, headers) => {
    const raw: KafkaEventRecord = JSON.parse(
      JSON.stringify({ ...eventRecord('t', 0, { offset: 7, timestamp: 0, value: 'v' }), headers }),
    )
    const hostile = new EventRecord(raw, texts)
    expect(hostile.value).toBe('v')
    expect(() => hostile.headers).toThrow('not headers: those of t-0 at offset 7 are no list of objects')
  })

  it('has no headers when they are null, missing or none', () => {
    const { headers: _, ...without } = eventRecord('t', 0, { offset: 0, timestamp: 0, value: 'v' })
    for (const raw of [without, { ...without, headers: null }, { ...without, headers: [] }]) {
      expect(new EventRecord(raw, texts).headers).toEqual([])
    }
  })

  it("has a schema registry's facts where the mapping gives them", () => {
    const keySchemaMetadata = { dataFormat: 'AVRO', schemaId: '1' }
    const valueSchemaMetadata = { dataFormat: 'JSON', schemaId: '2' }
    const known = record({ keySchemaMetadata, valueSchemaMetadata })
    expect([known.keySchema, known.valueSchema]).toEqual([keySchemaMetadata, valueSchemaMetadata])
    expect([record().keySchema, record({ valueSchemaMetadata: null }).valueSchema]).toEqual([undefined, undefined])
  })

  it('is written as JSON by what it holds', () => {
    expect(JSON.parse(JSON.stringify(record()))).toEqual({
      topic: 'my-lines',
      partition: 3,
      offset: 42,
      timestamp: 1234,
      key: 'k',
      value: 'v',
    })
  })
})
