// Every shape of event that AWS documents, and what is none of them.
// https://docs.aws.amazon.com/lambda/latest/dg/with-msk.html and with-kafka.html

import { describe, expect, it } from 'vitest'
import { MalformedEventError } from '../../src/index.ts'
import { parseEvent as parse } from '../../src/lambda/parse-event.ts'
import { shareMessage, wakeUpMessage } from '../../src/lambda/sqs-waker.ts'
import { KAFKA } from '../../src/sources/kafka/kind.ts'
import { eventRecord, kafkaEvent, lines } from '../support/kafka-events.ts'

const parseEvent = (event: unknown) => parse(event, [KAFKA])

/** As in AWS's documentation, shortened. */
const msk = {
  eventSource: 'aws:kafka',
  eventSourceArn: 'arn:aws:kafka:us-east-1:123456789012:cluster/vpc-2priv-2pub/751d2973-a626-431c-9d4e-d7975eb44dd7-2',
  bootstrapServers: 'b-2.demo-cluster-1.a1bcde.c1.kafka.us-east-1.amazonaws.com:9092',
  records: {
    'mytopic-0': [
      {
        topic: 'mytopic',
        partition: 0,
        offset: 15,
        timestamp: 1545084650987,
        timestampType: 'CREATE_TIME',
        key: 'abcDEFghiJKLmnoPQRstuVWXyz1234==',
        value: 'SGVsbG8sIHRoaXMgaXMgYSB0ZXN0Lg==',
        headers: [{ headerKey: [104, 101, 97, 100, 101, 114, 86, 97, 108, 117, 101] }],
      },
    ],
  },
}

const one = (changes: object): unknown => ({
  eventSource: 'SelfManagedKafka',
  records: { 'lines-0': [{ ...eventRecord('lines', 0, { offset: 0, timestamp: 0, value: 'v' }), ...changes }] },
})

describe('a Kafka event', () => {
  it('of an MSK cluster', () => {
    expect(parseEvent(msk)).toEqual([
      {
        kind: 'records',
        source: KAFKA,
        deliveries: [{ feed: 'mytopic', task: 'mytopic-0', records: msk.records['mytopic-0'] }],
      },
    ])
  })

  it('of a self-managed cluster, partition by partition', () => {
    const event = kafkaEvent({ 'lines-0': lines(['a', 'b']), 'lines-11': lines(['c']), 'more-0': lines(['d']) })
    const [invocation] = parseEvent(event)
    expect(invocation).toMatchObject({
      kind: 'records',
      deliveries: [
        { feed: 'lines', task: 'lines-0', records: [{ offset: 0 }, { offset: 1 }] },
        { feed: 'lines', task: 'lines-11' },
        { feed: 'more', task: 'more-0' },
      ],
    })
  })

  it('is passed on without a copy of a record', () => {
    const [invocation] = parseEvent(msk)
    if (invocation?.kind !== 'records') throw new Error('records')
    expect(invocation.deliveries[0]?.records[0]).toBe(msk.records['mytopic-0'][0])
  })

  it('takes topic and partition from the records: topics may contain dashes, and keys may say what they like', () => {
    const record = eventRecord('my-topic-7', 2, { offset: 0, timestamp: 0, value: 'v' })
    expect(parseEvent({ eventSource: 'aws:kafka', records: { 'my-topic-7-2': [record] } })).toMatchObject([
      { deliveries: [{ feed: 'my-topic-7', task: 'my-topic-7-2' }] },
    ])
  })

  it.each([
    ['no key', { key: undefined }],
    ['a null key', { key: null }],
    ['an empty key', { key: '' }],
    ['no value', { value: undefined }],
    ['a null value', { value: null }],
    ['an empty value', { value: '' }],
    ['null headers', { headers: null }],
    ['no headers', { headers: undefined }],
    ['signed header bytes', { headers: [{ h: [-1, -128] }] }],
    ['LOG_APPEND_TIME', { timestampType: 'LOG_APPEND_TIME' }],
    ['no timestamp type', { timestampType: undefined }],
    ['no timestamp (message format 0)', { timestamp: -1, timestampType: 'NO_TIMESTAMP_TYPE' }],
    ['a partition as text', { partition: '0' }],
    ['schema metadata', { valueSchemaMetadata: { dataFormat: 'AVRO', schemaId: 'x' } }],
    ['a great offset', { offset: Number.MAX_SAFE_INTEGER }],
  ])('may hold a record with %s', (_, changes) => {
    expect(parseEvent(one(changes))).toMatchObject([{ deliveries: [{ feed: 'lines', task: 'lines-0' }] }])
  })

  it('may be empty, as a whole or in a partition', () => {
    expect(parseEvent({ eventSource: 'aws:kafka', records: {} })).toEqual([
      { kind: 'records', source: KAFKA, deliveries: [] },
    ])
    expect(parseEvent({ eventSource: 'aws:kafka', records: { 'lines-0': [] } })).toEqual([
      { kind: 'records', source: KAFKA, deliveries: [] },
    ])
  })
})

describe('a malformed event', () => {
  const path = "event.records['lines-0'][0]"

  it.each<[string, unknown, string, string]>([
    ['null', null, 'event', 'it is null, not an object'],
    ['nothing', undefined, 'event', 'it is missing, not an object'],
    ['a text', 'hello', 'event', 'it is string "hello", not an object'],
    ['a list', [], 'event', 'it is an array, not an object'],
    ['no source', {}, 'event.eventSource', "it is missing, not 'aws:kafka' or 'SelfManagedKafka'"],
    [
      'another source',
      { eventSource: 'aws:kinesis' },
      'event.eventSource',
      `it is string "aws:kinesis", not 'aws:kafka'`,
    ],
    ['no records', { eventSource: 'aws:kafka' }, 'event.records', 'it is missing, not an object'],
    ['records in a list', { eventSource: 'aws:kafka', records: [] }, 'event.records', 'it is an array, not an object'],
    [
      'a partition that is no list',
      { eventSource: 'aws:kafka', records: { 'lines-0': {} } },
      "event.records['lines-0']",
      'it is an object, not an array',
    ],
    [
      'a record that is null',
      { eventSource: 'aws:kafka', records: { 'lines-0': [null] } },
      path,
      'it is null, not a record',
    ],
    ['no topic', one({ topic: undefined }), `${path}.topic`, 'it is missing, not a topic name'],
    ['a wrong topic', one({ topic: 7 }), `${path}.topic`, 'it is number 7, not a topic name'],
    ['no partition', one({ partition: undefined }), `${path}.partition`, 'it is missing, not a partition number'],
    [
      'a wrong partition',
      one({ partition: 'first' }),
      `${path}.partition`,
      'it is string "first", not a partition number',
    ],
    ['a partition below 0', one({ partition: -1 }), `${path}.partition`, 'it is number -1, not a partition number'],
    ['no offset', one({ offset: undefined }), `${path}.offset`, 'it is missing, not an offset'],
    ['an offset as text', one({ offset: '7' }), `${path}.offset`, 'it is string "7", not an offset'],
    ['half an offset', one({ offset: 0.5 }), `${path}.offset`, 'it is number 0.5, not an offset'],
    ['no timestamp', one({ timestamp: undefined }), `${path}.timestamp`, 'it is missing, not a time in milliseconds'],
    [
      'a timestamp that is null',
      one({ timestamp: null }),
      `${path}.timestamp`,
      'it is null, not a time in milliseconds',
    ],
    [
      'a value that is decoded',
      one({ value: { a: 1 } }),
      `${path}.value`,
      'it is an object, not base64, null or absent',
    ],
    ['a key that is a number', one({ key: 5 }), `${path}.key`, 'it is number 5, not base64, null or absent'],
    [
      'headers that are no list',
      one({ headers: {} }),
      `${path}.headers`,
      'it is an object, not an array, null or absent',
    ],
  ])('%s', (_, event, place, problem) => {
    expect(() => parseEvent(event)).toThrow(MalformedEventError)
    expect(() => parseEvent(event)).toThrow(`Malformed event at ${place}: ${problem}`)
    expect(() => parseEvent(event)).toThrow('check what invokes this function')
  })

  it('has a record of one partition among those of another', () => {
    const event = {
      eventSource: 'aws:kafka',
      records: {
        'lines-0': [
          ...lines(['a']).map((r) => eventRecord('lines', 0, r)),
          eventRecord('lines', 1, { offset: 1, timestamp: 0, value: 'b' }),
        ],
      },
    }
    expect(() => parseEvent(event)).toThrow(
      "event.records['lines-0'][1]: it is of another partition than the first, lines-0",
    )
  })

  it('does not put a long value into its message', () => {
    const event = one({ offset: 'x'.repeat(10_000) })
    expect(() => parseEvent(event)).toThrow(/^.{0,400}$/s)
  })
})

describe('a message', () => {
  const message = (body: string, changes: object = {}) => ({ eventSource: 'aws:sqs', messageId: 'm', body, ...changes })

  it('comes as a message from SQS, several in one event', () => {
    const Records = [message(wakeUpMessage('a', 1)), message(wakeUpMessage('b', 2))]
    expect(parseEvent({ Records })).toEqual([
      { kind: 'wake', job: 'a', at: 1 },
      { kind: 'wake', job: 'b', at: 2 },
    ])
  })

  it('may ask to run buckets', () => {
    const share = { stage: 's', buckets: [0, 3], closedUntil: 2000, times: [1000, 2000] }
    expect(parseEvent({ Records: [message(shareMessage('a', share))] })).toEqual([{ kind: 'share', job: 'a', share }])
  })

  it.each([
    ['another service', message(wakeUpMessage('a', 1), { eventSource: 'aws:s3' }), 'event.Records[0]'],
    ['no body', { eventSource: 'aws:sqs' }, 'event.Records[0]'],
    ['null', null, 'event.Records[0]'],
    ['no JSON', message('{'), 'event.Records[0].body'],
    ['somebody else', message('{"job":"a","at":1}'), 'event.Records[0].body'],
    ['no job', message('{"millrace":"wake","at":1}'), 'event.Records[0].body'],
    ['a share of nothing', message('{"millrace":"share","job":"a"}'), 'event.Records[0].body'],
    [
      'a share with a bucket that is none',
      message(shareMessage('a', { stage: 's', buckets: [-1], closedUntil: 1, times: [] })),
      'event.Records[0].body',
    ],
    ['no time', message('{"millrace":"wake","job":"a","at":"1"}'), 'event.Records[0].body'],
  ])('that is none is refused: %s', (_, record, place) => {
    expect(() => parseEvent({ Records: [record] })).toThrow(
      `Malformed event at ${place}: it is not a message of Millrace`,
    )
  })
})
