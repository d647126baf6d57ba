import type { EventSourceMappingConfiguration } from '@aws-sdk/client-lambda'
import { describe, expect, it } from 'vitest'
import { eventSourceMapping } from '../../../src/local/event-source/mapping.ts'
import { checkGroups, mappingFromApi } from '../../../src/local/event-source/mapping-api.ts'

const ARN = 'arn:aws:kafka:us-east-1:123456789012:cluster/c/e9f754c6-d29a-4430-a7db-958a19fd2c54-4'
const FUNCTION = 'arn:aws:lambda:us-east-1:123456789012:function:f'
const msk: EventSourceMappingConfiguration = {
  UUID: 'a1b2',
  FunctionArn: FUNCTION,
  EventSourceArn: ARN,
  Topics: ['t'],
  State: 'Enabled',
}
const selfManaged: EventSourceMappingConfiguration = {
  UUID: 'c3d4',
  FunctionArn: FUNCTION,
  SelfManagedEventSource: { Endpoints: { KAFKA_BOOTSTRAP_SERVERS: ['a:9092', 'b:9092'] } },
  Topics: ['t'],
}

const PROVISIONED = { ProvisionedPollerConfig: { MinimumPollers: 1 } }

describe('mappingFromApi', () => {
  it("reads an MSK mapping and fills in Lambda's defaults", () => {
    expect(mappingFromApi(msk)).toEqual({
      uuid: 'a1b2',
      functionName: FUNCTION,
      enabled: true,
      eventSource: 'aws:kafka',
      eventSourceArn: ARN,
      bootstrapServers: [],
      topics: ['t'],
      consumerGroupId: 'a1b2',
      startingPosition: { type: 'TRIM_HORIZON' },
      batchSize: 100,
      maximumBatchingWindowMs: 500,
      maximumRetryAttempts: -1,
      maximumRecordAgeMs: -1,
      bisectOnError: false,
      reportBatchItemFailures: false,
      sourceAccess: [],
      filters: [],
    })
  })

  it('reads everything that a self-managed mapping can say', () => {
    expect(
      mappingFromApi({
        ...selfManaged,
        State: 'Disabled',
        StartingPosition: 'AT_TIMESTAMP',
        StartingPositionTimestamp: new Date(1_700_000_000_000),
        BatchSize: 1000,
        MaximumBatchingWindowInSeconds: 0,
        MaximumRetryAttempts: 3,
        MaximumRecordAgeInSeconds: 60,
        BisectBatchOnFunctionError: true,
        FunctionResponseTypes: ['ReportBatchItemFailures'],
        SelfManagedKafkaEventSourceConfig: { ConsumerGroupId: 'g' },
        DestinationConfig: { OnFailure: { Destination: 'arn:aws:sqs:us-east-1:123456789012:q' } },
        SourceAccessConfigurations: [{ Type: 'SASL_SCRAM_512_AUTH', URI: 'arn:secret' }],
        FilterCriteria: { Filters: [{ Pattern: '{"value":["a"]}' }] },
        ProvisionedPollerConfig: { MinimumPollers: 2, PollerGroupName: 'shop' },
      }),
    ).toMatchObject({
      enabled: false,
      eventSource: 'SelfManagedKafka',
      bootstrapServers: ['a:9092', 'b:9092'],
      consumerGroupId: 'g',
      startingPosition: { type: 'AT_TIMESTAMP', timestamp: 1_700_000_000_000 },
      batchSize: 1000,
      maximumBatchingWindowMs: 0,
      maximumRetryAttempts: 3,
      maximumRecordAgeMs: 60_000,
      bisectOnError: true,
      reportBatchItemFailures: true,
      onFailureDestination: 'arn:aws:sqs:us-east-1:123456789012:q',
      sourceAccess: [{ type: 'SASL_SCRAM_512_AUTH', uri: 'arn:secret' }],
      filters: ['{"value":["a"]}'],
      provisioned: { minimum: 2, maximum: 200, group: 'shop' },
    })
    expect(mappingFromApi({ ...selfManaged, MaximumRecordAgeInSeconds: -1 }).maximumRecordAgeMs).toBe(-1)
  })

  it.each([
    ['UUID', { UUID: undefined }],
    ['FunctionArn', { FunctionArn: undefined }],
    ['Topics is empty', { Topics: [] }],
    ['not of a Kafka topic', { EventSourceArn: 'arn:aws:sqs:us-east-1:123456789012:q' }],
    ['FilterCriteria', { FilterCriteria: { Filters: [{ Pattern: '{' }] } }],
    ['encrypted', { KMSKeyArn: 'arn:aws:kms:us-east-1:123456789012:key/k' }],
    ['TumblingWindowInSeconds is not for Kafka', { TumblingWindowInSeconds: 30 }],
    ['ParallelizationFactor is not for Kafka', { ParallelizationFactor: 2 }],
    ['ScalingConfig is not for Kafka', { ScalingConfig: { MaximumConcurrency: 2 } }],
    ['Queues is not for Kafka', { Queues: ['q'] }],
    ['schema registry', { AmazonManagedKafkaEventSourceConfig: { SchemaRegistryConfig: { SchemaRegistryURI: 'u' } } }],
    ['MaximumRetryAttempts for Kafka topics in provisioned mode only', { MaximumRetryAttempts: 3 }],
    ['MaximumRecordAgeInSeconds for Kafka topics in provisioned mode only', { MaximumRecordAgeInSeconds: 60 }],
    ['BisectBatchOnFunctionError for Kafka topics in', { BisectBatchOnFunctionError: true }],
    ['FunctionResponseTypes for Kafka topics in', { FunctionResponseTypes: ['ReportBatchItemFailures'] }],
    ['DestinationConfig of a Kafka topic', { DestinationConfig: { OnFailure: { Destination: 'kafka://failed' } } }],
    [
      'is a topic that the mapping reads',
      { ...PROVISIONED, DestinationConfig: { OnFailure: { Destination: 'kafka://t' } } },
    ],
    ['is none of arn:aws:sqs', { DestinationConfig: { OnFailure: { Destination: 'arn:aws:dynamodb:eu:1:t' } } }],
    ['MinimumPollers is 0', { ProvisionedPollerConfig: { MinimumPollers: 0 } }],
    ['MaximumPollers is 2001', { ProvisionedPollerConfig: { MaximumPollers: 2001 } }],
    ['greater than MaximumPollers', { ProvisionedPollerConfig: { MinimumPollers: 3, MaximumPollers: 2 } }],
    ['PollerGroupName', { ProvisionedPollerConfig: { MinimumPollers: 1, PollerGroupName: 'a b' } }],
    ['in the future', { StartingPosition: 'AT_TIMESTAMP', StartingPositionTimestamp: new Date(Date.now() + 60_000) }],
    ['AT_TIMESTAMP needs', { StartingPosition: 'AT_TIMESTAMP' }],
    ['unknown State "Exploded"', { State: 'Exploded' }],
    ['BatchSize is 0', { BatchSize: 0 }],
    ['BatchSize is 10001', { BatchSize: 10_001 }],
    ['BatchingWindow', { MaximumBatchingWindowInSeconds: 301 }],
    ['MaximumRecordAgeInSeconds is 59', { ...PROVISIONED, MaximumRecordAgeInSeconds: 59 }],
    ['MaximumRetryAttempts is -2', { ...PROVISIONED, MaximumRetryAttempts: -2 }],
  ] as const)('refuses: %s', (message, change) => {
    const api: EventSourceMappingConfiguration = Object.assign({}, msk, change)
    expect(() => mappingFromApi(api)).toThrow(expect.objectContaining({ code: 'INVALID_OPTION' }))
    expect(() => mappingFromApi(api)).toThrow(message)
  })
})

it('takes an MSK mapping only with its ARN', () => {
  const options = { functionName: 'f', topics: ['t'] }
  expect(() => eventSourceMapping({ ...options, eventSource: 'aws:kafka' })).toThrow('EventSourceArn')
  expect(eventSourceMapping({ ...options, eventSourceArn: ARN }).eventSource).toBe('aws:kafka')
})

it('takes as many mappings and pollers of a group as Lambda does', () => {
  const grouped = (count: number, maximum: number, group: string) =>
    Array.from({ length: count }, () =>
      eventSourceMapping({ functionName: 'f', topics: ['t'], provisioned: { minimum: 1, maximum, group } }),
    )
  expect(checkGroups(grouped(10, 200, 'g'))).toHaveLength(10)
  expect(() => checkGroups(grouped(11, 200, 'g'))).toThrow('11 mappings with 2200 pollers')
  expect(() => checkGroups(grouped(101, 1, 'g'))).toThrow('101 mappings')
  expect(checkGroups([...grouped(10, 200, 'g'), ...grouped(10, 200, 'h')])).toHaveLength(20)
})

it('takes an empty ProvisionedPollerConfig for on-demand mode', () => {
  expect(mappingFromApi({ ...msk, ProvisionedPollerConfig: {} })).not.toHaveProperty('provisioned')
})
