// What a job does with batches after their commit (`foreachRDD`): at least once, in order of T, and T+1's does not begin before the
// success of T's is committed. Batches wait in the log of a bucket of their own. Whoever begins with one notes that first, under the
// fence, and how long others are to leave it alone; success is noted in the same log, and takes the batch out of it. So a crash costs
// a second try, and what fails stops its own output and nothing else.

import { randomUUID } from 'node:crypto'
import { causeFacts, errorFacts } from '../errors/errors.ts'
import { EffectFailedError } from '../errors/operator-errors.ts'
import { batchId } from '../names/outputs.ts'
import type { Waiting } from '../operators/operator.ts'
import { guarded } from '../programs/guard.ts'
import type { AfterCommit } from './buckets/stages.ts'
import type { Environment, WaitingBatch } from './environment.ts'
import { earliest } from './time.ts'

/** For so long others leave a batch alone that somebody has begun with; renewed at half time. What dies is begun again after it. */
const LEASE_MS = 60_000

/** Twice as long after each failure, from a second to five minutes: an outage of a database costs some hundred entries a day. */
const FIRST_PAUSE_MS = 1000
const LONGEST_PAUSE_MS = 300_000

/** Nobody leaves a batch alone for longer: a later time is of a clock that is far ahead. */
const LONGEST_MS = 2 * LONGEST_PAUSE_MS

/** After so long an invocation begins with no further batch: what has piled up must not run into its end. */
const BUSY_MS = 30_000

export interface PendingEffectsParts {
  readonly job: string
  readonly environment: Environment
  readonly afterCommits: readonly AfterCommit[]
}

/** What is left after a run. */
export interface Left {
  /** When to come back, by the clock; undefined when nothing waits any more. */
  readonly from: number | undefined
}

/** A batch that this instance has begun with. */
interface Turn extends WaitingBatch {
  readonly id: string
  readonly by: string
}

export class PendingEffects {
  readonly #parts: PendingEffectsParts

  constructor(parts: PendingEffectsParts) {
    this.#parts = parts
  }

  get any(): boolean {
    return this.#parts.afterCommits.length > 0
  }

  /**
   * Does what waits and may be tried, one output beside the other. Functions of the job that fail are logged, and tried again later.
   *
   * @returns undefined when nothing has waited, as far as this instance knows.
   * @throws what the services throw, when every output has had its turn.
   */
  async run(): Promise<Left | undefined> {
    const some = this.#parts.afterCommits.filter(({ batches }) => batches.from !== undefined)
    if (some.length === 0) return undefined
    const done = await Promise.allSettled(some.map((one) => this.#runOne(one)))
    for (const one of done) if (one.status === 'rejected') throw one.reason
    const left = some.flatMap(({ batches }) => batches.from ?? [])
    return { from: left.length > 0 ? earliest(left) : undefined }
  }

  async #runOne(one: AfterCommit): Promise<void> {
    const busyUntil = this.#now() + BUSY_MS
    for (let turn = await this.#next(one); turn !== undefined; ) {
      const failure = await this.#perform(one, turn)
      if (failure) return this.#failed(one, turn, failure.error)
      turn = await this.#next(one, turn, this.#now() < busyUntil)
    }
  }

  /** Notes that a batch is done, and that this instance begins with the next, in one entry. Undefined: there is none that it may begin with. */
  async #next(one: AfterCommit, done?: Turn, more = true): Promise<Turn | undefined> {
    let next: Turn | undefined
    await one.batches.note((waiting) => {
      const noted = done !== undefined && waiting.first()?.time === done.time
      if (noted) waiting.done(done.time)
      next = more ? this.#begin(one.id, waiting) : undefined
      this.#parts.environment.meter?.waits(one.id, waiting.first()?.time)
      return noted || next !== undefined
    })
    return next
  }

  #begin(output: string, waiting: Waiting): Turn | undefined {
    const first = waiting.first()
    const now = this.#now()
    if (!first || (first.from > now && first.from <= now + LONGEST_MS)) return undefined
    const [time, attempt] = [first.time, first.attempts + 1]
    const by = this.#parts.environment.newId?.() ?? randomUUID()
    waiting.tried(time, { attempts: attempt, from: now + LEASE_MS, by })
    const id = batchId(this.#parts.job, output, time)
    return { id, by, output, time, attempt, elements: waiting.elements(), offsetRanges: waiting.offsetRanges() }
  }

  async #perform({ batches, run }: AfterCommit, turn: Turn): Promise<{ readonly error: unknown } | undefined> {
    const { environment } = this.#parts
    const { output, time, id, elements, offsetRanges } = turn
    const call = async (): Promise<void> => void (await run(elements, { time, id, offsetRanges }))
    const work = environment.strict ? () => guarded(output, elements, call) : call
    const stop = this.#holding(batches, turn)
    try {
      await (environment.afterCommit ? environment.afterCommit(turn, work) : work())
      return undefined
    } catch (error) {
      return { error }
    } finally {
      stop()
    }
  }

  /** Tells others, for as long as it takes, that somebody is at work. */
  #holding(batches: AfterCommit['batches'], turn: Turn): () => void {
    const { later, log } = this.#parts.environment
    let over = false
    let stop = (): void => {}
    const hold = (): void => {
      stop = later?.(LEASE_MS / 2, () => void renew()) ?? stop
    }
    const renew = async (): Promise<void> => {
      hold() // the timer first: an answer that does not come must not be the end of it
      try {
        await batches.note((waiting) => !over && until(waiting, turn, this.#now() + LEASE_MS))
      } catch (error) {
        log.warn(
          { ...facts(turn), ...causeFacts(error) },
          'could not note that a batch is still at work: it may be begun twice',
        )
      }
    }
    hold()
    return () => {
      over = true
      stop()
    }
  }

  async #failed({ batches }: AfterCommit, turn: Turn, cause: unknown): Promise<void> {
    const { job, environment } = this.#parts
    const from = this.#now() + Math.min(FIRST_PAUSE_MS * 2 ** (turn.attempt - 1), LONGEST_PAUSE_MS)
    const { output, time, attempt } = turn
    const error = new EffectFailedError(output, time, attempt, `from ${new Date(from).toISOString()} on`, cause)
    environment.log.error({ job, ...facts(turn), from, ...errorFacts(error) }, 'what is done after a commit has failed')
    await batches.note((waiting) => until(waiting, turn, from))
  }

  #now(): number {
    return this.#parts.environment.clock.now()
  }
}

/** Notes until when others are to leave a batch alone, unless somebody else has begun with it since. */
function until(waiting: Waiting, { time, attempt, by }: Turn, from: number): boolean {
  const first = waiting.first()
  if (first?.time !== time || first.by !== by) return false
  waiting.tried(time, { attempts: attempt, from, by })
  return true
}

function facts({ output, time, attempt }: Turn): Readonly<Record<string, unknown>> {
  return { output, time, attempt }
}
