// What the runner knows of a job of `functions/`.

import type { Embedded } from '../src/local/embedded.ts'
import type { DemoTopic, TopicRecord } from './topic.ts'

/** What an account of a run must say, whatever else it says. */
export interface Account {
  /** Digest of what was published under each batch time and output, independent of parts and order. */
  readonly digests: ReadonlyMap<string, string>
  /** Whether all that was published is right, and nothing is missing. */
  readonly exact: boolean
}

export interface DemoJob<A extends Account> {
  readonly name: string
  readonly topic: DemoTopic
  /** How long batches are, for people. */
  readonly batches: string
  /** Records in one event at most. */
  readonly batchSize: number
  /** Called when the job is at rest. */
  account(services: Embedded, produced: readonly TopicRecord[]): Promise<A>
  show(account: A): void
}
