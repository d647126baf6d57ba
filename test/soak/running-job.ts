// One job of a soak with all that belongs to it: topic, upstream, pollers and functions, queue of wake-ups, and the reader that
// watches its output.

import type { Kafka } from 'kafkajs'
import type { Job } from '../../src/graph/job.ts'
import { Commits } from './commits.ts'
import { Fleet } from './fleet.ts'
import { UpstreamProducer } from './producer.ts'
import { Reader, s3Results } from './reader.ts'
import type { SoakStage } from './stage.ts'
import { createTopic } from './topic.ts'
import { WakeQueue } from './wake-queue.ts'

export interface SoakJob {
  readonly job: Job
  readonly module: URL
  /** The environment variable that tells the function its topic; in small letters the topic's name. */
  readonly variable: string
  readonly partitions: number
  readonly rate: number
  readonly toValue: (id: number) => string
  readonly take: (output: string, time: number, body: string) => string | undefined
}

const POLLERS = 2

export class RunningJob {
  readonly name: string
  readonly topic: string
  readonly producer: UpstreamProducer
  readonly fleet: Fleet
  readonly queue: WakeQueue
  readonly commits: Commits
  readonly reader: Reader
  readonly #kafka: Kafka
  readonly #partitions: number

  private constructor(
    spec: SoakJob,
    kafka: Kafka,
    parts: Pick<RunningJob, 'topic' | 'fleet' | 'queue' | 'commits' | 'reader'>,
  ) {
    this.name = spec.job.name
    this.topic = parts.topic
    this.fleet = parts.fleet
    this.queue = parts.queue
    this.commits = parts.commits
    this.reader = parts.reader
    this.#kafka = kafka
    this.#partitions = spec.partitions
    const { partitions, rate, toValue } = spec
    this.producer = new UpstreamProducer(kafka, { topic: parts.topic, partitions, rate, toValue })
  }

  static async create(
    spec: SoakJob,
    stage: SoakStage,
    kafka: Kafka,
    onViolation: (violation: string) => void,
    onNote: (note: string) => void,
  ): Promise<RunningJob> {
    const { job, module, variable, partitions, take } = spec
    const topic = variable.toLowerCase()
    const bucket = `${job.name}-results`
    await stage.createBucket(bucket)
    await createTopic(kafka, topic, partitions)
    const queue = await WakeQueue.create(stage.sqsEndpoint, `${job.name}-wake`)
    const fleet = new Fleet({
      job: job.name,
      topic,
      module,
      bootstrap: stage.cluster.bootstrap,
      pollers: POLLERS,
      env: {
        ...stage.env,
        MILLRACE_WAKE_QUEUE_URL: stage.queueUrl(queue.path),
        MILLRACE_PARTITIONS: `${topic}=${partitions}`,
        RESULTS: bucket,
        [variable]: topic,
      },
      onAlarm: onViolation,
      onNote,
    })
    const commits = new Commits({
      job,
      partitions: new Map([[topic, partitions]]),
      table: stage.table,
      objects: stage.objects,
      bucket: stage.bucket,
    })
    const reader = new Reader({ results: s3Results(stage.s3, bucket), commits, take, onViolation })
    return new RunningJob(spec, kafka, { topic, fleet, queue: queue.open(fleet.wakeInvoker), commits, reader })
  }

  async start(): Promise<void> {
    this.reader.start()
    await this.fleet.start(this.queue)
    await this.producer.start()
  }

  /** Records that the group has not committed, by partition. */
  async lags(): Promise<number[]> {
    const admin = this.#kafka.admin()
    try {
      await admin.connect()
      const [ends, [group]] = [
        await admin.fetchTopicOffsets(this.topic),
        await admin.fetchOffsets({ groupId: this.name, topics: [this.topic] }),
      ]
      const committed = new Map(group?.partitions.map(({ partition, offset }) => [partition, Number(offset)]))
      return ends.map(({ partition, high }) => Number(high) - Math.max(0, committed.get(partition) ?? 0))
    } finally {
      await admin.disconnect()
    }
  }

  /** Batches with parts that have no `_SUCCESS`. */
  get unclosed(): string[] {
    return [...this.reader.opened].filter((batch) => !this.reader.closed.has(batch))
  }

  get partitions(): number {
    return this.#partitions
  }

  movedOn = (partition: number) => this.commits.movedOn.get(`${this.topic}-${partition}`) ?? []
}
