// What a running job needs from outside. Everything that is not decided by the records comes through here, so that the
// simulator can decide it instead.

import type { OffsetStore } from '../sources/offset-store.ts'
import type { OffsetRange } from '../sources/source.ts'
import type { ObjectStore } from '../stores/object-store.ts'
import type { StateTable } from '../stores/table.ts'
import type { Meter } from './meter.ts'
import type { Helpers } from './side-by-side/share.ts'

/** Milliseconds since the epoch. */
export interface Clock {
  now(): number
}

/** Brings the job back at a time: a delayed queue message on AWS, a timer in development. */
export interface Waker {
  /**
   * May fire late, twice, or when nothing is left to do; must fire. Where it cannot delay for so long, it fires early.
   *
   * @param turn which of the messages for `at` it is: comes back with it.
   */
  arm(job: string, at: number, turn: number): Promise<void>
  /** Lets a message that is being worked on come again so many milliseconds from now, if it is not done by then. */
  hold?(receipt: string, milliseconds: number): Promise<void>
}

/** Does something after so many milliseconds, unless it is called off by what it returns. */
export type Later = (milliseconds: number, action: () => void) => () => void

/** What a job says about itself; structured, one line each. */
export interface Log {
  info(facts: Readonly<Record<string, unknown>>, message: string): void
  warn(facts: Readonly<Record<string, unknown>>, message: string): void
  error(facts: Readonly<Record<string, unknown>>, message: string): void
}

/** A batch with which something is done after its commit. */
export interface WaitingBatch {
  /** The operator's id. */
  readonly output: string
  readonly time: number
  /** The first is 1. */
  readonly attempt: number
  readonly elements: readonly unknown[]
  readonly offsetRanges: readonly OffsetRange[]
}

export interface Environment {
  readonly table: StateTable
  readonly objects: ObjectStore
  /** Bucket for what is Millrace's own: spilled commits, quarantined records, snapshots; all below `_millrace/`. */
  readonly bucket: string
  readonly clock: Clock
  readonly waker: Waker
  /** Without them an invocation does alone what it finds to do. */
  readonly helpers?: Helpers
  /** Without it nobody notes that an invocation is under way for long. */
  readonly later?: Later
  readonly log: Log
  /** Told what an invocation does. Default: nobody measures. */
  readonly meter?: Meter
  /** Standard output of `print()`. */
  readonly print: (text: string) => void
  /** Version of the deployed code, recorded with every commit. */
  readonly code: string
  /** Who runs the job: the function's name. Two functions must not run one job. */
  readonly owner: string
  /** How many partitions topics are known to have; of others they are learned when first seen. */
  readonly partitions: ReadonlyMap<string, number>
  /**
   * Entries of logs that had expired by then (milliseconds) count all the same: the table was restored, or deletes nothing
   * (then Infinity). Default: none do.
   */
  readonly trustExpired?: number
  /** This process, for leases. */
  readonly instance: string
  /** Freezes what user code is handed and must not change, and names the operator that tries: for tests, it takes time. Default false. */
  readonly strict?: boolean
  /** Stands around what is done with a batch after its commit, for tests. Default: it is just done. */
  readonly afterCommit?: (batch: WaitingBatch, work: () => Promise<void>) => Promise<void>
  /** What positions are mirrored to in place of a store, for tests: it decides itself how long it takes. Default: the store. */
  readonly mirrorTo?: (store: OffsetStore) => OffsetStore
  /**
   * Whether nothing more will come of a source task, where somebody knows: then it is silent, and any other is not. Undefined, the
   * default: nobody knows, and the clock tells.
   */
  readonly ended?: (task: string) => boolean | undefined
  /** Milliseconds for which partitions of jobs that do not say `idleAfter` may be silent, where records are never long under way. */
  readonly idleAfter?: number
  /** Nobody moves positions from outside: what only comes again costs no look at the log. For runs where that is known. Default false. */
  readonly positionsStay?: boolean
  /** A name that nobody has had before, for an object that a commit will name. Default: a random UUID. */
  readonly newId?: () => string
}
