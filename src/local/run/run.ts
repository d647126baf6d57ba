// A job in this very process: no bundle, no worker. The handler is the deployed one, and so is all that it guarantees; the poller feeds
// it as Lambda's event source would.

import { resolve } from 'node:path'
import { InvalidOptionError, MillraceError } from '../../errors/errors.ts'
import { definitionOf, type Job } from '../../graph/job.ts'
import { environmentFromVariables, logOf } from '../../lambda/environment.ts'
import { lambda } from '../../lambda/handler.ts'
import { type Duration, toMillis } from '../../options/duration.ts'
import { checkKnownOptions, checkPartitions } from '../../options/options.ts'
import { describeDefinition } from '../../serverless/describe-definition.ts'
import { DEFAULT_FOLDER } from '../../stores/folder.ts'
import { type Runnable, startControlled } from '../control/controlled.ts'
import { type DevServices, openServices } from '../dev/services.ts'
import { type KafkaSasl, type KafkaTls, loginOf } from '../event-source/kafka-login.ts'
import { inProcessInvoker } from '../invoker/in-process.ts'
import { type App, type Engine, Running } from './app.ts'
import { makeEngine, memberLog, partitionsOf } from './engine.ts'
import { setParameters } from './parameters.ts'
import type { PartitionCounts } from './partition-watch.ts'
import { inTurn } from './turns.ts'

/** Options of {@link run}. */
export interface RunOptions {
  /** Kafka: `host:port` of one broker or more. Default: the topics of the folder. */
  readonly brokers?: readonly string[]
  /** Kafka by TLS. */
  readonly tls?: boolean | KafkaTls
  /** How to log in at Kafka. */
  readonly sasl?: KafkaSasl
  /** The consumer group that the processes of the job share. Default: one of this job, and of the folder. */
  readonly group?: string
  /**
   * The folder of state, objects and topics. Default: MILLRACE_DIR; else the table and bucket that MILLRACE_TABLE and MILLRACE_BUCKET
   * name, or an emulator at AWS_ENDPOINT_URL; else `.millrace`.
   */
  readonly dir?: string
  /** Environment variables of the job, set in this process for as long as it runs. */
  readonly parameters?: Readonly<Record<string, string>>
  /** Of topics that are made in the folder; default 1. */
  readonly partitions?: number
  /** Most records of a micro-batch, over all partitions; default 10,000, Lambda's most. */
  readonly batchSize?: number
  /** How long to gather records after the first; default 500 ms, as Lambda does for Kafka. */
  readonly batchingWindow?: Duration
  /** Stop on SIGTERM and SIGINT: the first finishes what is under way, the second ends the process. Default false. */
  readonly signals?: boolean
  /** False: do not start yet; see {@link App.start}. Default true. */
  readonly start?: boolean
  /** As of `lambda`: take the job over from another function that has run it in this table. */
  readonly takeOver?: boolean
  /** As of `lambda`: ids of operators whose state may go or start empty. */
  readonly accept?: readonly string[]
}

const KNOWN = [
  'brokers',
  'tls',
  'sasl',
  'group',
  'dir',
  'parameters',
  'partitions',
  'batchSize',
  'batchingWindow',
  'signals',
  'start',
  'takeOver',
  'accept',
]

/**
 * Runs a job in this process until it is stopped: as a deployed function would, exactly once, with Kafka or topics in a folder.
 * Several processes that run the same job share its partitions.
 *
 * @param job the job; a function that makes it is called when the parameters are set.
 * @throws InvalidOptionError, TopicMissingError, BrokerUnreachableError, and what else starting meets.
 * @example
 * import { run } from 'millrace/run'
 *
 * const app = await run(hotWords, { brokers: ['localhost:9092'], signals: true })
 * await app.awaitTermination()
 */
export async function run(job: Job | (() => Job), options: RunOptions = {}): Promise<App> {
  checkKnownOptions('run', options, KNOWN)
  const { parameters = {}, signals = false, start = true } = options
  const restore = setParameters(parameters)
  try {
    const made = typeof job === 'function' ? job() : job
    const { name } = definitionOf('run', made)
    const again = typeof job === 'function' ? job : () => made
    const open = (failed: (error: unknown) => void): Promise<Engine> =>
      openEngine(made, again, options, failed, restore)
    const app = new Running({ name, log: logOf(process.env), open, signals, dropped: restore })
    if (start) await app.start()
    return app
  } catch (error) {
    restore()
    throw error
  }
}

async function openEngine(
  job: Job,
  again: () => Job,
  options: RunOptions,
  failed: (error: unknown) => void,
  restore: () => void,
): Promise<Engine> {
  const { brokers = [], tls, sasl } = options
  const foreign = describeDefinition(definitionOf('run', job)).feeds.find(({ kind }) => kind !== 'kafka')
  if (foreign)
    throw new InvalidOptionError(
      `run(${job.name}): it reads ${foreign.kind} (${foreign.name}), which only an event source of AWS delivers; run reads topics of Kafka, or of a folder.`,
    )
  if (brokers.length === 0 && (tls !== undefined || sasl !== undefined))
    throw new InvalidOptionError(`run(${job.name}): tls and sasl are of Kafka, and no brokers are named.`)
  const dir = options.dir ?? process.env.MILLRACE_DIR
  const services = await openServices({
    folder: resolve(dir ?? DEFAULT_FOLDER),
    brokers,
    kafka: { clientId: 'millrace-run', ...loginOf(tls, sasl), log: memberLog(logOf(process.env)) },
    makeTopics: false,
    stores: dir === undefined ? 'as variables say' : 'folder',
  })
  const handlers: Promise<void>[] = []
  let closing: Promise<void> | undefined
  return startControlled({
    job: job.name,
    table: services.table,
    log: logOf(process.env),
    open: (parameters) => openRunnable(job, again, options, services, failed, parameters, handlers),
    async close(graceful) {
      closing ??= Promise.all(handlers)
        .finally(async () => {
          await services.stop()
          restore()
        })
        .then(() => undefined)
      // What is under way cannot be ended from within. It may still commit, as one write or not at all, and lets go of the services then.
      if (graceful) await closing
      else closing.catch(() => undefined)
    },
  })
}

/** The job with the parameters that it was started with from afar (`millrace start --param`), over its own. */
async function openRunnable(
  first: Job,
  again: () => Job,
  options: RunOptions,
  services: DevServices,
  failed: (error: unknown) => void,
  parameters: Readonly<Record<string, string>>,
  ends: Promise<void>[],
): Promise<Runnable> {
  const { batchSize = 10_000, batchingWindow = 500, partitions = 1 } = options
  const restore = setParameters(parameters)
  try {
    const job = Object.keys(parameters).length > 0 ? again() : first
    if (job.name !== first.name)
      throw new InvalidOptionError(`run(${first.name}): with these parameters it is job ${job.name}.`)
    const description = describeDefinition(definitionOf('run', job))
    const counts = await partitionsOf(description, services, checkPartitions('run, partitions', partitions))
    const { handler, renew, close } = handlerOf(job, options, services, counts, failed)
    return makeEngine({
      description,
      services,
      group: options.group ?? services.groupOf(job.name),
      invoker: inProcessInvoker(handler, { functionName: job.name }),
      log: logOf(process.env),
      batchSize,
      windowMs: toMillis('run, batchingWindow', batchingWindow),
      pollers: 1,
      counts,
      renew,
      failed,
      async close(graceful) {
        const closed = close().finally(restore)
        ends.push(closed)
        if (graceful) await closed
        else closed.catch(() => undefined)
      },
    })
  } catch (error) {
    restore()
    throw error
  }
}

/** One invocation at a time, as in an execution environment of Lambda. */
function handlerOf(
  job: Job,
  { takeOver, accept }: RunOptions,
  services: DevServices,
  counts: PartitionCounts,
  failed: (error: unknown) => void,
) {
  const variables = { ...process.env, ...services.variables, MILLRACE_OWNER: process.env.MILLRACE_OWNER ?? job.name }
  const environment = environmentFromVariables(variables)
  const ends: (() => Promise<void>)[] = []
  const make = (partitions: PartitionCounts): ReturnType<typeof lambda> =>
    lambda(job, {
      environment: { ...environment, partitions },
      atEnd: (end) => ends.push(end),
      ...(takeOver !== undefined && { takeOver }),
      ...(accept !== undefined && { accept }),
    })
  let run = make(counts)
  const turns = inTurn()
  return {
    handler: (event: unknown): Promise<unknown> =>
      turns.take(async () => {
        try {
          return await run(event)
        } catch (error) {
          if (!(error instanceof MillraceError) || error.kind !== 'wait') failed(error)
          throw error
        }
      }),
    /** As a new instance of a function would: it claims the job with what it knows now. */
    renew: (now: PartitionCounts): Promise<void> =>
      turns.take(async () => {
        await Promise.all(ends.splice(0).map((end) => end()))
        run = make(now)
      }),
    async close() {
      await turns.close()
      await Promise.all(ends.map((end) => end()))
      environment.table.close()
      environment.objects.close()
    },
  }
}
