// Standard output: the first elements of every batch, once per closed batch. At least once: nobody can ask a terminal what it shows.

import { InvalidOptionError } from '../errors/errors.ts'
import { formatElement } from '../formats/encode.ts'
import type { Sink } from './sink.ts'

const RULE = '-------------------------------------------'

/** @throws InvalidOptionError when `count` is no number of elements. */
export function printed(count: number): Sink {
  return print(checkCount('print', count), '')
}

/** @throws InvalidOptionError */
export function checkCount(method: string, count: number): number {
  if (Number.isInteger(count) && count >= 0) return count
  throw new InvalidOptionError(`${method}: the number of elements must be a whole number, got ${count}.`)
}

/** Spark's layout: `DStream.print` in org.apache.spark.streaming.dstream.DStream. */
function print(count: number, which: string): Sink {
  return {
    name: { numbered: 'print' },
    places: [],
    takes: count + 1, // one more than is shown tells whether "..." follows
    promise: (elements) => ({ lines: elements.map((element) => withoutReturns(formatElement(element))) }),
    complete: (time, lines) => {
      const all = lines()
      const shown = [...all.slice(0, count), ...(all.length > count ? ['...'] : [])]
      return [{ kind: 'print', text: `${[...headed(`Time: ${time} ms`, which), ...shown].join('\n')}\n` }]
    },
    among: (label) => print(count, label),
  }
}

/** The three lines that Spark begins with. Where a job prints several streams, the middle one goes on with which of them it is. */
export function headed(title: string, which: string): string[] {
  return [RULE, which === '' ? title : `${title} (${which})`, RULE]
}

/** A terminal would write over what it has shown, and a log viewer ends the line there. */
function withoutReturns(text: string): string {
  return text.includes('\r') ? text.replaceAll('\r', '\\r') : text
}
