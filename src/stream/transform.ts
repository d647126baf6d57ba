// `transform` of any number of streams. Spark: `StreamingContext.transform`; there is no context here that outlives a definition, so it is
// a function.

import type { Batch } from '../batch/batch.ts'
import { InvalidOptionError } from '../errors/errors.ts'
import { type Transformed, transformAll } from '../operators/transform.ts'
import type { IdentityOptions } from '../options/identity.ts'
import type { Inferred } from '../options/inferred.ts'
import { checkTogether, type DStream } from './dstream.ts'

/** The batches that streams with these elements have at one time. */
export type BatchesOf<E extends readonly unknown[]> = { readonly [I in keyof E]: Batch<E[I]> }

/** Streams with these elements. */
export type StreamsOf<E extends readonly unknown[]> = { readonly [I in keyof E]: DStream<E[I]> }

/**
 * What `f` makes of the batches that several streams of one job and slide have at one time, as {@link DStream.transform}. Spark:
 * `StreamingContext.transform`.
 *
 * @throws InvalidOptionError for no stream, and for streams of different jobs or slides.
 * @example
 * transform([words, numbers, orders], ([some, counts, sold], time) => [
 *   { time, words: some.count(), sum: counts.sum(), orders: sold.count() },
 * ])
 */
export function transform<E extends readonly unknown[], U extends Inferred>(
  streams: readonly [...StreamsOf<E>],
  f: (batches: BatchesOf<E>, time: number) => Transformed<U>,
  options: IdentityOptions = {},
): DStream<U> {
  const [first, ...others]: readonly DStream<unknown>[] = streams
  if (!first) throw new InvalidOptionError('transform: give at least one stream.')
  checkTogether('transform', first, ...others)
  return first.derive(transformAll(f, options), ...others)
}
