// Where a job stands, partition by partition, as its logs say it; and the topics themselves, where they are within reach.

import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { NotFoundError } from '../../errors/cli-errors.ts'
import { InvalidOptionError } from '../../errors/errors.ts'
import type { Cluster, Extent } from '../../local/topics/cluster.ts'
import { folderCluster } from '../../local/topics/folder-cluster.ts'
import { isCloseCommit } from '../../log/commit-record.ts'
import { TaskLog } from '../../log/task-log.ts'
import { CLAIM_ROW } from '../../names/rows.ts'
import { closingTask, partitionOf, sourceTask } from '../../names/tasks.ts'
import { isKafkaCommit, type Position } from '../../sources/kafka/position.ts'
import { DATABASE } from '../../stores/folder-database.ts'
import { type BrokerFlags, openCluster } from '../brokers.ts'
import { logsOf, type Place } from '../place.ts'

/** A partition that the job knows. */
export interface Standing {
  readonly task: string
  readonly topic: string
  readonly partition: number
  /** Undefined: it has committed nothing of it yet. */
  readonly position: Position | undefined
  /** The clock at the last commit that held records. */
  readonly active: number
}

export interface JobPositions {
  /** Batches up to here are closed. */
  readonly closedUntil: number
  /** For how long entries of logs are kept, as far as the job says. */
  readonly retention: number
  /** By topic and partition. */
  readonly standings: readonly Standing[]
}

/** The default of `retention`, and how long logs are kept of a job that does not say. */
const WEEK_MS = 7 * 86_400_000

/** @throws NotFoundError, InvalidOptionError: a declaration for a job or topic that is not there would help nobody, and nobody would know. */
export async function checkTopic({ table, name }: Place, job: string, topic: string): Promise<void> {
  const claim = await table.getRow(job, CLAIM_ROW)
  if (!claim)
    throw new NotFoundError(`${name} holds no job '${job}'. Check the name, --table, --dir and AWS_ENDPOINT_URL.`)
  // `lines:4 flights:?`
  const topics = String(claim.data.topics)
    .split(' ')
    .map((entry) => entry.slice(0, entry.lastIndexOf(':')))
  if (!topics.includes(topic))
    throw new InvalidOptionError(`Job '${job}' does not read topic '${topic}' but ${topics.join(', ')}.`)
}

/** A read for each partition. @throws NotFoundError when there is no such job. */
export async function positionsOf(place: Place, job: string): Promise<JobPositions> {
  const { table, objects, bucket } = logsOf(place)
  const head = (await new TaskLog(closingTask(job), table, objects, bucket, isCloseCommit).head())?.record
  if (!head)
    throw new NotFoundError(
      `${place.name} holds nothing of a job '${job}'. Check the name, --table, --dir and AWS_ENDPOINT_URL.`,
    )
  const standings = await Promise.all(
    head.tasks.map(async ({ task }): Promise<Standing> => {
      const found = await new TaskLog(sourceTask(job, task), table, objects, bucket, isKafkaCommit).head()
      return { task, ...partitionOf(task), position: found?.record.position, active: found?.record.active ?? 0 }
    }),
  )
  standings.sort((a, b) => (a.topic === b.topic ? a.partition - b.partition : a.topic < b.topic ? -1 : 1))
  return { closedUntil: head.closedUntil, retention: head.retention ?? WEEK_MS, standings }
}

/** Those of a topic, or one of it: `lines`, `lines:3`. @throws InvalidOptionError, NotFoundError */
export function chosen(job: string, standings: readonly Standing[], where: string): readonly Standing[] {
  const [, topic = where, digits] = /^(.+):(\d{1,9})$/.exec(where) ?? []
  const ofTopic = standings.filter((one) => one.topic === topic)
  if (ofTopic.length === 0)
    throw new InvalidOptionError(
      `Job '${job}' knows no partition of a topic '${topic}', but of ${[...new Set(standings.map((one) => one.topic))].join(', ')}. Write topic or topic:partition.`,
    )
  if (digits === undefined) return ofTopic
  const one = ofTopic.filter(({ partition }) => partition === Number(digits))
  if (one.length === 0)
    throw new NotFoundError(
      `Job '${job}' has never seen partition ${digits} of ${topic}, but ${ofTopic.map(({ partition }) => partition).join(', ')}.`,
    )
  return one
}

/** The topics: of brokers, where they are named, or of the folder that the state is in. Undefined: they are out of reach. */
export async function openTopics(flags: BrokerFlags, place: Place): Promise<Cluster | undefined> {
  const { dir: _, ...others } = flags
  if (flags.brokers !== undefined || process.env.KAFKA_BROKERS) return openCluster(others)
  return place.folder !== undefined && existsSync(join(place.folder, DATABASE))
    ? folderCluster(place.folder)
    : undefined
}

/** What a partition holds; undefined when the topic is not there, as in a folder with the state of a job that reads Kafka. */
export async function extentOf(cluster: Cluster, topic: string, partition: number): Promise<Extent | undefined> {
  if (!(await cluster.topics()).some(({ name }) => name === topic)) return undefined
  return (await cluster.extents(topic)).find((one) => one.partition === partition)
}
