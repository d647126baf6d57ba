// What one entry of a task's log says of its state, and which entry had the word at a moment. Entries are found by halves: a week of
// five-second batches is 17 reads, not 120,000.

import {
  type BucketCommit,
  isBucketCommit,
  isSourceCommit,
  type SnapshotPointer,
  type SourceCommit,
} from '../../log/commit-record.ts'
import type { Logs } from '../../log/kept-state.ts'
import { TaskLog } from '../../log/task-log.ts'
import type { TaskRef } from '../../names/tasks.ts'
import { closedBy } from '../time.ts'

/** A moment: after batch T, or by the clock of who committed. Milliseconds. */
export type Moment = { readonly batch: number } | { readonly clock: number }

/** An entry, as far as it says what its task keeps. */
export interface Point {
  readonly version: number
  /**
   * All batches up to here have gone into it. Of a bucket the last that was run; of a source task the last that its partition had passed,
   * since its log does not say which of them had something to do.
   */
  readonly until: number
  /** The clock when it was committed. */
  readonly at: number
  /** State is what the snapshot holds, and what the entries after version `base` up to this one changed. */
  readonly base: number
  readonly snapshot: SnapshotPointer | undefined
  readonly changes: BucketCommit['state']
}

type Commit = BucketCommit | SourceCommit

const isCommit = (value: unknown): value is Commit => isBucketCommit(value) || isSourceCommit(value)

/** The points of one task, a bucket or a source task with operators in place. */
export class Points {
  readonly #log: TaskLog<Commit>
  readonly #batch: number

  /** @param batch the job's interval */
  constructor(task: TaskRef, { table, objects, bucket }: Logs, batch: number) {
    this.#log = new TaskLog(task, table, objects, bucket, isCommit)
    this.#batch = batch
  }

  async head(): Promise<Point | undefined> {
    const entry = await this.#log.head()
    return entry && this.#pointOf(entry.version, entry.record)
  }

  /** Undefined when there is none any more. */
  async at(version: number): Promise<Point | undefined> {
    const entry = await this.#log.at(version)
    return entry && this.#pointOf(version, entry.record)
  }

  /** What changed after version `after` up to `until`, some entries at a time. @throws LogGapError when some have expired */
  async *changes(after: number, until: number): AsyncGenerator<BucketCommit['state'], undefined> {
    for (let at = after; at < until; ) {
      const entries = await this.#log.read(at, true, Math.min(AT_ONCE, until - at))
      if (entries.length === 0) return
      for (const { version, record } of entries) yield this.#pointOf(version, record).changes
      at += entries.length
    }
  }

  /** The last version at which a point is no later than a moment, or is not there any more; 0: all are later. */
  async lastBy(moment: Moment, head: Point): Promise<number> {
    const isBy = (point: Point): boolean => ('batch' in moment ? point.until <= moment.batch : point.at <= moment.clock)
    if (isBy(head)) return head.version
    return (
      (await firstOf(1, head.version, async (version) => {
        const point = await this.at(version)
        return point !== undefined && !isBy(point)
      })) - 1
    )
  }

  /**
   * The first point whose state can still be put together.
   *
   * @param isThere whether a snapshot is
   */
  async earliest(head: Point, isThere: (snapshot: SnapshotPointer) => Promise<boolean>): Promise<Point> {
    // The first entry of a log never expires; those after it say since when there is all of it.
    const second = head.version > 1 ? await this.at(2) : head
    const first = second ? 1 : await firstOf(2, head.version, async (version) => (await this.at(version)) !== undefined)
    let base = first - 1
    for (;;) {
      const version = await firstOf(first, head.version, async (one) => ((await this.at(one))?.base ?? -1) >= base)
      const point = version === head.version ? head : await this.at(version)
      if (!point || point.version === head.version) return head
      if (!point.snapshot || (await isThere(point.snapshot))) return point
      base = point.base + 1
    }
  }

  #pointOf(version: number, record: Commit): Point {
    const { at } = record
    if (!('frontier' in record)) {
      const { closedUntil, ran, snapshot, state } = record
      // Batches after the last that was run have changed nothing.
      return { version, until: ran.at(-1) ?? closedUntil, at, base: snapshot?.version ?? 0, snapshot, changes: state }
    }
    const { frontier, inPlace } = record
    const until = closedBy(frontier, this.#batch)
    if (!inPlace) return { version, until, at, base: version, snapshot: undefined, changes: [] }
    return { version, until, at, base: inPlace.since, snapshot: inPlace.snapshot, changes: inPlace.state }
  }
}

const AT_ONCE = 100

/** The least whole number from `low` to `high` of which something holds, as it does of all above; `high` when of none below. */
export async function firstOf(low: number, high: number, holds: (n: number) => Promise<boolean>): Promise<number> {
  let [from, to] = [low, high]
  while (from < to) {
    const middle = Math.floor((from + to) / 2)
    if (await holds(middle)) to = middle
    else from = middle + 1
  }
  return from
}
