// Elements with the time at which they happened: `[at, element]`, on their way from `withWatermark` to the operators that ask for it.

import { describeValue } from '../../errors/describe-value.ts'
import { EventTimeError } from '../../errors/operator-errors.ts'
import { checkFunction } from '../../options/options.ts'
import { synchronous } from '../../options/synchronous.ts'
import type { Elements, RecordOperator } from '../operator.ts'

/** An element and its event time, milliseconds; null: it has none. */
export type Stamped<T = unknown> = readonly [at: number | null, element: T]

/** What says when an element happened: milliseconds, a Date, or null. */
export type EventTime<T> = (element: T) => number | Date | null | undefined

interface Stamping {
  at(element: unknown): unknown
}

/** Puts its time to every element. @throws EventTimeError for what is no time, which makes its record a poison one */
export function stamp<T>(operator: string, at: EventTime<T>): RecordOperator {
  return stamping(operator, { at: checkFunction(`${operator}, event time`, at) })
}

function stamping(operator: string, { at }: Stamping): RecordOperator {
  return {
    runs: 'on records',
    kind: operator,
    keys: 'lost',
    apply: (elements) =>
      elements.map((element): Stamped => [timeOf(operator, synchronous(operator, at(element))), element]),
  }
}

function timeOf(operator: string, said: unknown): number | null {
  if (said === null || said === undefined) return null
  const at = said instanceof Date ? said.getTime() : said
  if (typeof at === 'number' && Number.isSafeInteger(at) && Math.abs(at) <= 8.64e15) return at
  throw new EventTimeError(operator, describeValue(said))
}

/** The element of what `stamp` has made. */
export function stampedOf(element: unknown): Stamped {
  if (Array.isArray(element) && element.length === 2) {
    const [at, row]: readonly unknown[] = element
    if (at === null || typeof at === 'number') return [at, row]
  }
  throw new Error('an element without its event time: these come from withWatermark only')
}

/** The elements without their times. */
export const unstamp: RecordOperator = {
  runs: 'on records',
  kind: 'elements',
  keys: 'lost',
  apply: (elements) => elements.map((element) => stampedOf(element)[1]),
}

/** The least, the greatest and the sum of the event times of a micro-batch, and how many there are. */
export type Seen = readonly [least: number, greatest: number, sum: number, count: number]

/** What a micro-batch says of its event times: one element, or none where no element has a time. */
export const seen: RecordOperator = {
  runs: 'on records',
  kind: 'eventTimes',
  keys: 'lost',
  atOnce: true,
  apply(elements, trace) {
    const found = seenOf(elements)
    trace?.ofAll(found ? 1 : 0)
    return found ? [found] : []
  },
}

function seenOf(elements: Elements): Seen | undefined {
  let [least, greatest, sum, count] = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY, 0, 0]
  for (const element of elements) {
    const [at] = stampedOf(element)
    if (at === null) continue
    least = Math.min(least, at)
    greatest = Math.max(greatest, at)
    sum += at
    count++
  }
  return count > 0 ? [least, greatest, sum, count] : undefined
}
