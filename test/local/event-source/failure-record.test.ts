// The records of failure destinations, held against the examples of AWS' pages: the same fields, of the same kind.
// https://docs.aws.amazon.com/lambda/latest/dg/kafka-on-failure.html, kafka-on-failure-destination.html

import { expect, it } from 'vitest'
import type { Discarded } from '../../../src/local/event-source/deliver.ts'
import { encodeEvent } from '../../../src/local/event-source/encode-event.ts'
import {
  failureKey,
  failureMessage,
  failureRecord,
  failureRecordWithPayload,
} from '../../../src/local/event-source/failure-record.ts'
import { eventSourceMapping } from '../../../src/local/event-source/mapping.ts'
import type { SourceRecord } from '../../../src/local/event-source/topic-source.ts'
import { standIn } from './stand-in.ts'
import { until } from './until.ts'

const ARN = 'arn:aws:kafka:us-east-1:123456789012:cluster/vpc-2priv-2pub/751d2973'
const FUNCTION = 'arn:aws:lambda:us-east-1:123456789012:function:myfunction'
const NOW = Date.UTC(2019, 10, 14, 0, 38, 6, 21)
const mapping = eventSourceMapping({
  uuid: 'u1',
  functionName: FUNCTION,
  eventSourceArn: ARN,
  bootstrapServers: ['b-1:9098', 'b-2:9098'],
  topics: ['Topic'],
})

const record = (partition: number, offset: number, timestamp: number): SourceRecord => ({
  topic: 'Topic',
  partition,
  offset,
  timestamp,
  timestampType: 'CREATE_TIME',
  key: Buffer.from('test-key'),
  value: Buffer.from('test-value'),
  headers: [],
})
const at = (second: number): number => Date.UTC(2019, 10, 14, 0, 38, second)
const exhausted: Discarded = {
  reason: 'RetryAttemptsExhausted',
  records: [record(0, 7, at(4)), record(0, 9, at(5)), record(1, 3, at(4))],
  invocations: 3,
  error: { errorType: 'Error', errorMessage: 'no', requestId: 'r1', executedVersion: '12' },
}

it('tells a queue or a topic of SNS which records were given up', () => {
  expect(failureRecord(mapping, exhausted, NOW)).toEqual({
    requestContext: {
      requestId: 'r1',
      functionArn: FUNCTION,
      condition: 'RetryAttemptsExhausted',
      approximateInvokeCount: 3,
    },
    responseContext: { statusCode: 200, executedVersion: '12', functionError: 'Unhandled' },
    version: '1.0',
    timestamp: '2019-11-14T00:38:06.021Z',
    KafkaBatchInfo: {
      batchSize: 3,
      eventSourceArn: ARN,
      bootstrapServers: 'b-1:9098,b-2:9098',
      payloadSize: Buffer.byteLength(encodeEvent(mapping, exhausted.records)),
      recordsInfo: {
        'Topic-0': {
          firstRecordOffset: '7',
          lastRecordOffset: '9',
          firstRecordTimestamp: '2019-11-14T00:38:04.000Z',
          lastRecordTimestamp: '2019-11-14T00:38:05.000Z',
        },
        'Topic-1': {
          firstRecordOffset: '3',
          lastRecordOffset: '3',
          firstRecordTimestamp: '2019-11-14T00:38:04.000Z',
          lastRecordTimestamp: '2019-11-14T00:38:04.000Z',
        },
      },
    },
  })
})

it('gives S3 the whole event as a text as well, under the name that Lambda gives', () => {
  expect(failureRecordWithPayload(mapping, exhausted, NOW)).toEqual({
    ...failureRecord(mapping, exhausted, NOW),
    payload: encodeEvent(mapping, exhausted.records),
  })
  expect(failureKey(mapping, exhausted, NOW)).toMatch(
    /^aws\/lambda\/u1\/Topic-0\/2019\/11\/14\/2019-11-14T00\.38\.06-[\da-f-]{36}$/,
  )
})

it('gives a Kafka topic a message for each record, with its event', () => {
  const [first = record(0, 0, 0)] = exhausted.records
  expect(failureMessage(mapping, exhausted, first, NOW)).toEqual({
    requestContext: {
      requestId: 'r1',
      functionArn: FUNCTION,
      condition: 'RetriesExhausted',
      approximateInvokeCount: 3,
    },
    responseContext: { statusCode: 200, executedVersion: '12', functionError: 'Unhandled' },
    version: '1.0',
    timestamp: '2019-11-14T00:38:06.021Z',
    KafkaBatchInfo: {
      batchSize: 1,
      eventSourceArn: ARN,
      bootstrapServers: 'b-1:9098,b-2:9098',
      payloadSize: Buffer.byteLength(encodeEvent(mapping, [first])),
      recordInfo: { offset: '7', timestamp: '2019-11-14T00:38:04.000Z' },
    },
    payload: {
      eventSource: 'aws:kafka',
      eventSourceArn: ARN,
      bootstrapServers: 'b-1:9098,b-2:9098',
      records: {
        'Topic-0': [
          {
            topic: 'Topic',
            partition: 0,
            offset: 7,
            timestamp: at(4),
            timestampType: 'CREATE_TIME',
            key: 'dGVzdC1rZXk=',
            value: 'dGVzdC12YWx1ZQ==',
            headers: [],
          },
        ],
      },
    },
  })
})

it('has no response where the function never had the record', () => {
  const tooLarge: Discarded = { reason: 'RecordTooLarge', records: exhausted.records, invocations: 0 }
  expect(failureRecord(mapping, tooLarge, NOW)).toMatchObject({
    requestContext: { condition: 'MaximumPayloadSizeExceeded', approximateInvokeCount: 0 },
    responseContext: null,
  })
  const old: Discarded = { ...tooLarge, reason: 'MaximumRecordAgeExceeded' }
  expect(failureRecord(mapping, old, NOW)).toMatchObject({ requestContext: { condition: 'RecordAgeExceeded' } })
})

const stand = standIn()
const destination = { onFailureDestination: 'arn:aws:sqs:us-east-1:123456789012:failed' }

it('gives up after ten retries when there is a destination and no number, and says how often it tried', async () => {
  stand.topics.createTopic('t')
  stand.fill(['a'])
  const given: Discarded[] = []
  const fail = (): never => {
    throw new RangeError('never')
  }
  await stand.start(fail, destination, { onDiscard: (discarded) => void given.push(discarded) })
  await until('given up', () => stand.committed() === 1)
  expect(stand.events).toHaveLength(11)
  expect(given).toMatchObject([
    { reason: 'RetryAttemptsExhausted', invocations: 11, error: { errorType: 'RangeError' } },
  ])
})

it('finds the one bad record by halves, and gives up that one alone', async () => {
  stand.topics.createTopic('t')
  stand.fill(['a', 'b', 'poison', 'd', 'e', 'f', 'g', 'h'])
  const given: Discarded[] = []
  const handled = new Set<string>()
  await stand.start(
    () => {
      const values = stand.values().at(-1) ?? []
      if (values.includes('poison')) throw new Error('poison')
      for (const value of values) handled.add(value)
    },
    { ...destination, bisectOnError: true, maximumRetryAttempts: 1 },
    { onDiscard: (discarded) => void given.push(discarded) },
  )
  await until('all is done', () => stand.committed() === 8)
  // Eight, four, two, and the one by itself with a retry: five invocations had it.
  expect(given.map(({ records, invocations }) => [records.map(({ offset }) => offset), invocations])).toEqual([
    [[2], 5],
  ])
  expect([...handled].sort()).toEqual(['a', 'b', 'd', 'e', 'f', 'g', 'h'])
})

it('says that a record is too old after what it was tried for', async () => {
  stand.topics.createTopic('t')
  stand.fill(['a'], 0, Date.now())
  const given: Discarded[] = []
  const fail = (): never => {
    throw new Error('not now')
  }
  const options = { onDiscard: (discarded: Discarded) => void given.push(discarded) }
  await stand.start(fail, { ...destination, maximumRecordAgeMs: 300, maximumRetryAttempts: 10_000 }, options)
  await until('given up', () => stand.committed() === 1)
  expect(given).toMatchObject([{ reason: 'MaximumRecordAgeExceeded', error: { errorMessage: 'not now' } }])
  expect(given[0]?.invocations).toBe(stand.events.length)
})

it('delivers again what the destination did not take', async () => {
  stand.topics.createTopic('t')
  stand.fill(['a'])
  const errors: string[] = []
  let away = true
  await stand.start(
    () => {
      throw new Error('bad')
    },
    { ...destination, maximumRetryAttempts: 0 },
    {
      onDiscard() {
        if (!away) return
        away = false
        throw new Error('the queue is away')
      },
      onError: ({ message }) => errors.push(message),
    },
  )
  await until('given up', () => stand.committed() === 1)
  expect(errors).toEqual(['the queue is away'])
  expect(stand.events).toHaveLength(2)
})

it('takes both names that AWS has had for the partition of a failure', async () => {
  stand.topics.createTopic('t')
  stand.fill(['a', 'b', 'c'])
  let first = true
  await stand.start(
    () => {
      if (!first) return undefined
      first = false
      return { batchItemFailures: [{ itemIdentifier: { 'topic-partition': 't-0', offset: 1 } }] }
    },
    { reportBatchItemFailures: true },
  )
  await until('all is done', () => stand.committed() === 3)
  expect(stand.values()).toEqual([
    ['a', 'b', 'c'],
    ['b', 'c'],
  ])
})
