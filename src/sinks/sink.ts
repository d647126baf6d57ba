// What an output is, all of it: what it is called, where it writes, what becomes of elements with the commit that holds them (I3),
// and what is done when a batch is complete. A sink says what is to be done and does nothing itself: who stages, commits and
// publishes is the runtime, the same for every sink. Sinks: the other files of this folder.

import type { Effect } from '../log/commit-record.ts'
import type { ObjectRef } from '../names/objects.ts'
import type { FilesPlace, OutputWord } from '../names/outputs.ts'
import type { Mark, OffsetRange } from '../sources/source.ts'

/** Objects below `<prefix>-<T>[.<suffix>]/`, of which no other output of the job may have any. */
export interface Place extends FilesPlace {
  readonly kind: 'objects'
}

/** An object that a commit is to promise: it is staged, or rides in the commit. A text is written as UTF-8. */
export interface OutputObject {
  readonly ref: ObjectRef
  readonly contentType: string
  readonly body: string | Uint8Array
  /** What says that its batch is complete, if anything does: when that is there, nothing more may show beside it (I3). */
  readonly completedBy?: ObjectRef
}

/** Something to be done with a commit: an object, or another effect as it stands in the commit. */
export type Write = OutputObject | Effect

/** The elements of one batch time that one commit makes visible. */
export interface PartOfBatch {
  /** The id of the output. */
  readonly output: string
  readonly time: number
  /** Name of the part, alike in every try: `part-<task>-<first offset>`, of a bucket `part-<bucket>`. */
  readonly part: string
  /** The first and the last of the records that they come from, where one commit has read them for this time and marks are offsets. */
  readonly read?: readonly [first: Mark, last: Mark]
}

/** What a part of a batch becomes with the commit that holds it. */
export interface Promised {
  /** Published right after the commit. */
  readonly writes?: readonly Write[]
  /** Kept in the commit until the batch is complete: as little as `complete` can do with, since they are read again then. */
  readonly lines?: readonly string[]
}

/** A function of the job that is called with what commits have promised it, and what it needs for that. */
export interface Receiver {
  /** Takes elements; at least once, and the same with the same id. What it throws leaves the call to be made again. */
  receive(elements: readonly unknown[], context: ReceiverContext): unknown
  /** Once per warm instance and as needed. Default: nothing is connected. */
  connect?(): unknown
  close?(connection: unknown): unknown
  /** Whether a connection is used again on which a call has failed. */
  readonly keepAfterFailure: boolean
}

export interface ReceiverContext {
  readonly time: number
  readonly task: string
  readonly version: number
  readonly id: string
  readonly offsetRanges: readonly OffsetRange[]
  readonly connection: unknown
}

export interface Sink {
  /** Under what a job knows the output, whatever else changes in it; a word is followed by the number among those of this word. */
  readonly name: string | { readonly numbered: OutputWord }
  /** Where it writes: they are tried before anything is promised, a deployment may write there, and no two outputs may share one. */
  readonly places: readonly Place[]
  /** How many elements of a part it looks at. Default: all. */
  readonly takes?: number

  /**
   * What elements become, one or more of them. The same for the same elements: tries are repeated (I1).
   *
   * @throws anything when an element has no form here: its record is a bad one.
   */
  promise(elements: readonly unknown[], part: PartOfBatch): Promised

  /**
   * What is done when every part of a batch is published. It may be done again by anybody, so all of it must be safe to repeat.
   *
   * @param lines what the batch's parts have kept, in the order in which partials are folded
   */
  complete(time: number, lines: () => readonly string[]): readonly Effect[]

  /** The longest keys of objects that it can make of a time and of the name of a part. Default: none. */
  longestKeys?(time: string, part: string): readonly string[]

  /** What an object of it says, one text per element, for tests that compare what was published in whatever parts. Default: its lines. */
  read?(body: Uint8Array): readonly string[]

  /**
   * The same output in a job with several of its name: what people read of it may say which it is. Default: it does not show.
   *
   * @param label the job, the output and its stream
   */
  among?(label: string): Sink

  /** Takes the effects of kind `call` that it promises. */
  readonly receiver?: Receiver

  /** What `plan` says of it after its name. */
  readonly note?: string
}
