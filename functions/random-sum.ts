// The sum of random numbers, every 2 seconds: the program with which many have met Spark Streaming. Whole numbers, since sums of
// fractions depend on the order in which they are added, and that is nobody's to promise.

import { type DStream, duration, job, seconds, text } from 'millrace'
import { lambda } from 'millrace/lambda'

const { RESULTS = 'results', NUMBERS = 'numbers', IDLE_AFTER = '10s' } = process.env

/** @throws Error for anything else, which makes the record a poison one; `Number('')` would be 0, and `Number('x')` no sum at all. */
export function wholeNumber(line: string): number {
  if (!/^-?\d{1,15}$/.test(line))
    throw new Error(`expected a whole number of at most 15 digits, got ${JSON.stringify(line)}`)
  return Number(line)
}

export function sums(lines: DStream<string>): DStream<number> {
  return lines.map(wholeNumber).reduce((a, b) => a + b)
}

export const randomSum = job('random-sum', { batch: seconds(2), idleAfter: duration(IDLE_AFTER) }, ({ kafka }) => {
  const sum = sums(kafka(NUMBERS, { value: text() }).map(({ value }) => value))

  sum.print()
  sum.saveAsTextFiles(`s3://${RESULTS}/random-sum`)
})

export const handler = lambda(randomSum)
