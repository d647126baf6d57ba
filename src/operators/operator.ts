// The contract of an operator. Nothing outside an operator's own file lists operators: what plans, schemas and whoever runs
// them have to know, the operator says. A node of the graph holds one (DESIGN §7).

import type { OffsetRange } from '../batch/batch.ts'
import type { Identity } from '../options/identity.ts'
import type { ValueVersion } from '../options/state-version.ts'
import type { Cells } from './cells.ts'
import type { Trace } from './trace.ts'

/** The elements of one stream in one place at one batch time. */
export type Elements = readonly unknown[]

interface Common {
  /** Names it in ids, in the schema of what is kept, and in plans. */
  readonly kind: string
  /**
   * Of a stream of pairs. `kept`: pairs that go in with a key come out with it. `made`: one place has all pairs of a key that
   * come out. `lost`: neither.
   */
  readonly keys: 'kept' | 'made' | 'lost'
}

/** Runs on each micro-batch by itself, where the data is. */
export interface RecordOperator extends Common {
  readonly runs: 'on records'
  /** What it makes of elements, those of several inputs one after the other. @param trace is told where elements come from */
  apply(elements: Elements, trace?: Trace): unknown[] | Promise<unknown[]>
  /** It is one call for all elements: when it fails, none of them alone is to blame. */
  readonly atOnce?: true
  /** Several streams come together in it, which may take a shuffle: then it has an id. */
  readonly gathers?: true
  /** It does nothing but say that Kafka has partitioned by key, and what new partitions mean for that. */
  readonly partitioned?: NewPartitions
}

/** What to do when the topic has got partitions since state began: stop, because keys may have moved, or let them join. */
export type NewPartitions = 'fail' | 'join'

/** Runs once for each closed batch, in the buckets of a shuffle or, where Kafka has partitioned by key, in a partition's task. */
export interface BatchOperator extends Common {
  readonly runs: 'on batches'
  /** What users call it, for messages. */
  readonly said: string
  /** How its input is to be spread over buckets; `as it is`: anyhow, and it stays where its input is. */
  readonly spread: 'by key' | 'all to one' | 'evenly' | 'as it is'
  /** The number of its inputs that are spread so; those that follow are few, and come whole to every bucket. Undefined: all are. */
  readonly everywhere?: number
  /** Puts together what one micro-batch has before it travels, so that little does. */
  combine?(elements: Elements): Elements
  /** What becomes of values on their way and in windows; undefined: values of the same type. */
  readonly makes?: Made
  /** Of the values that it keeps, or that are on their way to it; undefined: 1. */
  readonly values?: ValueVersion | undefined
  /** What is on its way to it is of the type that it keeps, so that it is of `values`, too. */
  readonly takesWhatItKeeps?: true
  /** Undefined: it knows nothing but the batch in front of it. */
  readonly state?: StateTraits
  /** In every batch it goes through all keys that its place has. */
  readonly walks?: true
  /** It shows what the operator that it reads keeps, and runs wherever that does. */
  readonly showsState?: true
  /** It is told where the records of its batch stand in their feeds: their tasks note it in their commits. Only where all come to one. */
  readonly positions?: true
  /**
   * What is done with a batch that waits, once the commit that holds it is there: at least once, one after the other. Such an operator has a
   * stage of its own, where nothing else waits for it or is read with it.
   */
  afterCommit?(elements: Elements, batch: AfterCommitInfo): unknown
  create(context: OperatorContext): RunningOperator
}

export type Operator = RecordOperator | BatchOperator

/** Operators of one kind that make different things of what they get cannot go on with each other's. */
export type Made = 'lists' | 'combiners' | 'counts'

/** What must be known of an operator that keeps state from batch to batch. */
export interface StateTraits {
  /** Must not change as long as there is state. */
  readonly fixed?: { readonly window: number; readonly slide: number; readonly keeps: Made | 'values' }
  /** Keys are born with state, wherever they belong: not all of them need ever come. */
  readonly initial?: boolean
  /** Something may be due in one bucket and not in others. */
  readonly alone?: boolean
  /** It emits all that it keeps: in all buckets, or in none. */
  readonly whole?: boolean
}

/** What an operator gets where it runs. */
export interface OperatorContext {
  /** What it keeps: nothing else may be held from batch to batch. */
  readonly cells: Cells
  /** Whether a key belongs here: of initial state every bucket takes its own. */
  owns(key: unknown): boolean
  /** Names what it makes of a batch, the same in every try. */
  batchId(time: number): string
  /** Takes what a function of the job throws on. */
  readonly aside: Aside
  /** Takes note of rows that have come too late for their windows, and are left out. */
  tooLate(rows: number): void
  /** Its input has been combined where it came from. */
  readonly combined: boolean
  /** How often its stream has a batch, milliseconds. */
  readonly slide: number
  /** Names what gets its elements: edges to other stages, and operators in the same place. */
  readonly readers: readonly string[]
  /** Those it reads, where they run in the same place. */
  readonly inputs: readonly (RunningOperator | undefined)[]
}

/** An operator at work in one place. */
export interface RunningOperator {
  /**
   * Runs a batch. Times ascend but need not be dense: batches without data at which nothing is due may be left out, and an
   * operator treats what it was not called for as empty. It is called only when its inputs have a batch.
   *
   * @param inputs the elements of each input; undefined where nothing came.
   * @returns the elements of its stream, or undefined when that has no batch at this time; a promise of them where a function of the
   * job may wait for something.
   */
  run(batch: BatchInfo, inputs: readonly (Elements | undefined)[]): Elements | undefined | Promise<Elements>

  /**
   * The earliest time after `time` at which it would emit something, or change state, even if nothing arrives: a window that still
   * holds elements, a timeout. Undefined, or not there: nothing would ever happen without data.
   */
  due?(time: number): number | undefined

  /** The whole state as pairs, of operators that can show it. */
  snapshot?(): Elements

  /** Of operators that have something to do after the commit. */
  readonly waiting?: Waiting
}

/** How often something has been begun, and from when on (by the clock) it may be again. */
export interface Tried {
  readonly attempts: number
  readonly from: number
  /** Names the last attempt: two that begin at the same moment would write the same entry, and each take it for its own. */
  readonly by: string
}

/** Batches that wait for what is done after the commit, in order of T. */
export interface Waiting {
  first(): (Tried & { readonly time: number }) | undefined
  /** Of the first: the caller's own, as decoding the commit gives them. */
  elements(): Elements
  /** Of the first: where its records stand in their feeds. */
  offsetRanges(): readonly OffsetRange[]
  tried(time: number, tried: Tried): void
  /** It waits no more. */
  done(time: number): void
}

export interface BatchInfo {
  /** The batch time, milliseconds. */
  readonly time: number
  /** Of each input, where the records of its batch stand in their feeds; empty unless the operator asks for it (`positions`). */
  readonly offsetRanges: readonly (readonly OffsetRange[])[]
}

/** What is known of a batch when something is done with it after its commit. */
export interface AfterCommitInfo {
  readonly time: number
  readonly id: string
  readonly offsetRanges: readonly OffsetRange[]
}

/** What a function of the job has thrown on. */
export interface Failure {
  /** Undefined where there is no key. */
  readonly key?: unknown
  readonly values: readonly unknown[]
  readonly error: unknown
}

/** Takes a failure, or throws its error. */
export type Aside = (failure: Failure) => void

export const stop: Aside = ({ error }) => {
  throw error
}

/** An operator as a stream is given it: with who it is, and over how many buckets. */
export interface Asked extends Partial<Identity> {
  readonly operator: Operator
  /** Buckets; undefined: the job's default. */
  readonly numPartitions?: number | undefined
  /** How often its stream has a batch, milliseconds; undefined: as often as its input's. */
  readonly slide?: number
}

export function onRecords(operator: Operator): operator is RecordOperator {
  return operator.runs === 'on records'
}
