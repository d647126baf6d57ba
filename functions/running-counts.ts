// How often each word has occurred so far: by updateStateByKey, which emits the whole state with every batch, and by
// mapWithState, which emits a count for every word that comes.

import { duration, job, type State, StateSpec, seconds, text } from 'millrace'
import { lambda } from 'millrace/lambda'

const { RESULTS = 'results', LINES = 'lines', IDLE_AFTER = '10s' } = process.env

export const runningCounts = job(
  'running-counts',
  { batch: seconds(5), idleAfter: duration(IDLE_AFTER) },
  ({ kafka }) => {
    const ones = kafka(LINES, { value: text() })
      .flatMap((record) => record.value.split(/\s+/))
      .filter((word) => word !== '')
      .map((word) => [word, 1] as const)

    ones
      .updateStateByKey((values: readonly number[], count: number | undefined) => (count ?? 0) + values.length)
      .saveAsNdjsonFiles(`s3://${RESULTS}/running-counts`)

    const count = StateSpec.function(
      (word: string, one: number | undefined, state: State<number>): [string, number] => {
        const next = (state.getOption() ?? 0) + (one ?? 0)
        state.update(next)
        return [word, next]
      },
    )
    ones.mapWithState(count).saveAsNdjsonFiles(`s3://${RESULTS}/counts-as-they-come`)
  },
)

export const handler = lambda(runningCounts)
