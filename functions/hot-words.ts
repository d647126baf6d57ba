// Hot words: how often each word occurred in the last 20 seconds, every 10 seconds. Spark Streaming's own first example of a
// window, in both forms: with an inverse it costs what enters and leaves the window, without what is in it. Two of a kind on one
// input have an `id` each, so that their state does not hang on their order.

import { duration, job, seconds, text } from 'millrace'
import { lambda } from 'millrace/lambda'

const { RESULTS = 'results', LINES = 'lines', IDLE_AFTER = '10s' } = process.env

export const hotWords = job('hot-words', { batch: seconds(5), idleAfter: duration(IDLE_AFTER) }, ({ kafka }) => {
  const ones = kafka(LINES, { value: text() })
    .flatMap((record) => record.value.split(/\s+/))
    .filter((word) => word !== '')
    .map((word) => [word, 1] as const)

  ones
    .reduceByKeyAndWindow(
      (a, b) => a + b,
      (a, b) => a - b,
      seconds(20),
      seconds(10),
      { id: 'hot-words', filter: ([, count]) => count > 0 },
    )
    .saveAsNdjsonFiles(`s3://${RESULTS}/hot-words`)

  ones
    .reduceByKeyAndWindow((a, b) => a + b, seconds(20), seconds(10), { id: 'hot-words-recounted' })
    .saveAsNdjsonFiles(`s3://${RESULTS}/hot-words-recounted`)
})

export const handler = lambda(hotWords)
