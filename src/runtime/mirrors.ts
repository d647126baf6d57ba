// Copies of committed positions for others (`mirror`): to a consumer group, to Redis. What is written was committed before, so a copy is
// never ahead. It may be behind by some seconds while records come, and is not when the job rests; what a crash has left out is written by
// the next that commits or wakes up. Nothing waits for a copy but the end of an invocation, for so long, and what fails is logged.

import { errorFacts } from '../errors/errors.ts'
import { MirrorFailedError } from '../errors/runtime-errors.ts'
import { timer } from '../listeners/notify.ts'
import type { Plan } from '../plan/plan.ts'
import type { Kinds } from '../sources/kinds.ts'
import type { OffsetStore, PartitionOffset } from '../sources/offset-store.ts'
import type { Standing } from './closing/known-tasks.ts'
import type { LogReader } from './closing/log-reader.ts'
import type { Environment } from './environment.ts'

/** At most so often while records come. Spark's `commitAsync` asks for it with every batch. */
const EVERY_MS = 5000

/** How long the end of an invocation waits for a write: after its answer a function on Lambda stands still. */
const PATIENCE_MS = 5000

/** Before a job at rest tries again, twice as long after each failure, and after so many it leaves it to the next commit. */
const RETRY_MS = 60_000
const RETRIES = 10

interface Target {
  readonly store: OffsetStore
  readonly feeds: Set<string>
  /** By topic and partition, what this instance has written. */
  readonly written: Map<string, number>
  /** A write is under way, be it one that takes too long: nothing is written beside it. */
  busy: boolean
}

/** Where the mirrors of a job's sources are; undefined: it has none. */
export function mirrorsOf({ programs }: Plan, kinds: Kinds, environment: Environment): Mirrors | undefined {
  const targets = new Map<OffsetStore, Target>()
  for (const [feed, { sources }] of programs) {
    for (const store of sources.flatMap(({ source }) => source.mirrors ?? [])) {
      const known = targets.get(store) ?? {
        store: environment.mirrorTo?.(store) ?? store,
        ...{ feeds: new Set<string>(), written: new Map<string, number>(), busy: false },
      }
      known.feeds.add(feed)
      targets.set(store, known)
    }
  }
  return targets.size > 0 ? new Mirrors([...targets.values()], kinds, environment) : undefined
}

export class Mirrors {
  readonly #targets: readonly Target[]
  readonly #kinds: Kinds
  readonly #environment: Environment
  #lastAt = Number.NEGATIVE_INFINITY
  #failures = 0

  constructor(targets: readonly Target[], kinds: Kinds, environment: Environment) {
    this.#targets = targets
    this.#kinds = kinds
    this.#environment = environment
  }

  /** Whether it is time again. */
  get isDue(): boolean {
    const since = this.#environment.clock.now() - this.#lastAt
    return since >= EVERY_MS || since < 0
  }

  /** Writes what this instance knows to be committed and has not written. False: something could not be written. */
  write(tasks: readonly Standing[]): Promise<boolean> {
    return this.#write(tasks, false)
  }

  async #write(tasks: readonly Standing[], again: boolean): Promise<boolean> {
    this.#lastAt = this.#environment.clock.now()
    const done = await Promise.all(this.#targets.map((target) => this.#writeTo(target, tasks, again)))
    return !done.includes(false)
  }

  /**
   * For a job that comes to rest: also what others have committed, which costs a read for each task: what this instance remembers may be old. And
   * what it has written before: another may have set that back since, by what it remembers.
   *
   * @returns when to come back because something could not be written.
   */
  async writeAll(readers: readonly LogReader[]): Promise<number | undefined> {
    const mirrored = readers.filter(({ task }) =>
      this.#targets.some(({ feeds }) => feeds.has(this.#kinds.feedOf(task))),
    )
    await Promise.all(mirrored.map((reader) => reader.lookUpPosition()))
    if (await this.#write(mirrored, true)) {
      this.#failures = 0
      return undefined
    }
    if (++this.#failures > RETRIES) return undefined
    return this.#lastAt + RETRY_MS * 2 ** (this.#failures - 1)
  }

  async #writeTo(target: Target, tasks: readonly Standing[], again: boolean): Promise<boolean> {
    const due = tasks.flatMap(({ task, position }) => {
      if (position === undefined || !target.feeds.has(this.#kinds.feedOf(task))) return []
      const at = this.#kinds.of(task).offsetOf?.(task, position)
      return at && (again || target.written.get(task) !== at.offset) ? [{ task, at }] : []
    })
    if (due.length === 0) return true
    if (target.busy) return false
    target.busy = true
    const offsets = due.map(({ at }) => at)
    const failed = await this.#patiently(ended(target, offsets))
    if (failed) {
      const error = new MirrorFailedError(target.store.name, failed.cause)
      this.#environment.log.warn(
        { store: target.store.name, ...errorFacts(error) },
        'positions were not mirrored: nothing else is affected',
      )
      return false
    }
    for (const { task, at } of due) target.written.set(task, at.offset)
    return true
  }

  async #patiently(writing: Promise<Failed | undefined>): Promise<Failed | undefined> {
    const { mirrorTo, later = timer } = this.#environment
    if (mirrorTo) return writing // a test decides itself how long it takes
    let stop = (): void => {}
    const patience = new Promise<Failed>((resolve) => {
      const cause = new Error(`it takes longer than ${PATIENCE_MS / 1000} s`)
      stop = later(PATIENCE_MS, () => resolve({ cause }))
    })
    const failed = await Promise.race([writing, patience])
    stop()
    return failed
  }
}

interface Failed {
  readonly cause: unknown
}

/** Resolves when a write is over, and never rejects. */
async function ended(target: Target, offsets: readonly PartitionOffset[]): Promise<Failed | undefined> {
  try {
    await target.store.write(offsets)
    return undefined
  } catch (cause) {
    return { cause }
  } finally {
    target.busy = false
  }
}
