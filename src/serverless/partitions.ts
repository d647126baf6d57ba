// How many partitions the topics have, asked while deploying. With it the first batch of a job already waits for all of them; without, a
// partition counts from its first record on (DESIGN §4). So an answer is worth having, and no answer is no reason not to deploy; but an
// answer that a topic is missing is one: its mapping would find nothing, and say so to nobody.

import { MillraceError } from '../errors/errors.ts'
import type { Caller } from './aws-request.ts'
import { askBrokers } from './broker-topics.ts'
import { askMsk } from './msk-topics.ts'
import type { KafkaCluster } from './options.ts'

/** How long to wait for whoever is asked: from where one deploys brokers are often out of reach, and nothing answers at all. */
const PATIENCE_MS = 5000

export interface KnownPartitions {
  readonly counts: ReadonlyMap<string, number>
  /** What whoever deploys should know; undefined when all is known. */
  readonly warning: string | undefined
}

/** By whom a cluster is asked, and how seriously. */
export interface Asking {
  readonly patienceMs?: number
  /** Of the deployment; undefined: it is packaged only, and no account is asked for anything. */
  readonly caller?: Caller | undefined
}

/**
 * Given counts first, the cluster's answer for the rest.
 *
 * @throws MillraceError TOPIC_MISSING when it is deployed and the cluster has no such topic.
 */
export async function knownPartitions(
  cluster: KafkaCluster,
  topics: readonly string[],
  { patienceMs = PATIENCE_MS, caller }: Asking = {},
): Promise<KnownPartitions> {
  const unknown = topics.filter((topic) => !cluster.partitions.has(topic))
  if (unknown.length === 0) return { counts: cluster.partitions, warning: undefined }
  const asked = await ask(cluster, caller, patienceMs)
  if (typeof asked === 'string') return { counts: cluster.partitions, warning: warningOf(unknown, asked) }
  const found = unknown.flatMap((topic) => {
    const count = asked.counts.get(topic)
    return count === undefined ? [] : [[topic, count] as const]
  })
  const missing = unknown.filter((topic) => !asked.counts.has(topic))
  if (missing.length > 0 && caller) throw topicMissing(missing, asked.whom)
  return {
    counts: new Map([...cluster.partitions, ...found]),
    warning: missing.length > 0 ? warningOf(missing, `${asked.whom} has no such topic; create it`) : undefined,
  }
}

/** What a cluster has said. */
interface Asked {
  readonly counts: ReadonlyMap<string, number>
  readonly whom: string
}

/** Counts by topic, or the reason why there are none. */
async function ask(cluster: KafkaCluster, caller: Caller | undefined, patienceMs: number): Promise<Asked | string> {
  const { mskArn, bootstrapServers } = cluster
  const whom = mskArn === undefined ? `the cluster at ${bootstrapServers.join(', ')}` : 'the MSK cluster'
  try {
    const answer =
      mskArn === undefined ? await askBrokers(cluster, caller, patienceMs) : await askMsk(mskArn, caller, patienceMs)
    return typeof answer === 'string' ? answer : { counts: answer, whom }
  } catch (error) {
    return `${whom} could not be asked: ${error instanceof Error ? error.message : String(error)}`
  }
}

function topicMissing(topics: readonly string[], whom: string): MillraceError {
  const what = topics.length === 1 ? `no topic ${topics[0]}` : `no topics ${topics.join(', ')}`
  return new MillraceError(
    'TOPIC_MISSING',
    `Nothing was deployed: ${whom} has ${what}. A mapping of a topic that is not there delivers nothing and says so to nobody. Create it (MSK shows a new topic after a minute), or mend its ` +
      'name in the job; whoever creates it later names its number of partitions: custom.millrace.kafka.partitions.',
  )
}

function warningOf(topics: readonly string[], reason: string): string {
  const what = topics.length === 1 ? `topic ${topics[0]}` : `topics ${topics.join(', ')}`
  return (
    `Number of partitions of ${what} unknown (${reason}). A partition will count from its first record on, so the first ` +
    'batches may close before it has been heard of; custom.millrace.kafka.partitions can name the numbers.'
  )
}
