// Everything that one exactly-once run needs: topics with records, table and bucket on an emulator, and worker processes.

import { CreateBucketCommand } from '@aws-sdk/client-s3'
import { eventSourceMapping } from '../../../src/local/event-source/mapping.ts'
import { startPoller } from '../../../src/local/event-source/poller.ts'
import { type ChildProcessInvoker, childProcessInvoker } from '../../../src/local/invoker/child-process.ts'
import { type WakeWatch, watchWakeUps } from '../../../src/local/wake-watch.ts'
import { dynamoClient, dynamoTable } from '../../../src/stores/dynamo-table.ts'
import type { ObjectStore } from '../../../src/stores/object-store.ts'
import { s3Client } from '../../../src/stores/s3-client.ts'
import { s3Objects } from '../../../src/stores/s3-objects.ts'
import { createTable } from '../../../src/stores/table-definition.ts'
import { EMULATED } from '../../contract/dynalite.ts'
import type { KafkaService } from '../poller/kafka-service.ts'
import { unique } from '../poller/services.ts'

/** What runs, and on what. */
export interface StageOptions {
  /** The module of the function. */
  readonly module: URL
  /** Partition counts, by the environment variable that tells the function the topic's name. */
  readonly topics: Readonly<Record<string, number>>
  /** Of the job; by default one of its own per stage. */
  readonly job?: string
  readonly env?: Readonly<Record<string, string>>
}

export interface Running {
  readonly invoker: ChildProcessInvoker
  stop(): Promise<void>
  /** Ends the poller at once; its invocations go on in their workers, as zombies do. */
  abandon(): void
  /** The poller's group membership has failed for good (never seen; checked at the end). */
  readonly errors: string[]
}

export class Stage {
  readonly kafka: KafkaService
  readonly job: string
  readonly bucket = unique('results')
  readonly table = unique('table')
  readonly objects: ObjectStore
  readonly logs: string[] = []
  readonly #endpoint: string
  readonly #options: StageOptions
  /** Names of topics, by the environment variable that tells the function. */
  readonly #topics: ReadonlyMap<string, string>
  readonly #running = new Set<Running>()
  #wakes: { watch: WakeWatch; invoker: ChildProcessInvoker } | undefined

  constructor(kafka: KafkaService, endpoint: string, options: StageOptions) {
    this.kafka = kafka
    this.#options = options
    this.job = options.job ?? unique('job')
    this.#topics = new Map(Object.keys(options.topics).map((name) => [name, unique(name.toLowerCase())]))
    this.#endpoint = endpoint
    this.objects = s3Objects({ endpoint, ...EMULATED })
  }

  /** The name of the topic that the function knows by this environment variable. */
  topic(variable: string): string {
    return this.#topics.get(variable) ?? ''
  }

  /** Partitions of all topics. */
  get partitions(): { topic: string; partition: number }[] {
    return Object.entries(this.#options.topics).flatMap(([variable, count]) =>
      Array.from({ length: count }, (_, partition) => ({ topic: this.topic(variable), partition })),
    )
  }

  async prepare(): Promise<void> {
    for (const [variable, count] of Object.entries(this.#options.topics)) {
      await this.kafka.createTopic(this.topic(variable), count)
    }
    const [dynamo, s3] = [
      dynamoClient({ ...EMULATED, endpoint: this.#endpoint }),
      s3Client({ ...EMULATED, endpoint: this.#endpoint }),
    ]
    await createTable(dynamo, this.table)
    await s3.send(new CreateBucketCommand({ Bucket: this.bucket }))
    dynamo.destroy()
    s3.destroy()
    const table = dynamoTable({ table: this.table, endpoint: this.#endpoint, ...EMULATED })
    const invoker = this.#invoker(1)
    // Without it a table that is away would end the watch.
    const onError = (error: unknown): void => void this.logs.push(String(error))
    this.#wakes = { watch: watchWakeUps(table, this.job, invoker, { onError }), invoker }
  }

  /** A poller with two members and two workers of its own. */
  async start(): Promise<Running> {
    const invoker = this.#invoker(2)
    const source = this.kafka.source()
    const errors: string[] = []
    const poller = await startPoller({
      mapping: eventSourceMapping({
        functionName: this.job,
        topics: [...this.#topics.values()],
        consumerGroupId: this.job,
        bootstrapServers: this.kafka.bootstrap.split(','),
        batchSize: 1000,
        maximumBatchingWindowMs: 50,
      }),
      source,
      invoker,
      pollers: 2,
      backoff: { initialMs: 20, maxMs: 500 },
      onError: (error) => errors.push(error.message),
    })
    const running: Running = {
      invoker,
      errors,
      abandon: () => poller.kill(),
      stop: async () => {
        this.#running.delete(running)
        await poller.stop()
        await source.close()
        await invoker.close()
      },
    }
    this.#running.add(running)
    return running
  }

  /** Whether the group has committed every record. */
  async consumed(): Promise<boolean> {
    const lags = await Promise.all(
      this.partitions.map(async (partition) => {
        const [committed, end] = await Promise.all([
          this.kafka.committed(this.job, partition),
          this.kafka.endOffset(partition),
        ])
        return end - (committed ?? 0)
      }),
    )
    return lags.every((lag) => lag === 0)
  }

  atRest(): Promise<boolean> {
    return this.#wakes?.watch.atRest() ?? Promise.resolve(false)
  }

  async close(): Promise<void> {
    for (const running of this.#running) {
      running.abandon()
      await running.stop()
    }
    await this.#wakes?.watch.stop()
    await this.#wakes?.invoker.close()
    this.objects.close()
  }

  #invoker(concurrency: number): ChildProcessInvoker {
    return childProcessInvoker({
      module: this.#options.module.href,
      concurrency,
      functionName: this.job,
      execArgv: ['--conditions=millrace-source'],
      env: {
        AWS_ENDPOINT_URL: this.#endpoint,
        AWS_REGION: EMULATED.region,
        AWS_ACCESS_KEY_ID: EMULATED.credentials.accessKeyId,
        AWS_SECRET_ACCESS_KEY: EMULATED.credentials.secretAccessKey,
        MILLRACE_TABLE: this.table,
        MILLRACE_BUCKET: this.bucket,
        MILLRACE_WAKE: 'watched',
        MILLRACE_PARTITIONS: Object.entries(this.#options.topics)
          .map(([variable, count]) => `${this.topic(variable)}=${count}`)
          .join(','),
        RESULTS: this.bucket,
        JOB: this.job,
        ...Object.fromEntries(this.#topics),
        ...this.#options.env,
      },
      onLog: (line) => void this.logs.push(line),
    })
  }
}
