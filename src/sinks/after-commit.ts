// Where a stream ends whose operator does something with batches after their commit: nothing is written by the commit itself.

import type { Sink } from './sink.ts'

export const AFTER_COMMIT: Sink = {
  name: { numbered: 'foreachRDD' },
  places: [],
  takes: 0,
  promise: () => ({}),
  complete: () => [],
  note: 'after the commit of T, at least once, in order of T',
}
