import { job, seconds, text } from 'millrace'
import { lambda } from 'millrace/lambda'

export const words = job('words', { batch: seconds(1), idleAfter: '1s' }, ({ kafka }) => {
  const counts = kafka('lines', { value: text() })
    .flatMap(({ value }) => value.split(' '))
    .map((word) => [word, 1] as const)
    .reduceByKeyAndWindow((a, b) => a + b, seconds(10), seconds(1))
  counts.print()
  counts.saveAsTextFiles('s3://results/words')
})
export const handler = lambda(words)
