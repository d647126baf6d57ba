// Buckets side by side: when a batch is more work than one invocation should do alone, others are asked to run some of its
// buckets (DESIGN §3). That only saves time. Whoever closed the batch watches the buckets' logs, and what has not been done
// after a while it does itself: a message that is lost, late or doubled changes nothing, because every bucket's log is fenced.

import { causeFacts } from '../../errors/errors.ts'
import type { JobSettings } from '../../graph/job.ts'
import type { ShuffleStage } from '../../plan/plan.ts'
import type { StageInput } from '../buckets/bucket-run.ts'
import type { BucketTask } from '../buckets/bucket-task.ts'
import type { Environment } from '../environment.ts'
import type { Helpers } from './share.ts'

/** What folding an item and writing what comes of it takes: some 2 µs (`npm run bench -- state`, initial state). */
const ITEMS_PER_MS = 500

/** State that is gone through in every batch, compressed: ten bytes a key, 2 µs each. A cold instance reads ten times as much. */
const STATE_BYTES_PER_MS = 5000

/**
 * Each share reads all that the source tasks have for the batch, its own part and the others'. Reading a byte costs a fortieth
 * of writing it, eventually consistent: 16 shares add two fifths to what writing has cost.
 */
export const MOST_SHARES = 16

/** Until an invocation that was asked has come, is warm, and has read what it needs. */
const START_MS = 3000

/** Between looks at the logs of buckets that others run. */
const FIRST_PAUSE_MS = 50
const LONGEST_PAUSE_MS = 1000

/** When nobody has come, the queue is not served or no concurrency is left: not worth asking again at once. */
const ALONE_MS = 5 * 60_000

export interface SideBySideParts {
  readonly job: string
  readonly settings: JobSettings
  readonly environment: Environment
}

export class SideBySide {
  readonly #parts: SideBySideParts
  #aloneUntil = 0

  constructor(parts: SideBySideParts) {
    this.#parts = parts
  }

  /** Brings all buckets of a stage up to what is closed, with the help of others if that is much. */
  async run(stage: ShuffleStage, buckets: readonly BucketTask[], input: StageInput): Promise<void> {
    const { helpers, clock } = this.#parts.environment
    await Promise.all(buckets.map((bucket) => bucket.load()))
    const others = this.#sharesOfOthers(stage, buckets, input)
    if (helpers && others.length > 0) {
      const since = clock.now()
      const asked = new Set((await this.#ask(helpers, stage.id, others, input)).flat())
      await Promise.all(buckets.map((bucket, i) => (asked.has(i) ? undefined : bucket.advance(input))))
      const patience = START_MS + 2 * (clock.now() - since)
      const theirs = buckets.filter((_, i) => asked.has(i))
      await this.#await(helpers, stage.id, theirs, input.closedUntil, patience)
    }
    // Whatever is left; and what others have promised is there before anybody says that the batch is complete.
    await Promise.all(buckets.map((bucket) => bucket.advance(input)))
  }

  /** What others are to run; nothing when it is not worth asking. */
  #sharesOfOthers(stage: ShuffleStage, buckets: readonly BucketTask[], input: StageInput): number[][] {
    const { settings, environment } = this.#parts
    const { sideBySide } = settings
    if (sideBySide === undefined || !environment.helpers || environment.clock.now() < this.#aloneUntil) return []
    if (input.apart.size > 0) return [] // others would not know it
    const walks = stage.steps.some(({ node: { operator } }) => operator.runs === 'on batches' && operator.walks)
    const work = buckets.map((bucket, i) => {
      const items = input.sizeOf(i)
      // What was sent nothing may have nothing to commit, and only the log could tell that somebody else has run it.
      if (items === 0 || bucket.isDone(input.closedUntil)) return 0
      const state = walks ? (bucket.stateBytes * input.touched.length) / STATE_BYTES_PER_MS : 0
      return 1 + items / ITEMS_PER_MS + state
    })
    const total = sum(work)
    if (total < sideBySide) return []
    const shares = shareOut(work, Math.min(MOST_SHARES, Math.ceil(total / Math.max(1, sideBySide))))
    // Its own is the one of which it has most in memory; if it has nothing, the largest.
    const held = shares.map((share) => sum(share.map((i) => (buckets[i]?.isWarm ? (work[i] ?? 0) : 0))))
    const own = held.indexOf(Math.max(...held))
    return shares.filter((_, i) => i !== own)
  }

  /** @returns the shares that were sent. */
  async #ask(
    helpers: Helpers,
    stage: string,
    shares: readonly (readonly number[])[],
    { closedUntil, touched }: StageInput,
  ): Promise<(readonly number[])[]> {
    const { job, environment } = this.#parts
    const sent = await Promise.allSettled(
      shares.map((buckets) => helpers.ask(job, { stage, buckets, closedUntil, times: touched })),
    )
    const failed = sent.find((result) => result.status === 'rejected')
    if (failed) environment.log.warn({ stage, ...causeFacts(failed.reason) }, 'could not ask for help with a batch')
    return shares.filter((_, i) => sent[i]?.status === 'fulfilled')
  }

  /**
   * Waits until others have brought their buckets up to `until`, or for as long as that may reasonably take. Stale reads will
   * do: logs only grow, and whoever does a bucket again looks first.
   */
  async #await(
    helpers: Helpers,
    stage: string,
    asked: readonly BucketTask[],
    until: number,
    patience: number,
  ): Promise<void> {
    let missing = asked
    let pause = FIRST_PAUSE_MS
    for (let waited = 0; ; waited += pause, pause = Math.min(2 * pause, LONGEST_PAUSE_MS)) {
      const done = await Promise.all(missing.map((bucket) => bucket.follow(until)))
      missing = missing.filter((_, i) => !done[i])
      if (missing.length === 0) return
      if (waited >= patience) break
      await helpers.pause(pause)
    }
    const { clock, log } = this.#parts.environment
    if (missing.length === asked.length) this.#aloneUntil = clock.now() + ALONE_MS
    log.warn({ stage, asked: asked.length, missing: missing.length }, 'buckets that others were to run are run here')
  }
}

/**
 * Divides what there is to do into at most so many shares of about the same size, the largest first. Things without work are
 * in none.
 */
export function shareOut(work: readonly number[], most: number): number[][] {
  const shares = Array.from({ length: most }, () => ({ items: [] as number[], sum: 0 }))
  const largestFirst = [...work.keys()]
    .filter((i) => (work[i] ?? 0) > 0)
    .sort((a, b) => (work[b] ?? 0) - (work[a] ?? 0))
  for (const i of largestFirst) {
    const least = shares.reduce((a, b) => (b.sum < a.sum ? b : a))
    least.items.push(i)
    least.sum += work[i] ?? 0
  }
  return shares.sort((a, b) => b.sum - a.sum).flatMap(({ items }) => (items.length > 0 ? [items] : []))
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, one) => total + one, 0)
}
