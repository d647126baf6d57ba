// What a commit says. One record is one item of a task's log: fence, offsets, frontier, promised output and counters in one write.

import type { ObjectRef, StagedObject } from '../stores/object-store.ts'
import { isBucketShape, isCloseShape, isSourceShape } from './record-shape.ts'

/** Totals over a task's life, and what one commit adds to them. */
export interface Counters {
  readonly records: number
  readonly duplicates: number
  readonly skipped: number
  readonly quarantined: number
  /** Offsets that were missing and passed over, by policy or because the source's holes are explained. */
  readonly missing: number
  /** Elements written to outputs. */
  readonly written: number
}

export const NO_COUNTS: Counters = { records: 0, duplicates: 0, skipped: 0, quarantined: 0, missing: 0, written: 0 }

export function addCounters(a: Counters, b: Counters): Counters {
  return {
    records: sum(a.records, b.records),
    duplicates: sum(a.duplicates, b.duplicates),
    skipped: sum(a.skipped, b.skipped),
    quarantined: sum(a.quarantined, b.quarantined),
    missing: sum(a.missing, b.missing),
    written: sum(a.written, b.written),
  }
}

/** A hole may be as wide as offsets go: a count that has reached the end stays there. */
function sum(a: number, b: number): number {
  return Math.min(a + b, Number.MAX_SAFE_INTEGER)
}

/** Something that a commit promises and that is done right after it. All are idempotent but `print`. */
export type Effect =
  /** A small object, carried in the record itself; `packed` when the body is compressed by zstd. */
  | {
      readonly kind: 'put'
      readonly ref: ObjectRef
      readonly contentType: string
      readonly body: Uint8Array
      readonly packed: boolean
    }
  /** A large one, staged before the commit out of every reader's sight. */
  | { readonly kind: 'complete'; readonly staged: StagedObject }
  /** A line on standard output (at least once). */
  | { readonly kind: 'print'; readonly text: string }
  /** Bring the job back at this time, because something will have to be closed although nothing may arrive. */
  | { readonly kind: 'wake'; readonly at: number }

/**
 * What one commit has for those who run batch `time` when it is closed: of every print its first lines, by the output's id,
 * and what travels to the buckets of other stages, combined on this side, with the version of its values where it is not 1.
 */
export interface BatchPartial {
  readonly time: number
  readonly shuffle: readonly (readonly [edge: string, bucket: number, items: readonly unknown[], version?: number])[]
  readonly samples: readonly (readonly [output: string, lines: readonly string[]])[]
}

/**
 * A commit of a source task.
 *
 * `birth`: the log exists, and nothing else yet. `batch`: a micro-batch. `idle`: the partition was silent and the
 * frontier was moved on by somebody who waited for it. `seal`: the task is quiet; an entry that does not expire.
 */
export interface SourceCommit<P = unknown> {
  readonly kind: 'birth' | 'batch' | 'idle' | 'sleep' | 'seal'
  /** Clock at commit, milliseconds. */
  readonly at: number
  /** Clock at the last commit that held records: how long the task has been silent. */
  readonly active: number
  /** Version of the code that committed. */
  readonly code: string
  /** The plan that made it, by the fingerprint of its shape; absent in what older code has written. */
  readonly plan?: string
  /** Where the task stands, as its source has it; undefined: it has committed no record yet. */
  readonly position: P | undefined
  /** This task will add nothing below this time any more. */
  readonly frontier: number
  /** One entry per batch time to which this commit adds something. */
  readonly partials: readonly BatchPartial[]
  readonly outbox: readonly Effect[]
  readonly counts: Counters
  readonly totals: Counters
  /** Of tasks that have operators by key. */
  readonly inPlace?: InPlaceCommit
}

/** How far the closing task has read one source task. */
export interface ReadMark {
  readonly stage: string
  readonly task: string
  /** All of the entries up to this version belong to closed batches only, so they need not be read again. */
  readonly read: number
  /** The task's frontier at that version. */
  readonly frontier: number
  /** What `InPlaceCommit.next` says at that version. */
  readonly next?: number
  /** The entry of that version has put the task to sleep, and nobody has roused it: it holds nobody back. */
  readonly asleep?: true
}

/**
 * A commit of the closing task, which reads all source tasks of a job. `join`: a new source task is known from here on.
 * `close`: batches up to and including `closedUntil` are closed. `seal` as above.
 */
export interface CloseCommit {
  readonly kind: 'join' | 'close' | 'seal'
  readonly at: number
  readonly code: string
  readonly closedUntil: number
  /** The shortest `retention` of code that has committed since the last seal: so long entries are kept at least. */
  readonly retention?: number
  /**
   * Batches up to here were done, buckets included, when this was committed; `tasks` mark where to read on from there. An
   * entry has a successor only when all that it closes is done.
   */
  readonly before: number
  readonly tasks: readonly ReadMark[]
  /** By shuffle stage that has been born, up to which version each bucket's log is known to go: it must not end before. */
  readonly buckets: readonly (readonly [stage: string, versions: readonly number[]])[]
  /** The batch times that this commit closes. */
  readonly closed: readonly number[]
  /** Outputs that do not have such a batch whole, because other code had a part in it: they get no `_SUCCESS`. */
  readonly lacking?: readonly (readonly [time: number, outputs: readonly string[]])[]
  readonly outbox: readonly Effect[]
}

export function isSourceCommit(value: unknown): value is SourceCommit {
  return isSourceShape(value)
}

export function isCloseCommit(value: unknown): value is CloseCommit {
  return isCloseShape(value)
}

/** One change of an operator's state. */
export interface StateChange {
  readonly cell: unknown
  readonly value: unknown
  readonly deleted: boolean
}

/** Names a snapshot: the whole state of a task as of a version. */
export interface SnapshotPointer {
  readonly version: number
  readonly ref: ObjectRef
  readonly bytes: number
}

/**
 * Operators by key in a source task: what they did in the batches that the partition has passed with this commit. Elements of
 * batches that it has not passed are among the commit's partials, on edges that lead nowhere else.
 */
export interface InPlaceCommit {
  /** What changed, by the operator's id; with the version of its values where it is not 1. */
  readonly state: readonly (readonly [operator: string, changes: readonly StateChange[], version?: number])[]
  /** State is what the snapshot holds, nothing if there is none, and what the entries after this version add. */
  readonly since: number
  readonly snapshot: SnapshotPointer | undefined
  /** As in `BucketCommit`. */
  readonly logBytes: number
  readonly logSince: number
  readonly logFor?: number
  /** The next batch that the task has to run: it has elements, or something is due without. */
  readonly next: number | undefined
}

/**
 * A commit of a bucket of a shuffle stage: everything that closed batches up to `closedUntil` have done in it. `birth`: the
 * log exists, and nothing else yet. `seal` as above.
 */
export interface BucketCommit {
  readonly kind: 'birth' | 'bucket' | 'seal'
  readonly at: number
  readonly code: string
  /** As in `SourceCommit`. */
  readonly plan?: string
  readonly closedUntil: number
  /** The batch times that were run, ascending. */
  readonly ran: readonly number[]
  /** The next batch after `closedUntil` in which something has to be done although nothing may come. */
  readonly due: number | undefined
  /** What changed, by the operator's id; with the version of its values where it is not 1. */
  readonly state: readonly (readonly [operator: string, changes: readonly StateChange[], version?: number])[]
  readonly snapshot: SnapshotPointer | undefined
  /** Bytes of the entries since the snapshot, this one not counted: when it has outgrown the state, the next snapshot is due. */
  readonly logBytes: number
  /** Clock when the entries since the snapshot began: the next one is due before they expire. */
  readonly logSince: number
  /** The shortest `retention` with which one of them was written: code may have changed it since. */
  readonly logFor?: number
  readonly partials: readonly BatchPartial[]
  readonly outbox: readonly Effect[]
}

export function isBucketCommit(value: unknown): value is BucketCommit {
  return isBucketShape(value)
}
