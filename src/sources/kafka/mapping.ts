// The event source mapping of a topic, in CloudFormation's words.
// https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-lambda-eventsourcemapping.html

import type { Plain } from '../deployed.ts'
import type { AccessConfiguration } from './permissions.ts'

/** How the topics of one job are read. */
export interface MappingOptions {
  readonly batchSize: number
  /** Seconds; undefined: Lambda's 500 ms, which cannot be said in seconds. */
  readonly maximumBatchingWindow: number | undefined
  readonly startingPosition: 'TRIM_HORIZON' | 'LATEST' | 'AT_TIMESTAMP'
  /** Seconds since the epoch. */
  readonly startingPositionTimestamp: number | undefined
  readonly enabled: boolean
  /** Provisioned mode. */
  readonly pollers: { readonly minimum: number | undefined; readonly maximum: number | undefined } | undefined
  readonly reportBatchItemFailures: boolean
}

/** Where Lambda's pollers find the brokers, and how they get in. */
export interface Brokers {
  /** `host:port`; empty for an MSK cluster. */
  readonly bootstrapServers: readonly string[]
  readonly mskArn: string | undefined
  readonly access: readonly AccessConfiguration[]
}

/** All that a mapping says, but for the function that it invokes. */
export function mappingOf(
  { bootstrapServers, mskArn, access }: Brokers,
  mapping: MappingOptions,
  topic: string,
  consumerGroup: string,
): Record<string, Plain> {
  const configurations = access.map(({ Type, URI }) => ({ Type, URI }))
  const group = { ConsumerGroupId: consumerGroup }
  return {
    Topics: [topic],
    ...(mskArn === undefined
      ? {
          SelfManagedEventSource: { Endpoints: { KafkaBootstrapServers: bootstrapServers } },
          SelfManagedKafkaEventSourceConfig: group,
          SourceAccessConfigurations: configurations, // a mapping without it is refused, even an empty one will do
        }
      : {
          EventSourceArn: mskArn,
          AmazonManagedKafkaEventSourceConfig: group,
          ...(access.length > 0 && { SourceAccessConfigurations: configurations }),
        }),
    StartingPosition: mapping.startingPosition,
    ...(mapping.startingPositionTimestamp !== undefined && {
      StartingPositionTimestamp: mapping.startingPositionTimestamp,
    }),
    BatchSize: mapping.batchSize,
    ...(mapping.maximumBatchingWindow !== undefined && {
      MaximumBatchingWindowInSeconds: mapping.maximumBatchingWindow,
    }),
    Enabled: mapping.enabled,
    ...(mapping.pollers && { ProvisionedPollerConfig: pollersOf(mapping.pollers) }),
    ...(mapping.reportBatchItemFailures && { FunctionResponseTypes: ['ReportBatchItemFailures'] }),
  }
}

function pollersOf({
  minimum,
  maximum,
}: {
  readonly minimum: number | undefined
  readonly maximum: number | undefined
}) {
  return {
    ...(minimum !== undefined && { MinimumPollers: minimum }),
    ...(maximum !== undefined && { MaximumPollers: maximum }),
  }
}
