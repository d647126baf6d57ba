// The one handler of a job: events of its sources, and wake-ups from its queue.

import { errorFacts } from '../errors/errors.ts'
import { definitionOf, type Job, type JobDefinition, usualIdleAfter } from '../graph/job.ts'
import { checkKnownOptions } from '../options/options.ts'
import { drainJob } from '../runtime/drain.ts'
import type { Environment, Log } from '../runtime/environment.ts'
import { type DeliveryOutcome, JobRuntime } from '../runtime/job-runtime.ts'
import type { Share } from '../runtime/side-by-side/share.ts'
import type { KafkaBatchResponse } from '../sources/kafka/event.ts'
import type { BatchResponse, FailedDelivery, SourceKind } from '../sources/source.ts'
import { acceptOf, checkAccept, environmentFromVariables, logOf } from './environment.ts'
import { holding } from './hold.ts'
import { checkMetrics, InvocationLine, type Metrics } from './invocation-line.ts'
import { withJob } from './job-of-handler.ts'
import { jsonLog } from './json-log.ts'
import { type Invocation, parseEvent } from './parse-event.ts'

/** Options of {@link lambda}. */
export interface LambdaOptions {
  /**
   * Answer failures per partition instead of failing the invocation. Only for mappings with `FunctionResponseTypes:
   * [ReportBatchItemFailures]`. Default: the environment variable MILLRACE_REPORT_FAILURES is `1` (the plugin sets it).
   */
  readonly reportFailures?: boolean
  /** Take the job over from another function that has run it in this table. Default false. */
  readonly takeOver?: boolean
  /**
   * Ids of operators, as INCOMPATIBLE_JOB and RECORDS_ON_THE_WAY name them: state of operators that the code before had may be
   * left behind, new ones may start empty, and elements of open batches that are on their way to an operator which is gone may be
   * dropped; and of outputs, as UNKNOWN_CALL names them, to which a call may be left. Batches that lose something get no `_SUCCESS`. Default: what the environment variable MILLRACE_ACCEPT names, a JSON
   * list (the plugin sets it); without either such a deployment is refused.
   *
   * @example lambda(shopTotals, { accept: ['updateStateByKey(lines)'] })
   */
  readonly accept?: readonly string[]
  /**
   * What an invocation writes to its log about itself: `off`; `line`: one line with records, durations of the steps and how far behind the job is;
   * `emf`: the same line, of which CloudWatch makes metrics (docs/guide/metrics.md). Default: the environment variable MILLRACE_METRICS, and
   * `off` without it (the plugin sets `emf`).
   */
  readonly metrics?: 'off' | 'line' | 'emf'
  /** @internal Where the job runs; default: what the environment variables say. */
  readonly environment?: Environment
  /** @internal Takes what ends the job's runtime, if it holds anything; default: a SIGTERM calls it, where the variables say where it runs. */
  readonly atEnd?: (close: () => Promise<void>) => void
}

interface Running {
  readonly runtime: JobRuntime
  readonly environment: Environment
  /** Absent where nobody measures. */
  readonly line: InvocationLine | undefined
}

/** A Lambda handler: https://docs.aws.amazon.com/lambda/latest/dg/nodejs-handler.html */
export type LambdaHandler = (event: unknown, context?: unknown) => Promise<KafkaBatchResponse | undefined>

/**
 * Makes a job's Lambda handler.
 *
 * Partitions of an event are processed independently. When one fails, the others are committed all the same; then the
 * invocation fails, and what is delivered again is skipped where it was committed (I1). With `reportFailures` the answer names the
 * first offset of each failed partition instead.
 *
 * @throws InvalidOptionError for an unknown option; the handler throws MalformedEventError and what partitions throw.
 * @example export const handler = lambda(hotWords)
 */
export function lambda(job: Job, options: LambdaOptions = {}): LambdaHandler {
  const definition = definitionOf('lambda', job)
  checkKnownOptions(`lambda(${job.name})`, options, OPTIONS)
  const { atEnd = options.environment === undefined ? beforeTheEnd : undefined } = options
  const { takeOver = false, reportFailures = process.env.MILLRACE_REPORT_FAILURES === '1' } = options
  const accept = checkAccept(`lambda(${job.name}), accept`, options.accept ?? acceptOf(process.env))
  const metrics = checkMetrics(`lambda(${job.name}), metrics`, options.metrics ?? process.env.MILLRACE_METRICS)
  const kinds = new Set(definition.sources.map(({ source }) => source.kind))
  let runtime: Promise<Running> | undefined

  async function start(): Promise<Running> {
    const given = options.environment ?? environmentFromVariables()
    const line = lineOf(job.name, metrics, given, options.environment?.log)
    const environment = line ? { ...given, meter: line } : given
    const started = new JobRuntime(placed(definition, environment), environment, { takeOver, accept })
    const { listeners = [] } = definition.settings
    const closes =
      definition.outputs.some(({ sink }) => sink.receiver?.close) ||
      definition.sources.some(({ source }) => source.mirrors) ||
      listeners.some((one) => one.onQueryTerminated)
    if (closes) atEnd?.(() => started.close())
    return { runtime: started, environment, line }
  }

  const handler: LambdaHandler = async (event, context) => {
    runtime ??= start()
    const running = await runtime.catch((error: unknown) => {
      runtime = undefined
      const log = options.environment?.log ?? logOf(process.env)
      log.error(errorFacts(error), 'could not start')
      throw error
    })
    const failures: Failure[] = []
    const seen = new Set<string>()
    running.line?.begin()
    try {
      for (const invocation of parseEvent(event, kinds)) {
        seen.add(invocation.kind)
        if (invocation.kind === 'records')
          failures.push(...failuresIn(await running.runtime.process(invocation.deliveries), invocation.source))
        else if (invocation.job !== job.name) continue
        else if (invocation.kind === 'wake') await wake(running, invocation)
        else if (invocation.kind === 'drain') await drainJob(definition, running.environment, { takeOver, accept })
        else await help(running, invocation.share)
      }
    } catch (error) {
      running.environment.log.error(errorFacts(error), 'invocation failed')
      running.line?.end({ ...requestOf(context), event: [...seen].join(' '), failed: Math.max(1, failures.length) })
      throw error
    }
    running.line?.end({ ...requestOf(context), event: [...seen].join(' '), failed: failures.length })
    return answer(running.environment, failures, reportFailures)
  }
  return withJob(handler, job)
}

const OPTIONS = ['reportFailures', 'takeOver', 'accept', 'metrics', 'environment', 'atEnd']

function lineOf(job: string, metrics: Metrics, { clock, owner }: Environment, log?: Log): InvocationLine | undefined {
  // At its own level: who wants warnings alone need not do without metrics.
  return metrics === 'off'
    ? undefined
    : new InvocationLine({ job, functionName: owner, metrics, clock, log: log ?? jsonLog('info') })
}

/** Of Lambda's context, whatever calls the function. */
function requestOf(context: unknown): { readonly requestId?: string } {
  const id = typeof context === 'object' && context !== null ? Reflect.get(context, 'awsRequestId') : undefined
  return typeof id === 'string' ? { requestId: id } : {}
}

/** What a job does not say its place may. */
function placed(definition: JobDefinition, { idleAfter }: Environment): JobDefinition {
  const { settings } = definition
  if (idleAfter === undefined || settings.idleAfter !== usualIdleAfter(settings.batch)) return definition
  return { ...definition, settings: { ...settings, idleAfter } }
}

/**
 * Lambda sends SIGTERM before it ends an instance that has an extension, and nothing to others
 * (https://docs.aws.amazon.com/lambda/latest/dg/lambda-runtime-environment.html); a process that is stopped gets it anyhow.
 */
function beforeTheEnd(close: () => Promise<void>): void {
  process.once('SIGTERM', () => void close().finally(() => process.exit(0)))
}

type Failure = FailedDelivery & { readonly source: SourceKind }

function failuresIn(outcomes: readonly DeliveryOutcome[], source: SourceKind): Failure[] {
  return outcomes.flatMap(({ result, feed, task, records, error }) =>
    result ? [] : [{ source, feed, task, records, error }],
  )
}

function wake({ runtime, environment }: Running, { at, turn, receipt }: WakeInvocation): Promise<void> {
  return holding(environment, receipt, () => runtime.wake(at, turn))
}

type WakeInvocation = Extract<Invocation, { readonly kind: 'wake' }>

/** Who asked for help does itself what is missing, and says what is wrong with it: this message need not come again. */
async function help({ runtime, environment }: Running, share: Share): Promise<void> {
  try {
    await runtime.help(share)
  } catch (error) {
    environment.log.error({ stage: share.stage, buckets: share.buckets, ...errorFacts(error) }, 'could not help')
  }
}

function answer(
  { log }: Environment,
  failures: readonly Failure[],
  reportFailures: boolean,
): BatchResponse | undefined {
  for (const { source, task, error } of failures)
    log.error({ ...source.taskFacts(task), ...errorFacts(error) }, 'partition failed')
  const [first] = failures
  if (!reportFailures) {
    if (first) throw first.error
    return undefined
  }
  const bySource = Map.groupBy(failures, ({ source }) => source)
  return { batchItemFailures: [...bySource].flatMap(([source, failed]) => source.answer(failed)) }
}
