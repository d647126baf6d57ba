// The event source mapping of a topic, in CloudFormation's words.
// https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-lambda-eventsourcemapping.html

import type { Plain } from '../deployed.ts'
import type { AccessConfiguration, FailureDestination } from './permissions.ts'

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
  readonly pollers: Pollers | undefined
  readonly reportBatchItemFailures: boolean
  /** Where batches go that Lambda gives up. */
  readonly onFailure: FailureDestination | undefined
  /** -1: for ever. */
  readonly maximumRetryAttempts: number | undefined
  /** Seconds; -1: any age. */
  readonly maximumRecordAge: number | undefined
  readonly bisectBatchOnFunctionError: boolean
  /** JSON; a record that fits one of them is delivered. */
  readonly filterPatterns: readonly string[]
  /** What the mapping measures and logs of itself. */
  readonly metrics: readonly string[]
  readonly logLevel: string | undefined
}

export interface Pollers {
  readonly minimum: number | undefined
  readonly maximum: number | undefined
  /** The mappings of one VPC that name the same group share its pollers; undefined: as the deployment has it, '': alone. */
  readonly group: string | undefined
}

/** Whether Lambda may give up a batch of it and go on with the next. With a destination it never tries more than ten times. */
export function discards({ onFailure, maximumRetryAttempts = -1, maximumRecordAge = -1 }: MappingOptions): boolean {
  return onFailure !== undefined || maximumRetryAttempts !== -1 || maximumRecordAge !== -1
}

/** Where Lambda's pollers find the brokers, and how they get in. */
export interface Brokers {
  /** `host:port`; empty for an MSK cluster. */
  readonly bootstrapServers: readonly string[]
  readonly mskArn: Plain | undefined
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
    ...failuresOf(mapping),
    ...(mapping.filterPatterns.length > 0 && {
      FilterCriteria: { Filters: mapping.filterPatterns.map((Pattern) => ({ Pattern })) },
    }),
    ...(mapping.metrics.length > 0 && { MetricsConfig: { Metrics: mapping.metrics } }),
    ...(mapping.logLevel !== undefined && { LoggingConfig: { SystemLogLevel: mapping.logLevel } }),
  }
}

function failuresOf(mapping: MappingOptions): Record<string, Plain> {
  return {
    ...(mapping.onFailure && { DestinationConfig: { OnFailure: { Destination: mapping.onFailure.at } } }),
    ...(mapping.maximumRetryAttempts !== undefined && { MaximumRetryAttempts: mapping.maximumRetryAttempts }),
    ...(mapping.maximumRecordAge !== undefined && { MaximumRecordAgeInSeconds: mapping.maximumRecordAge }),
    ...(mapping.bisectBatchOnFunctionError && { BisectBatchOnFunctionError: true }),
  }
}

function pollersOf({ minimum, maximum, group }: Pollers) {
  return {
    ...(minimum !== undefined && { MinimumPollers: minimum }),
    ...(maximum !== undefined && { MaximumPollers: maximum }),
    ...(group !== undefined && group !== '' && { PollerGroupName: group }),
  }
}
