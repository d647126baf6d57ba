// testJob: a whole job, from records to objects. It goes through the job's own handler, with the real runtime, commit logs, decoders
// and sinks, over services in memory; time is the test's own.

import { InvalidOptionError } from '../errors/errors.ts'
import { definitionOf, type Job, type JobDefinition } from '../graph/job.ts'
import { lambda } from '../lambda/handler.ts'
import { wakeUpMessage } from '../lambda/sqs-waker.ts'
import { quarantinePrefix } from '../names/objects.ts'
import { type Duration, toMillis } from '../options/duration.ts'
import { checkChoice, checkKnownOptions, checkPartitions } from '../options/options.ts'
import type { WaitingBatch } from '../runtime/environment.ts'
import { isKafka } from '../sources/kafka/kafka.ts'
import { objectUrl } from '../stores/object-store.ts'
import { type MemoryEnvironment, memoryEnvironment } from './memory-environment.ts'
import { OutputKeys } from './simulation/outputs.ts'
import { eventsOf, type TestRecords } from './test-records.ts'

/** What {@link testJob} runs. */
export interface TestJobOptions {
  /** By topic of the job its records. Those of one batch interval come in one event. */
  readonly records: TestRecords
  /** How many partitions each topic has, or by topic. Default 1. */
  readonly partitions?: number | Readonly<Record<string, number>>
  /** `every-batch`: everything in memory is thrown away between events, as when another instance goes on. Default `never`. */
  readonly restart?: 'never' | 'every-batch'
  /** How far the clock goes on, after the epoch as timestamps are. Default: until nothing is open any more; with `idle: 'run'` until the last records are out. */
  readonly until?: Duration
  /** Environment variables while a function defines the job, as `millrace dev --parameters` gives them. */
  readonly parameters?: Readonly<Record<string, string>>
}

/** A call of a function of `foreachRDD`. */
export interface TestedEffect {
  /** The id of the operator: one that it was given, or `foreachRDD(…)`. */
  readonly output: string
  /** The batch time. */
  readonly time: number
  /** What the batch has. */
  readonly elements: readonly unknown[]
}

/** What came out of a job. */
export interface TestedJob {
  /** By output (`s3://bucket/prefix[.suffix]`) and batch time its lines, whatever parts they came in; none for a batch that is only complete. */
  readonly outputs: Readonly<Record<string, Readonly<Record<number, readonly string[]>>>>
  /** By address (`s3://bucket/key`) the text of every object of an output, `_SUCCESS` too. */
  readonly objects: Readonly<Record<string, string>>
  /** What `print` and `printTable` have printed, a text for each batch. */
  readonly printed: readonly string[]
  /** What functions of `foreachRDD` were called with, in order. */
  readonly effects: readonly TestedEffect[]
  /** Records that were set aside (`onPoison: 'quarantine'`), as they stand in their objects. */
  readonly quarantined: readonly unknown[]
}

/**
 * Runs a whole job over records and returns what came out: objects, prints, effects. A record that the job fails on fails the test.
 *
 * @param tested the job, or a function that defines it, for `parameters`.
 * @throws InvalidOptionError for a topic that the job does not read; whatever the job's handler throws, and functions of `foreachRDD`.
 * @example
 * const { outputs } = await testJob(hotWords, {
 *   records: { lines: ['to be', { value: 'or not to be', key: 'k', headers: { lang: 'en' }, timestamp: '7s' }] },
 * })
 */
export async function testJob(tested: Job | (() => Job), options: TestJobOptions): Promise<TestedJob> {
  checkKnownOptions('testJob', options, ['records', 'partitions', 'restart', 'until', 'parameters'])
  const { records, parameters = {} } = options
  const restart = checkChoice('testJob, restart', options.restart, ['never', 'every-batch'])
  const code = typeof tested === 'function' ? defined(tested, parameters) : tested
  if (typeof tested !== 'function' && options.parameters)
    throw new InvalidOptionError(
      'testJob, parameters: the job is defined already. Give a function: testJob(() => job(…), …).',
    )
  const definition = definitionOf('testJob', code)
  const topics = topicsOf(definition, options.partitions ?? 1)
  const events = eventsOf(records, topics, { job: code.name, batch: definition.settings.batch })
  const run = new Run(code, topics, events[0]?.time ?? 0)
  for (const { time, event } of events) {
    if (restart === 'every-batch') run.restart()
    await run.wakeUntil(time)
    await run.handle(time, event)
  }
  await run.wakeUntil(endOf(definition, events.at(-1)?.time ?? 0, options.until))
  return run.results(definition)
}

/** The clock stops here; Infinity: where nothing is armed any more. */
function endOf(
  { settings: { batch, idle, idleAfter } }: JobDefinition,
  last: number,
  until: Duration | undefined,
): number {
  if (until !== undefined) return toMillis('testJob, until', until)
  return idle === 'run' ? (Math.floor(last / batch) + 1) * batch + idleAfter : Number.POSITIVE_INFINITY
}

const MOST_WAKE_UPS = 10_000

/** One job over services in memory. */
class Run {
  readonly #job: Job
  readonly #how: Partial<MemoryEnvironment>
  readonly #services: MemoryEnvironment
  readonly #effects: TestedEffect[] = []
  #handler: ReturnType<typeof lambda>
  #failure: { readonly error: unknown } | undefined

  constructor(job: Job, topics: ReadonlyMap<string, number>, start: number) {
    this.#job = job
    const afterCommit = async ({ output, time, elements }: WaitingBatch, work: () => Promise<void>): Promise<void> => {
      this.#effects.push({ output, time, elements })
      try {
        await work()
      } catch (error) {
        this.#failure ??= { error } // it stops nothing but itself, and would go unnoticed here
        throw error
      }
    }
    this.#how = { partitions: topics, strict: true, afterCommit }
    this.#services = memoryEnvironment(start)
    this.#handler = this.#instance()
  }

  #instance(): ReturnType<typeof lambda> {
    return lambda(this.#job, { environment: this.#services.another(this.#how), reportFailures: false })
  }

  restart(): void {
    this.#handler = this.#instance()
  }

  async handle(time: number, event: unknown): Promise<void> {
    this.#services.setTime(Math.max(time, this.#services.clock.now()))
    await this.#handler(event)
    if (this.#failure) throw this.#failure.error
  }

  /** Delivers wake-ups when they are due, up to a time. */
  async wakeUntil(end: number): Promise<void> {
    const { armed } = this.#services
    for (let count = 0; ; count++) {
      const at = Math.min(...armed)
      if (at > end || armed.length === 0) break
      if (count > MOST_WAKE_UPS)
        throw new InvalidOptionError(
          `testJob: job '${this.#job.name}' does not come to rest. Say how far the clock goes: until: '1h'.`,
        )
      armed.splice(armed.indexOf(at), 1)
      await this.handle(at, { Records: [{ eventSource: 'aws:sqs', body: wakeUpMessage(this.#job.name, at) }] })
    }
    if (Number.isFinite(end)) this.#services.setTime(Math.max(end, this.#services.clock.now()))
  }

  async results(definition: JobDefinition): Promise<TestedJob> {
    const keys = new OutputKeys([definition])
    const outputs = new Map<string, Map<number, string[]>>(keys.outputs.map(({ id }) => [id, new Map()]))
    const objects: [string, string][] = []
    const quarantined: unknown[] = []
    const { quarantine } = definition.settings
    const places = keys.outputs.flatMap(({ node }) => node.sink.places.map(({ bucket }) => bucket))
    const store = this.#services.objects
    for (const bucket of new Set([...places, quarantine?.bucket ?? this.#services.bucket])) {
      for await (const { key } of store.list(bucket, '')) {
        const body = (await store.get({ bucket, key })) ?? new Uint8Array()
        const text = new TextDecoder().decode(body)
        const place = keys.parse({ bucket, key })
        if (!place) {
          if (key.startsWith(quarantine?.prefix ?? quarantinePrefix(definition.name)))
            quarantined.push(...linesOf(text).map((line) => JSON.parse(line)))
          continue
        }
        objects.push([objectUrl({ bucket, key }), text])
        const times = outputs.get(place.output)
        const lines = times?.get(place.time) ?? []
        lines.push(...keys.elementsOf(place.output, body))
        times?.set(place.time, lines)
      }
    }
    const byTime = [...outputs].map(([id, times]) => [id, Object.fromEntries(times)] as const)
    return {
      outputs: Object.fromEntries(byTime),
      objects: Object.fromEntries(objects),
      printed: this.#services.printed,
      effects: this.#effects,
      quarantined,
    }
  }
}

/** Environment variables are as they were afterwards. */
function defined(define: () => Job, parameters: Readonly<Record<string, string>>): Job {
  const before = Object.keys(parameters).map((name) => [name, process.env[name]] as const)
  try {
    Object.assign(process.env, parameters)
    return define()
  } finally {
    for (const [name, value] of before) {
      if (value === undefined) delete process.env[name]
      else process.env[name] = value
    }
  }
}

function topicsOf(
  { name, sources }: JobDefinition,
  partitions: number | Readonly<Record<string, number>>,
): Map<string, number> {
  const others = sources.filter(({ source }) => !isKafka(source)).map(({ source }) => source.kind.name)
  if (others.length > 0)
    throw new InvalidOptionError(
      `testJob: job '${name}' reads ${others.join(', ')}, and testJob makes records of Kafka only. Test its streams with testStream.`,
    )
  const topics = [...new Set(sources.flatMap(({ source }) => source.feeds))]
  const by =
    typeof partitions === 'number' ? Object.fromEntries(topics.map((topic) => [topic, partitions])) : partitions
  checkKnownOptions('testJob, partitions', by, topics)
  return new Map(topics.map((topic) => [topic, checkPartitions(`testJob, partitions of ${topic}`, by[topic] ?? 1)]))
}

function linesOf(text: string): string[] {
  return text.split('\n').filter((line) => line !== '')
}
