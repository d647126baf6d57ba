// How to reach a Kafka cluster.

import type { KafkaConfig } from 'kafkajs'

/** How to reach a Kafka cluster. */
export interface KafkaSourceOptions {
  /** `host:port` of one broker or more. */
  readonly brokers: readonly string[]
  /** Default `millrace-poller`. */
  readonly clientId?: string
  readonly ssl?: KafkaConfig['ssl']
  readonly sasl?: KafkaConfig['sasl']
  /** How long to try at the start before BrokerUnreachableError; default 5000 ms. */
  readonly connectTimeoutMs?: number
  /** How long Kafka waits for a member that went silent; default 10,000 ms, Kafka's least is 6000. */
  readonly sessionTimeoutMs?: number
  /** What kafkajs has to say at `warn` and above, and what the source notices; default: the latter, to stderr. */
  readonly log?: (level: 'error' | 'warn', message: string, facts: Readonly<Record<string, unknown>>) => void
}
