// What a job will use, from its plan and from what it is to read: how many invocations, commits, buckets and objects that makes, and how
// large they are. Who reads it top to bottom has the model; its constants are in assumptions.ts.

import type { JobDefinition } from '../graph/job.ts'
import { planJob } from '../plan/plan-job.ts'
import {
  BYTES,
  EVENT_BYTES,
  EVENT_BYTES_PER_RECORD,
  LOG_BYTES_PER_INVOCATION,
  type Load,
  MB_PER_CPU,
  MS,
} from './assumptions.ts'
import { bucketEntries, type Feed, sourceEntries, writesObjects } from './entries.ts'
import { distinct, meanUnits } from './units.ts'
import { HOURS_PER_MONTH, SECONDS_PER_MONTH, type Usage } from './usage.ts'

/** All per second, but for `duration` and `concurrency`. */
export interface Rates {
  readonly invocations: number
  /** Milliseconds of an invocation, on the mean. */
  readonly duration: number
  /** Invocations at the same time. */
  readonly concurrency: number
  /** Micro-batches of source tasks: an item each. */
  readonly commits: number
  readonly writeUnits: number
  readonly readUnits: number
  readonly puts: number
  readonly gets: number
  readonly wakeUps: number
  readonly logBytes: number
  readonly objectBytes: number
  /** Write units of the busiest log, which is one key of DynamoDB. */
  readonly unitsOfOneLog: number
}

/** A poller takes some 5 MB/s (https://docs.aws.amazon.com/lambda/latest/dg/kafka-scaling-modes.html); without a window it asks so often. */
const POLLER_BYTES = 5e6
const NO_WINDOW = 0.1
/** While records come, one is armed for every second batch (measured: test/cost/predict.test.ts). */
const WAKE_UPS_PER_BATCH = 0.5

export function ratesOf(job: JobDefinition, load: Load): Rates {
  const plan = planJob(job)
  const interval = job.settings.batch / 1000
  const closes = 1 / interval
  const programs = [...plan.programs.values()]
  const feed = feedOf(load, load.rate / programs.length)
  const sources = programs.map((program) => sourceEntries(program, feed, load, interval))
  const stages = plan.stages.map((stage) => bucketEntries(stage, load, interval))
  const of = <T>(list: readonly T[], value: (one: T) => number): number =>
    list.reduce((sum, one) => sum + value(one), 0)

  const [events, commits] = [feed.events * programs.length, feed.commits * programs.length]
  const tasks = load.partitions * programs.length
  const closeBytes = BYTES.names + BYTES.close + BYTES.task * (tasks + of(plan.stages, (stage) => stage.numPartitions))
  const successes = of(plan.outputs.filter(writesObjects), ({ slide }) => 1000 / slide)
  const puts = { sources: of(sources, (one) => one.puts), buckets: of(stages, (one) => one.puts) }

  const waits = MS.perInvocation + MS.table + (puts.sources > 0 ? MS.object : 0)
  const closing =
    MS.table * (1 + plan.stages.length) + MS.object * ((successes > 0 ? 1 : 0) + (puts.buckets > 0 ? 1 : 0))
  const cpu = MB_PER_CPU / Math.min(load.memory, MB_PER_CPU)
  const work = (load.rate * MS.perRecord + (commits + closes + of(stages, (one) => one.commits)) * MS.perCommit) * cpu
  const duration = waits + (work + closes * closing) / events
  const concurrency = (events * duration) / 1000
  return {
    invocations: events + WAKE_UPS_PER_BATCH * closes,
    duration,
    concurrency,
    commits,
    // A row says when the job is to be brought back: written and read once for each batch.
    writeUnits:
      of(sources, ({ bytes }) => feed.commits * meanUnits(bytes)) +
      of(stages, ({ units }) => units) +
      closes * (meanUnits(closeBytes) + 1),
    // Commits of other instances are read, eventually consistent: half a unit each.
    readUnits: closes * (1 + (concurrency > 1 ? tasks / 2 : 0)),
    puts: puts.sources + puts.buckets + successes,
    gets: of(stages, ({ gets }) => gets),
    wakeUps: WAKE_UPS_PER_BATCH * closes,
    logBytes: of(sources, ({ bytes }) => feed.commits * bytes) + of(stages, ({ bytes }) => bytes) + closes * closeBytes,
    objectBytes: of(sources, (one) => one.objectBytes) + of(stages, (one) => one.objectBytes),
    unitsOfOneLog: Math.max(
      ...sources.map(({ bytes }) => (feed.commits * meanUnits(bytes)) / load.partitions),
      ...stages.map(({ busiest }) => busiest),
    ),
  }
}

/** How Lambda cuts a topic into events, and events into micro-batches of tasks. */
function feedOf(
  { size, partitions, window, batchSize, pollers }: Load,
  rate: number,
): Feed & { readonly events: number } {
  const atOnce = Math.min(partitions, Math.max(1, pollers ?? Math.ceil((rate * size) / POLLER_BYTES)))
  const most = Math.max(1, Math.min(batchSize, EVENT_BYTES / ((size * 4) / 3 + EVENT_BYTES_PER_RECORD)))
  const events = Math.max(Math.min(rate, atOnce / (window || NO_WINDOW)), rate / most)
  const commits = events * distinct(partitions / atOnce, rate / events)
  return { events, commits, records: rate / commits, span: atOnce / events }
}

/** Its empty receives: five long polls of 20 s, whether there is anything or not (DESIGN §4). */
const EMPTY_RECEIVES = (5 / 20) * SECONDS_PER_MONTH
/** Send, receive, delete. */
const REQUESTS_OF_WAKE_UP = 3
/** A unit has the throughput of four pollers. */
const POLLERS_PER_UNIT = 4
const GB = 1e9

/** A month of it. */
export function usageOf(rates: Rates, load: Load, retention: number): Usage {
  const month = (perSecond: number): number => perSecond * SECONDS_PER_MONTH
  const kept = (rates.logBytes * Math.min(retention / 1000, SECONDS_PER_MONTH)) / GB
  return {
    'lambda.request': month(rates.invocations),
    [`lambda.gbSecond.${load.architecture}`]: month(rates.invocations) * (rates.duration / 1000) * (load.memory / 1024),
    ...(load.pollers !== undefined && {
      'lambda.pollerUnitHour': Math.ceil(load.pollers / POLLERS_PER_UNIT) * HOURS_PER_MONTH,
    }),
    'dynamodb.writeUnit': month(rates.writeUnits),
    'dynamodb.readUnit': month(rates.readUnits),
    'dynamodb.gbMonth': kept,
    'dynamodb.recoveryGbMonth': kept,
    's3.put': month(rates.puts),
    's3.get': month(rates.gets),
    's3.gbMonth': month(rates.objectBytes) / GB,
    'sqs.request': EMPTY_RECEIVES + month(rates.wakeUps) * REQUESTS_OF_WAKE_UP,
    'logs.gb': (month(rates.invocations) * LOG_BYTES_PER_INVOCATION) / GB,
  }
}
