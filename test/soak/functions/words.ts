// The soak's job with windows and state: hot words in both forms of the window, and running counts in both forms of state, on
// one topic (functions/hot-words.ts and functions/running-counts.ts in one).

import { duration, job, type State, StateSpec, seconds, text } from 'millrace'
import { lambda } from 'millrace/lambda'

const { RESULTS = 'results', WORDS = 'words', IDLE_AFTER = '30s' } = process.env
const add = (a: number, b: number): number => a + b

export const words = job(
  'soak-words',
  { batch: seconds(5), idleAfter: duration(IDLE_AFTER), numPartitions: 2 },
  ({ kafka }) => {
    const ones = kafka(WORDS, { value: text() })
      .flatMap((record) => record.value.split(' ').slice(1))
      .map((word) => [word, 1] as const)

    ones
      .reduceByKeyAndWindow(add, (a, b) => a - b, seconds(20), seconds(10), {
        id: 'hot',
        filter: ([, count]) => count > 0,
      })
      .saveAsNdjsonFiles(`s3://${RESULTS}/hot`)
    ones
      .reduceByKeyAndWindow(add, seconds(20), seconds(10), { id: 'hot-recounted' })
      .saveAsNdjsonFiles(`s3://${RESULTS}/hot-recounted`)
    ones
      .updateStateByKey((values: readonly number[], count: number | undefined) => (count ?? 0) + values.length)
      .saveAsNdjsonFiles(`s3://${RESULTS}/totals`)

    const step = StateSpec.function((word: string, one: number | undefined, state: State<number>): [string, number] => {
      const next = (state.getOption() ?? 0) + (one ?? 0)
      state.update(next)
      return [word, next]
    })
    ones.mapWithState(step).saveAsNdjsonFiles(`s3://${RESULTS}/steps`)
  },
)

export const handler = lambda(words)
