// Standard output: the first elements of every batch, once per closed batch. At least once: nobody can ask a terminal what it shows.

import { InvalidOptionError } from '../errors/errors.ts'
import { formatElement } from '../formats/encode.ts'
import type { Sink } from './sink.ts'

/** @throws InvalidOptionError when `count` is no number of elements. */
export function printed(count: number): Sink {
  if (!Number.isInteger(count) || count < 0) {
    throw new InvalidOptionError(`print: the number of elements must be a whole number, got ${count}.`)
  }
  return {
    name: { numbered: 'print' },
    places: [],
    takes: count + 1, // one more than is shown tells whether "..." follows
    promise: (elements) => ({ lines: elements.map(formatElement) }),
    complete: (time, lines) => [{ kind: 'print', text: layOut(time, lines(), count) }],
  }
}

/** Spark's layout: `DStream.print` in org.apache.spark.streaming.dstream.DStream. */
function layOut(time: number, lines: readonly string[], count: number): string {
  const rule = '-------------------------------------------'
  const shown = [...lines.slice(0, count), ...(lines.length > count ? ['...'] : [])]
  return `${[rule, `Time: ${time} ms`, rule, ...shown].join('\n')}\n`
}
