// Counts words: those of every batch of 5 seconds, and those of the last minute.

import { type DStream, job, text } from 'millrace'
import { lambda } from 'millrace/lambda'

export function countWords(lines: DStream<string>): DStream<[word: string, count: number]> {
  return lines
    .flatMap((line) => line.toLowerCase().split(/\s+/))
    .filter((word) => word !== '')
    .map((word) => [word, 1])
    .reduceByKey((a, b) => a + b)
}

export const words = job('words', { batch: '5s' }, ({ kafka }) => {
  const lines = kafka('lines', { value: text() }).map(({ value }) => value)
  countWords(lines).print()
  countWords(lines.window('1m', '10s')).saveAsTextFiles(`s3://${process.env.RESULTS_BUCKET ?? 'results'}/words`)
})

export const handler = lambda(words)
