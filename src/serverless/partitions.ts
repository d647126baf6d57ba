// How many partitions the topics have, asked of the brokers while deploying. With it the first batch of a job already waits
// for all of them; without, a partition counts from its first record on (DESIGN §4). So an answer is worth having, and
// no answer is no reason not to deploy.

import kafkajs from 'kafkajs'
import { describeCause } from '../errors/errors.ts'
import { needsCredentials } from '../sources/kafka/permissions.ts'
import type { KafkaCluster } from './options.ts'

/** How long to wait for the brokers: from where one deploys they are often out of reach, and nothing answers at all. */
const PATIENCE_MS = 5000

export interface KnownPartitions {
  readonly counts: ReadonlyMap<string, number>
  /** What whoever deploys should know; undefined when all is known. */
  readonly warning: string | undefined
}

/** Given counts first, the brokers' answer for the rest. */
export async function knownPartitions(
  cluster: KafkaCluster,
  topics: readonly string[],
  patienceMs = PATIENCE_MS,
): Promise<KnownPartitions> {
  const unknown = topics.filter((topic) => !cluster.partitions.has(topic))
  if (unknown.length === 0) return { counts: cluster.partitions, warning: undefined }
  const asked = await askBrokers(cluster, patienceMs)
  if (typeof asked === 'string') return { counts: cluster.partitions, warning: warningOf(unknown, asked) }
  const found = unknown.flatMap((topic) => {
    const count = asked.get(topic)
    return count === undefined ? [] : [[topic, count] as const]
  })
  const missing = unknown.filter((topic) => !asked.has(topic))
  return {
    counts: new Map([...cluster.partitions, ...found]),
    warning: missing.length > 0 ? warningOf(missing, 'the brokers know no such topic; create it') : undefined,
  }
}

function warningOf(topics: readonly string[], reason: string): string {
  const what = topics.length === 1 ? `topic ${topics[0]}` : `topics ${topics.join(', ')}`
  return (
    `Number of partitions of ${what} unknown (${reason}). A partition will count from its first record on, so the first ` +
    'batches may close before it has been heard of; custom.millrace.kafka.partitions can name the numbers.'
  )
}

/** Counts by topic, or the reason why there are none. */
async function askBrokers(cluster: KafkaCluster, patienceMs: number): Promise<ReadonlyMap<string, number> | string> {
  if (cluster.mskArn !== undefined) return 'an MSK cluster cannot be asked from here'
  if (needsCredentials(cluster.access)) return 'the brokers want credentials, which are in Secrets Manager'
  const { Kafka, logLevel } = kafkajs
  const kafka = new Kafka({
    clientId: 'millrace-deploy',
    brokers: [...cluster.bootstrapServers],
    connectionTimeout: patienceMs,
    requestTimeout: patienceMs,
    retry: { retries: 0 },
    logLevel: logLevel.NOTHING,
  })
  const admin = kafka.admin()
  const restore = quietAboutTimers()
  try {
    await admin.connect()
    // Of all topics: asked for one that does not exist, a broker may create it.
    const { topics } = await admin.fetchTopicMetadata()
    return new Map(topics.map(({ name, partitions }) => [name, partitions.length]))
  } catch (error) {
    return `${cluster.bootstrapServers.join(', ')}: ${error instanceof Error ? error.message : describeCause(error)}`
  } finally {
    await admin.disconnect().catch(() => {})
    restore()
  }
}

/** kafkajs sets timers in the past, which Node.js 24 prints a warning about, in the middle of what somebody reads. */
export function quietAboutTimers(): () => void {
  const { emitWarning } = process
  const filtered = (...warning: unknown[]): void => {
    if (warning[1] !== 'TimeoutNegativeWarning') Reflect.apply(emitWarning, process, warning)
  }
  process.emitWarning = filtered
  return () => {
    process.emitWarning = emitWarning
  }
}
