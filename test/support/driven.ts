// A job under test, driven by hand through its own handler: `deliver` records, let time pass (`later`), bring it to `rest`, look
// what is `closed` and `published`. Services are in memory; `another` is another instance of it over the same ones.

import { type Job, type JobOptions, job, type KafkaOptions, text } from '../../src/index.ts'
import { type LambdaHandler, type LambdaOptions, lambda } from '../../src/lambda/index.ts'
import { type Duration, toMillis } from '../../src/options/duration.ts'
import type { Environment } from '../../src/runtime/environment.ts'
import type { MemoryObjects } from '../../src/stores/memory-objects.ts'
import type { MemoryTable } from '../../src/stores/memory-table.ts'
import { type MemoryEnvironment, memoryEnvironment, readObjects } from '../../src/testing/memory-environment.ts'
import { kafkaEvent, type SimpleRecord } from './kafka-events.ts'
import { bringToRest, wakeUpEvent } from './rest.ts'

/** How an instance is deployed: options of its handler, what its environment has, and its view of the services. */
export interface Deployment
  extends Omit<LambdaOptions, 'environment'>,
    Partial<Omit<Environment, 'table' | 'objects' | 'partitions'>> {
  /** How many partitions topics are known to have, by topic. */
  readonly partitions?: Readonly<Record<string, number>>
  /** What this instance's calls of the table come to; those that are not given reach it. */
  readonly table?: (table: MemoryTable) => Partial<Environment['table']>
  readonly objects?: (objects: MemoryObjects) => Partial<Environment['objects']>
}

type Answer = ReturnType<LambdaHandler>

/** Records of one partition, `<topic>-<partition>`, in one event. */
export interface Records {
  readonly partition: string
  readonly values: readonly (string | null | Partial<SimpleRecord>)[]
  readonly at: number
  readonly step: number
  readonly from: number | undefined
}

/**
 * Values, or records with a key, of partition `lines-0` and the like: the first at time `at`, then one every `step` milliseconds.
 *
 * @param options `from`: the first offset. Default: the one after the last that was delivered of that partition.
 */
export function records(
  partition: string,
  values: Records['values'],
  { at = 0, step = 100, from }: { readonly at?: number; readonly step?: number; readonly from?: number } = {},
): Records {
  return { partition, values, at, step, from }
}

/** What instances of one job share. */
interface World {
  readonly services: MemoryEnvironment
  /** By partition the offset after the last one that was delivered. */
  readonly next: Map<string, number>
  last: unknown
}

export interface Driven {
  readonly handler: LambdaHandler
  /** Of this instance, the services as they are: also those that fail for the instance. */
  readonly environment: MemoryEnvironment
  /** Delivers records as one event. */
  deliver(...some: readonly Records[]): Answer
  /** Delivers the last event, whoever got it, once more. */
  again(): Answer
  /** Delivers a wake-up that was armed for `at`; default: now. */
  wake(at?: number): Answer
  /** Moves the clock on. */
  later(by: Duration): void
  /** Moves the clock from wake-up to wake-up until none is armed; how many there were. */
  rest(): Promise<number>
  /** Deletes what has expired by now, as the table does in its own time; how many entries. */
  expire(): number
  /** Another instance, cold, over the same services: deployed alike but for its view of the services, and `how`. */
  another(how?: Deployment & { readonly job?: Job }): Driven
  /** What is published in a bucket, by default `results`, by name. */
  published(prefix?: string, bucket?: string): Promise<Record<string, string>>
  /** All that is published below a prefix, one after the other by name. */
  text(prefix?: string): Promise<string>
  /** Batches that have their `_SUCCESS`, as `<output>-<T>`. */
  closed(): Promise<string[]>
  /** The last entry of a task's commit log. */
  head(stage: string, task: string): ReturnType<MemoryTable['head']>
  /** What was logged at a level. */
  said(level: 'info' | 'warn' | 'error'): MemoryEnvironment['logged']
}

/**
 * An instance of a job over services of its own.
 *
 * @param start the clock, milliseconds; default: that of `memoryEnvironment`.
 * @example
 * const words = driven(copy)
 * await words.deliver(records('lines-0', ['a', 'b'], { at: 500 }))
 * await words.rest()
 * expect(await words.closed()).toEqual(['copy-1000'])
 */
export function driven(code: Job, { start, ...how }: Deployment & { readonly start?: number } = {}): Driven {
  return instance(code, how, { services: memoryEnvironment(start), next: new Map(), last: undefined })
}

function instance(code: Job, how: Deployment, world: World): Driven {
  const { reportFailures, takeOver, accept, metrics, partitions = {}, table, objects, ...rest } = how
  const environment = world.services.another({ ...rest, partitions: new Map(Object.entries(partitions)) })
  const handler = lambda(code, {
    ...(reportFailures !== undefined && { reportFailures }),
    ...(takeOver !== undefined && { takeOver }),
    ...(accept !== undefined && { accept }),
    ...(metrics !== undefined && { metrics }),
    environment: {
      ...environment,
      table: { ...environment.table, ...table?.(environment.table) },
      objects: { ...environment.objects, ...objects?.(environment.objects) },
    },
  })
  const published = (prefix = '', bucket = 'results') => readObjects(environment.objects, bucket, prefix)
  return {
    handler,
    environment,
    deliver(...some) {
      world.last = kafkaEvent(Object.fromEntries(some.map((one) => [one.partition, numbered(one, world)])))
      return handler(world.last)
    },
    again: () => handler(world.last),
    wake: (at = environment.clock.now()) => handler(wakeUpEvent(code.name, at)),
    later: (by) => environment.setTime(environment.clock.now() + toMillis('later', by)),
    rest: () => bringToRest(code.name, handler, environment),
    expire: () => environment.table.deleteExpired(environment.clock.now() / 1000),
    another({ job: other = code, ...changes } = {}) {
      const { table: _, objects: __, ...alike } = how
      return instance(other, { ...alike, ...changes }, world)
    },
    published: async (prefix, bucket) => Object.fromEntries(await published(prefix, bucket)),
    text: async (prefix) => [...(await published(prefix)).values()].join(''),
    closed: async () =>
      [...(await published()).keys()].flatMap((key) =>
        key.endsWith('/_SUCCESS') ? [key.slice(0, -'/_SUCCESS'.length)] : [],
      ),
    head: (stage, task) => environment.table.head({ job: code.name, stage, task }),
    said: (level) => environment.logged.filter((one) => one.level === level),
  }
}

/** Gives records their offsets and times. */
function numbered({ partition, values, at, step, from }: Records, { next }: World): SimpleRecord[] {
  const first = from ?? next.get(partition) ?? 0
  const all = values.map((value, i): SimpleRecord => {
    const own = typeof value === 'string' || value === null ? { value } : { value: null, ...value }
    return { offset: first + i, timestamp: at + i * step, ...own }
  })
  next.set(partition, Math.max(next.get(partition) ?? 0, 1 + (all.at(-1)?.offset ?? first - 1)))
  return all
}

/** The job that most tests need: it writes the values of topic `lines` as they come. */
export function copying(options: Partial<JobOptions> = {}, source: Partial<KafkaOptions<string, string>> = {}): Job {
  return job('copy', { batch: '1s', ...options }, ({ kafka }) => {
    kafka('lines', { value: text(), ...source })
      .map(({ value }) => value)
      .saveAsTextFiles('s3://results/copy')
  })
}
