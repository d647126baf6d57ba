// What a commit says, each record declared once: its type and the check that is made both ways come from it. One record is one item of
// a task's log: fence, offsets, frontier, promised output and counters in one write. A record's checksum says that it is whole and
// where it belongs; what is left is a record of other code, and of that nothing is guessed (I7).

import type { ObjectRef, StagedObject } from '../stores/object-store.ts'
import {
  anyList,
  anything,
  bytes,
  either,
  exactly,
  flag,
  type Infer,
  list,
  maybe,
  number,
  optional,
  type Shape,
  shape,
  text,
  tuple,
  tupleAnd,
} from '../values/shape.ts'
import { count, time } from './numbers.ts'

/** Where a record stands in its feed, as its source says it. */
const mark = either(number, text)

export const isRef: Shape<ObjectRef> = shape({ bucket: text, key: text })
const staged: Shape<StagedObject> = shape({ ref: isRef, token: text, parts: list(text), bytes: count })

/** A tuple, and after it the version of the values in it where that is not 1. */
const ofVersion = <T extends readonly unknown[]>(
  ...of: { [I in keyof T]: Shape<T[I]> }
): Shape<readonly [...T, version?: number]> =>
  tupleAnd<T, number>((value): value is number => count(value) && value > 1, ...of)

/** Totals over a task's life, and what one commit adds to them. */
export type Counters = Infer<typeof counters>
const counters = shape({
  records: count,
  duplicates: count,
  skipped: count,
  quarantined: count,
  /** Offsets that were missing and passed over, by policy or because the source's holes are explained. */
  missing: count,
  /** Elements written to outputs. */
  written: count,
})

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

/** Something that a commit promises and that is done right after it. All are idempotent but `print`; of a `call` the job has to see to that. */
export type Effect = Infer<typeof effect>
const effect = either(
  /** A small object, carried in the record itself; `packed` when the body is compressed by zstd. */
  shape({ kind: exactly('put'), ref: isRef, contentType: text, body: bytes, packed: flag }),
  /** A large one, staged before the commit out of every reader's sight. */
  shape({ kind: exactly('complete'), staged }),
  /** A line on standard output (at least once). */
  shape({ kind: exactly('print'), text }),
  /**
   * Call the function of an output with these elements, packed as one list (at least once). `read`: the first and the last of the
   * records that they come from, where one commit has read them for this time.
   */
  shape({
    kind: exactly('call'),
    output: text,
    time,
    body: bytes,
    read: optional(tuple<[first: number | string, last: number | string]>(mark, mark)),
    /** The version that promised it first, where an operator's edit has taken it over: what is called is named by it. */
    of: optional(count),
  }),
  /** Bring the job back at this time, because something will have to be closed although nothing may arrive. */
  shape({ kind: exactly('wake'), at: time }),
)

export type Call = Extract<Effect, { readonly kind: 'call' }>

/**
 * What one commit has for those who run batch `time` when it is closed: of every print its first lines, by the output's id,
 * and what travels to the buckets of other stages, combined on this side, with the version of its values where it is not 1.
 */
export type BatchPartial = Infer<typeof partial>
const partial = shape({
  time,
  shuffle: list(ofVersion<[edge: string, bucket: number, items: readonly unknown[]]>(text, count, anyList())),
  samples: list(tuple<[output: string, lines: readonly string[]]>(text, list(text))),
})

/**
 * What one commit has read for one batch time: how many records, and where the first and the last of them stand, as their source says it.
 * Written where somebody asks: listeners, and operators on whole batches (`Program.notesInputs`).
 */
export type BatchInput = Infer<typeof input>
const input = tuple<[time: number, records: number, first: number | string, last: number | string]>(
  time,
  count,
  mark,
  mark,
)

/** One change of an operator's state. */
export interface StateChange {
  readonly cell: unknown
  readonly value: unknown
  readonly deleted: boolean
}

/** Changes of state by operator, of a commit or a whole snapshot. */
export const isState = list(ofVersion<[operator: string, changes: readonly StateChange[]]>(text, anyList()))

/** Names a snapshot: the whole state of a task as of a version. */
export type SnapshotPointer = Infer<typeof snapshot>
const snapshot = shape({ version: count, ref: isRef, bytes: count })

const kept = {
  /** What changed, by the operator's id; with the version of its values where it is not 1. */
  state: isState,
  snapshot: maybe(snapshot),
  /** Bytes of the entries since the snapshot, this one not counted: when it has outgrown the state, the next snapshot is due. */
  logBytes: count,
  /** Clock when the entries since the snapshot began: the next one is due before they expire. */
  logSince: time,
  /** The shortest `retention` with which one of them was written: code may have changed it since. */
  logFor: optional(count),
}

const common = {
  /** Clock at commit, milliseconds. */
  at: time,
  /** Version of the code that committed. */
  code: text,
  outbox: list(effect),
}

/** What an operator at a terminal has changed, with the entry that holds it: who, why, and what was there before, so that it can be undone. */
export type Edit = Infer<typeof edit>
const edit = either(
  /** Where a source task stands. */
  shape({
    what: exactly('position'),
    by: text,
    why: optional(text),
    /** Which edit of this log it takes back. */
    undoes: optional(count),
    before: anything,
  }),
  /** The state of one key. */
  shape({
    what: exactly('state'),
    by: text,
    why: optional(text),
    undoes: optional(count),
    operator: text,
    /** The cell, and what was in it; undefined: nothing. Of `version` as the values of a state are. */
    cell: anything,
    before: anything,
    version: optional(count),
  }),
)

const edited = {
  /** Absent: the runtime wrote it. */
  edit: optional(edit),
}

const planned = {
  /** The plan that made it, by the fingerprint of its shape; absent in what older code has written. */
  plan: optional(text),
}

/**
 * Operators by key in a source task: what they did in the batches that the partition has passed with this commit. Elements of
 * batches that it has not passed are among the commit's partials, on edges that lead nowhere else.
 */
export type InPlaceCommit = Infer<typeof inPlace>
const inPlace = shape({
  ...kept,
  /** State is what the snapshot holds, nothing if there is none, and what the entries after this version add. */
  since: count,
  /** The next batch that the task has to run: it has elements, or something is due without. */
  next: maybe(time),
})

/**
 * A commit of a source task.
 *
 * `birth`: the log exists, and nothing else yet. `batch`: a micro-batch. `idle`: the partition was silent and the
 * frontier was moved on by somebody who waited for it. `seal`: the task is quiet; an entry that does not expire.
 */
export type SourceCommit<P = unknown> = Infer<ReturnType<typeof sourceCommitAt<P>>>

/** @param position what its source keeps as one. */
export const sourceCommitAt = <P>(position: Shape<P>) =>
  shape({
    ...common,
    ...planned,
    ...edited,
    kind: exactly('birth', 'batch', 'idle', 'sleep', 'seal'),
    /** Clock at the last commit that held records: how long the task has been silent. */
    active: time,
    /** Where the task stands, as its source has it; undefined: it has committed no record yet. */
    position: maybe(position),
    /** This task will add nothing below this time any more. */
    frontier: time,
    /** One entry per batch time to which this commit adds something. */
    partials: list(partial),
    counts: counters,
    totals: counters,
    /** By batch time; absent where nobody asks. */
    inputs: optional(list(input)),
    /** Of tasks that have operators by key. */
    inPlace: optional(inPlace),
  })

/** Whatever its source may make of the position. */
export const isSourceCommit: Shape<SourceCommit> = sourceCommitAt(anything)

/** How far the closing task has read one source task. */
export type ReadMark = Infer<typeof readMark>
const readMark = shape({
  stage: text,
  task: text,
  /** All of the entries up to this version belong to closed batches only, so they need not be read again. */
  read: count,
  /** The task's frontier at that version. */
  frontier: time,
  /** What `InPlaceCommit.next` says at that version. */
  next: optional(time),
  /** The entry of that version has put the task to sleep, and nobody has roused it: it holds nobody back. */
  asleep: optional(exactly(true)),
})

/**
 * A commit of the closing task, which reads all source tasks of a job. `join`: a new source task is known from here on.
 * `close`: batches up to and including `closedUntil` are closed. `seal` as above.
 */
export type CloseCommit = Infer<typeof isCloseCommit>
export const isCloseCommit = shape({
  ...common,
  kind: exactly('join', 'close', 'seal'),
  closedUntil: time,
  /** The shortest `retention` of code that has committed since the last seal: so long entries are kept at least. */
  retention: optional(count),
  /**
   * Batches up to here were done, buckets included, when this was committed; `tasks` mark where to read on from there. An
   * entry has a successor only when all that it closes is done.
   */
  before: time,
  tasks: list(readMark),
  /** By shuffle stage that has been born, up to which version each bucket's log is known to go: it must not end before. */
  buckets: list(tuple<[stage: string, versions: readonly number[]]>(text, list(count))),
  /** The batch times that this commit closes. */
  closed: list(time),
  /** Outputs that do not have such a batch whole, because other code had a part in it: they get no `_SUCCESS`. */
  lacking: optional(list(tuple<[time: number, outputs: readonly string[]]>(time, list(text)))),
})

/**
 * A commit of a bucket of a shuffle stage: everything that closed batches up to `closedUntil` have done in it. `birth`: the
 * log exists, and nothing else yet. `seal` as above.
 */
export type BucketCommit = Infer<typeof isBucketCommit>
export const isBucketCommit = shape({
  ...common,
  ...planned,
  ...edited,
  kind: exactly('birth', 'bucket', 'seal'),
  closedUntil: time,
  /** The batch times that were run, ascending. */
  ran: list(time),
  /** The next batch after `closedUntil` in which something has to be done although nothing may come. */
  due: maybe(time),
  /** When the first batch that waits for what is done after its commit may be tried, by the clock; absent when none waits. */
  waitsFrom: optional(time),
  ...kept,
  partials: list(partial),
})
