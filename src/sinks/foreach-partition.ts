// `foreachPartition`: a function of the job is called with the elements of a part of a batch, once they are committed. They stand in
// the commit, so it sees only what is committed, and the same whoever calls it and how often (I6, I8).

import { packElements } from '../log/codec.ts'
import { givenOutputId } from '../names/outputs.ts'
import { identityOf } from '../options/identity.ts'
import { checkFunction, checkKnownOptions } from '../options/options.ts'
import type { OffsetRange } from '../sources/source.ts'
import type { Sink } from './sink.ts'

/** What the function of `foreachPartition` is told of the elements that it gets. */
export interface PartitionContext<C = undefined> {
  /** The batch time, milliseconds. */
  readonly time: number
  /** Where the elements come from: of a source the partition, `orders-0`; after a shuffle the stage and the bucket, `totals/3`. */
  readonly task: string
  /** Of the commit, counted from 1 in each task: what comes later in a task has a higher one. */
  readonly version: number
  /** The same for the same elements, however often they come: job, output, task, version and time in one text. */
  readonly id: string
  /**
   * Of elements of a source partition, the offsets that the commit has read for this batch time: one range, which begins where an earlier
   * one of the partition has ended or later. Empty where elements come from more than that: after a shuffle, a window or an operator
   * that keeps state. Spark: `offsetRanges(TaskContext.get.partitionId)`.
   */
  readonly offsetRanges: readonly OffsetRange[]
  /** What `connect` has made; undefined without it. */
  readonly connection: C
}

/** Options of {@link DStream.foreachPartition}. */
export interface ForeachPartitionOptions<C = undefined> {
  /**
   * Tells this output from others of its kind in the job, and must not change as long as calls may be left. Required for all but one of
   * them: 1 to 100 letters, digits, `.`, `_` and `-`.
   */
  readonly id?: string
  /**
   * Makes what the function writes to, such as a pool of connections: once per warm instance, when it is needed first, for all
   * tasks together. Default: nothing is made.
   */
  readonly connect?: () => C | Promise<C>
  /** Ends it: after a call has failed on it and no other is under way, and when the instance ends. Default: it is let go. */
  readonly close?: (connection: C) => unknown
  /** Whether a connection is used again on which a call has failed. Default false: it is thrown away, and the next call connects anew. */
  readonly keepAfterFailure?: boolean
}

const WORD = 'foreachPartition'

/** @throws InvalidOptionError */
export function calls<T, C>(
  f: (elements: readonly T[], context: PartitionContext<C>) => unknown,
  options: ForeachPartitionOptions<C>,
): Sink {
  checkKnownOptions(WORD, options, ['id', 'connect', 'close', 'keepAfterFailure'])
  const { connect, close, keepAfterFailure = false } = options
  const { id } = identityOf(WORD, options)
  checkFunction(WORD, f)
  if (connect !== undefined) checkFunction(`${WORD}, connect`, connect)
  if (close !== undefined) checkFunction(`${WORD}, close`, close)
  return {
    name: givenOutputId(WORD, id),
    places: [],
    receiver: { receive: f, ...(connect && { connect }), ...(close && { close }), keepAfterFailure },
    promise: (elements, { time, output, read }) => ({
      writes: [{ kind: 'call', output, time, body: packElements(elements), ...(read && { read }) }],
    }),
    complete: () => [],
  }
}
