// The one handler of a job: Kafka events of MSK and self-managed clusters, and wake-ups from its queue.

import { errorFacts } from '../errors/errors.ts'
import { PoisonRecordError } from '../errors/runtime-errors.ts'
import { definitionOf, type Job } from '../graph/job.ts'
import { partitionName } from '../names/tasks.ts'
import { checkKnownOptions } from '../options/options.ts'
import type { Environment, Share } from '../runtime/environment.ts'
import { JobRuntime, type PartitionOutcome } from '../runtime/job-runtime.ts'
import type { KafkaBatchResponse } from '../sources/kafka/event.ts'
import { acceptOf, checkAccept, environmentFromVariables, logOf } from './environment.ts'
import { holding } from './hold.ts'
import { withJob } from './job-of-handler.ts'
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
   * dropped. Batches that lose something get no `_SUCCESS`. Default: what the environment variable MILLRACE_ACCEPT names, a JSON
   * list (the plugin sets it); without either such a deployment is refused.
   *
   * @example lambda(shopTotals, { accept: ['updateStateByKey(lines)'] })
   */
  readonly accept?: readonly string[]
  /** @internal Where the job runs; default: what the environment variables say. */
  readonly environment?: Environment
}

interface Running {
  readonly runtime: JobRuntime
  readonly environment: Environment
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
  checkKnownOptions(`lambda(${job.name})`, options, ['reportFailures', 'takeOver', 'accept', 'environment'])
  const { takeOver = false, reportFailures = process.env.MILLRACE_REPORT_FAILURES === '1' } = options
  const accept = checkAccept(`lambda(${job.name}), accept`, options.accept ?? acceptOf(process.env))
  let runtime: Promise<Running> | undefined

  async function start(): Promise<Running> {
    const environment = options.environment ?? (await environmentFromVariables())
    return { runtime: new JobRuntime(definition, environment, { takeOver, accept }), environment }
  }

  const handler: LambdaHandler = async (event) => {
    runtime ??= start()
    const running = await runtime.catch((error: unknown) => {
      runtime = undefined
      const log = options.environment?.log ?? logOf(process.env)
      log.error(errorFacts(error), 'could not start')
      throw error
    })
    const outcomes: PartitionOutcome[] = []
    try {
      for (const invocation of parseEvent(event)) {
        if (invocation.kind === 'records') outcomes.push(...(await running.runtime.process(invocation.partitions)))
        else if (invocation.job !== job.name) continue
        else if (invocation.kind === 'wake') await wake(running, invocation)
        else await help(running, invocation.share)
      }
    } catch (error) {
      running.environment.log.error(errorFacts(error), 'invocation failed')
      throw error
    }
    return answer(running.environment, outcomes, reportFailures)
  }
  return withJob(handler, job)
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
  outcomes: readonly PartitionOutcome[],
  reportFailures: boolean,
): KafkaBatchResponse | undefined {
  const failures = outcomes.filter(({ result }) => result === undefined)
  for (const { topic, partition, error } of failures)
    log.error({ topic, partition, ...errorFacts(error) }, 'partition failed')
  const [first] = failures
  if (!reportFailures) {
    if (first) throw first.error
    return undefined
  }
  return {
    batchItemFailures: failures.map(({ topic, partition, records, error }) => {
      const offset = error instanceof PoisonRecordError ? error.offset : (records[0]?.offset ?? 0)
      return { itemIdentifier: { partition: partitionName(topic, partition), offset } }
    }),
  }
}
