// `millrace dev`: a module of functions on this machine. Each build that fits the state takes the place of the one before, between two
// invocations; one that does not is shown, and the one before goes on.

import { mkdirSync } from 'node:fs'
import { basename, join, relative, resolve } from 'node:path'
import { describeCause, MillraceError } from '../../errors/errors.ts'
import type { JobSchema } from '../../plan/schema.ts'
import { describeDiff, diffSchemas } from '../../plan/schema-diff.ts'
import { keptSchema } from '../../runtime/claim.ts'
import type { PlannedFunction, ServicePlan } from '../../serverless/dev-plan.ts'
import type { KafkaSourceOptions } from '../event-source/kafka-client.ts'
import { type Build, type Building, dropBuilds, watchBuild } from './build.ts'
import { DevClock } from './clock.ts'
import { describeBuild } from './described.ts'
import { FedFiles } from './fed.ts'
import type { Feed } from './feeds.ts'
import { DevJob } from './job.ts'
import { describeRefusal, userSources } from './problem.ts'
import type { Screen } from './screen.ts'
import { type DevServices, openServices } from './services.ts'
import type { NewRecord } from './topics.ts'

export interface DevOptions {
  /** The module, absolute. */
  readonly entry: string
  readonly folder: string
  readonly screen: Screen
  /** The functions of a service; then the entry is made of them. */
  readonly plan?: ServicePlan
  /** One of several handlers. */
  readonly exportName?: string
  /** Of the job: parameters and `.env`. */
  readonly env: Readonly<Record<string, string>>
  /** Ids of operators that may go or start empty. */
  readonly accept: readonly string[]
  /** Of topics that are made. */
  readonly partitions: number
  readonly brokers: readonly string[]
  /** How to log in at the brokers. */
  readonly kafka?: Omit<KafkaSourceOptions, 'brokers'>
  readonly inspect?: string
  readonly onTaken: (job: string, event: string) => void
}

/** Bundles, the clock, and what else is dev's own in the folder. */
const OWN = 'dev'

export class DevSession {
  readonly jobs = new Map<string, DevJob>()
  readonly clock: DevClock
  readonly services: DevServices
  readonly #options: DevOptions
  readonly #fed: FedFiles
  readonly #stopping = new AbortController()
  readonly #feeds: Promise<void>[] = []
  #building: Building | undefined
  #turn: Promise<void> = Promise.resolve()
  readonly #ready = Promise.withResolvers<void>()

  private constructor(options: DevOptions, clock: DevClock, services: DevServices) {
    this.#options = options
    this.clock = clock
    this.services = services
    this.#fed = new FedFiles(join(options.folder, OWN, 'fed.json'))
  }

  static async open(options: DevOptions): Promise<DevSession> {
    const own = join(options.folder, OWN)
    mkdirSync(own, { recursive: true })
    const clock = new DevClock(join(own, 'clock'))
    return new DevSession(options, clock, await openServices(options))
  }

  /** Resolves when the first build runs, or when the session is stopped before. */
  async start(): Promise<void> {
    const { entry, folder, screen } = this.#options
    this.#building = await watchBuild({
      entry,
      into: join(folder, OWN, 'bundles'),
      color: screen.color,
      onBuild: (build) => {
        this.#turn = this.#turn.then(() => this.#take(build)).catch((error: unknown) => this.#failed(error))
      },
    })
    await this.#ready.promise
  }

  feed(feed: Feed): void {
    const { screen } = this.#options
    const running = feed({
      append: (records) => this.append(records),
      say: (line) => screen.note(line),
      stopping: this.#stopping.signal,
      progress: async (topic, path) => {
        const { topics } = this.services
        await topics.ensure([topic], this.#partitionsFor(topic))
        const ends = await topics.ends(topic)
        const name = JSON.stringify([topics.where, topic, resolve(path)])
        return this.#fed.progress(
          name,
          path,
          ends.reduce((sum, end) => sum + end, 0),
        )
      },
    })
    this.#feeds.push(running.catch((error: unknown) => screen.problem([`✘ ${describeCause(error)}`])))
  }

  /** Stamps records by the session's clock. */
  async append(records: readonly NewRecord[]): Promise<void> {
    const timestamp = this.clock.now()
    const topics = new Set(records.map(({ topic }) => topic))
    for (const topic of topics) await this.services.topics.ensure([topic], this.#partitionsFor(topic))
    await this.services.topics.append(records.map((record) => ({ timestamp, ...record })))
  }

  /** Moves the clock on; workers begin anew with it. */
  async moveClock(milliseconds: number): Promise<void> {
    this.clock.moveOn(milliseconds)
    for (const job of this.jobs.values()) await job.worker.restart()
  }

  /** Finishes what is under way. */
  async stop(): Promise<void> {
    this.#stopping.abort()
    this.#ready.resolve()
    await this.#building?.stop()
    await this.#turn
    await Promise.all(this.#feeds)
    for (const job of this.jobs.values()) await job.stop()
    await this.services.stop()
  }

  async #take(build: Build): Promise<void> {
    if (this.#stopping.signal.aborted) return
    if (!build.ok) return this.#refuse(`cannot be built\n${build.problem}`)
    const started = performance.now()
    const { folder, accept, screen } = this.#options
    const { variables } = this.services
    const described = await describeBuild({ ...this.#options, title: this.#title, file: build.file, variables })
    const jobs = described.map(({ description }) => description)
    const partitions = await this.#partitionsOf(jobs.flatMap(({ feeds }) => feeds.map(({ name }) => name)))
    const buckets = jobs.flatMap(({ outputs }) => outputs.map(({ bucket }) => bucket))
    await this.services.makeBuckets([...new Set(buckets)])
    const changes: string[] = []
    for (const { name, schema } of jobs) {
      const before = await keptSchema(this.services.table, name)
      const diff = before && diffSchemas(before, placed(schema, partitions), accept)
      if (diff && diff.breaking.length > 0) return this.#incompatible(name, describeDiff(diff))
      if (diff) changes.push(...describeDiff(diff).map((line) => `  ${line}`))
    }
    const first = this.jobs.size === 0
    const sources = userSources(build.inputs)
    const names = jobs.map(({ name }) => name)
    for (const [name, job] of this.jobs) {
      if (names.includes(name)) continue
      this.jobs.delete(name)
      await job.stop()
    }
    for (const { exportName, description, env: own, planned } of described) {
      const job = this.jobs.get(description.name) ?? this.#newJob(description.name, planned)
      this.jobs.set(description.name, job)
      const env = {
        ...own,
        MILLRACE_PARTITIONS: Array.from(partitions, ([topic, count]) => `${topic}=${count}`).join(','),
        MILLRACE_CODE: build.hash,
        MILLRACE_ACCEPT: JSON.stringify(accept),
        ...(this.#options.brokers.length === 0 && { MILLRACE_FOLDER_GROUP: this.services.groupOf(description.name) }),
      }
      await job.run({ file: build.file, exportName, functionName: description.name, env }, description, sources)
    }
    await dropBuilds(join(folder, OWN, 'bundles'), basename(build.file))
    if (!first)
      screen.say(
        screen.paint(
          'green',
          `↻ ${this.#title} has changed: new code runs, state is kept (${Math.round(performance.now() - started)} ms)`,
        ),
        ...changes,
      )
    this.#ready.resolve()
  }

  /** Topics that are missing are made. */
  async #partitionsOf(topics: readonly string[]): Promise<ReadonlyMap<string, number>> {
    const names = [...new Set(topics)]
    for (const name of names) await this.services.topics.ensure([name], this.#partitionsFor(name))
    const counts = names.map(async (topic) => [topic, await this.services.topics.partitionCount(topic)] as const)
    return new Map(await Promise.all(counts))
  }

  #partitionsFor(topic: string): number {
    return this.#options.plan?.partitions[topic] ?? this.#options.partitions
  }

  /** What is run, for people. */
  get #title(): string {
    return this.#options.plan?.title ?? relative(process.cwd(), this.#options.entry)
  }

  #newJob(name: string, planned?: PlannedFunction): DevJob {
    const { screen, inspect, onTaken } = this.#options
    return new DevJob({
      name,
      ...(planned && { planned }),
      services: this.services,
      clock: this.clock,
      screen,
      group: this.services.groupOf(name),
      ...(inspect !== undefined && { inspect }),
      onTaken: (event) => onTaken(name, event),
    })
  }

  /** At the start, what is around the job must be there; later it may come back, and an edit is not needed for that. */
  #failed(error: unknown): void {
    if (this.#stopping.signal.aborted) return // Ctrl-C has ended the import, too
    const around = error instanceof MillraceError && (error.kind === 'wait' || error.kind === 'deployment')
    if (around && this.jobs.size === 0) this.#ready.reject(error)
    else this.#refuse(error instanceof MillraceError ? error.message : describeCause(error))
  }

  #incompatible(job: string, diff: readonly string[]): void {
    const how = 'Undo the change, or take it on with --accept <id>, or begin anew with --reset.'
    this.#refuse([`does not fit the state of job ${job}`, ...diff, how].join('\n  '))
  }

  #refuse(problem: string): void {
    const { screen } = this.#options
    const waits =
      this.jobs.size > 0
        ? 'The code before goes on running. Waiting for the next edit.'
        : 'Nothing runs yet. Waiting for the next edit.'
    screen.problem([...describeRefusal(this.#title, problem), `  ${waits}`])
  }
}

/** Of operators in place, with the partitions that the topic has. */
function placed(schema: JobSchema, partitions: ReadonlyMap<string, number>): JobSchema {
  const operators = schema.operators.map((operator) =>
    operator.topic === undefined ? operator : { ...operator, numPartitions: partitions.get(operator.topic) ?? 0 },
  )
  return { ...schema, operators }
}

export function sessionTopics(session: DevSession): string[] {
  return [...new Set([...session.jobs.values()].flatMap(({ topics }) => topics))]
}
