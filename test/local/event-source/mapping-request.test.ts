// Mappings in files: what CreateEventSourceMapping takes, and what GetEventSourceMapping and ListEventSourceMappings answer.

import { describe, expect, it } from 'vitest'
import { mappingsFromJson } from '../../../src/local/event-source/mapping-request.ts'

const request = {
  FunctionName: 'f',
  Topics: ['t'],
  SelfManagedEventSource: { Endpoints: { KAFKA_BOOTSTRAP_SERVERS: ['a:9092'] } },
  StartingPosition: 'LATEST',
}
const one = (change: object = {}, elsewhere = false) =>
  mappingsFromJson('m.json', { ...request, ...change }, { elsewhere })[0]

it('reads a request as the command line of AWS takes it', () => {
  expect(
    one({
      Enabled: false,
      StartingPosition: 'AT_TIMESTAMP',
      StartingPositionTimestamp: 1_700_000_000,
      BatchSize: 7,
      FilterCriteria: { Filters: [{ Pattern: '{"value":["a"]}' }] },
      ProvisionedPollerConfig: { MinimumPollers: 2 },
      MaximumRecordAgeInSeconds: 60,
      Tags: { a: 'b' },
    }),
  ).toMatchObject({
    functionName: 'f',
    enabled: false,
    bootstrapServers: ['a:9092'],
    startingPosition: { type: 'AT_TIMESTAMP', timestamp: 1_700_000_000_000 },
    batchSize: 7,
    maximumBatchingWindowMs: 500,
    filters: ['{"value":["a"]}'],
    provisioned: { minimum: 2, maximum: 200 },
    maximumRecordAgeMs: 60_000,
  })
})

it('reads an answer, with a time as text and null where there is nothing', () => {
  const { FunctionName: _, ...answer } = request
  const api = {
    ...answer,
    UUID: 'u1',
    FunctionArn: 'arn:aws:lambda:eu-west-1:1:function:f',
    State: 'Enabled',
    StartingPosition: 'AT_TIMESTAMP',
    StartingPositionTimestamp: '2023-11-14T22:13:20+00:00',
    MaximumBatchingWindowInSeconds: null,
    FilterCriteria: null,
    LastModified: '2023-11-14T22:13:20+00:00',
    StateTransitionReason: 'USER_INITIATED',
  }
  const expected = { uuid: 'u1', maximumBatchingWindowMs: 500, startingPosition: { timestamp: 1_700_000_000_000 } }
  expect(mappingsFromJson('m.json', api)).toMatchObject([expected])
  expect(mappingsFromJson('m.json', { EventSourceMappings: [api, api] })).toHaveLength(2)
})

it('is always the same group for the same function and topics', () => {
  expect(one()?.consumerGroupId).toBe(one({ BatchSize: 3 })?.consumerGroupId)
  expect(one()?.consumerGroupId).not.toBe(one({ Topics: ['u'] })?.consumerGroupId)
  expect(one({ SelfManagedKafkaEventSourceConfig: { ConsumerGroupId: 'g' } })?.consumerGroupId).toBe('g')
})

it('asks for the cluster unless it is told elsewhere', () => {
  expect(() => one({ SelfManagedEventSource: undefined })).toThrow('which cluster?')
  expect(one({ SelfManagedEventSource: undefined }, true)).toMatchObject({ bootstrapServers: [] })
})

describe('refuses', () => {
  it.each([
    ["unknown option 'Batchsize'. Did you mean 'BatchSize'?", { Batchsize: 7 }],
    ["m.json: ProvisionedPollerConfig: unknown option 'Minimum'", { ProvisionedPollerConfig: { Minimum: 1 } }],
    ['m.json: BatchSize is "7"; it must be a number', { BatchSize: '7' }],
    ['m.json: Topics is "t"; it must be a list', { Topics: 't' }],
    ['m.json: Topics[0] is 1; it must be a text', { Topics: [1] }],
    ['Pattern is {"value":[]}; it must be a text', { FilterCriteria: { Filters: [{ Pattern: { value: [] } }] } }],
    ['FunctionName is missing', { FunctionName: undefined }],
    ['is no time', { StartingPositionTimestamp: 'soon' }],
    ['TumblingWindowInSeconds is not for Kafka', { TumblingWindowInSeconds: 9 }],
    ['ConsumptionMode Queue', { SelfManagedKafkaEventSourceConfig: { ConsumptionMode: 'Queue' } }],
  ])('%s', (message, change) => {
    expect(() => one(change)).toThrow(message)
  })

  it('what is no object', () => {
    expect(() => mappingsFromJson('m.json', 7)).toThrow('m.json is 7; it must be a JSON object')
    expect(() => mappingsFromJson('m.json', [request, null])).toThrow('m.json[1]')
  })
})
