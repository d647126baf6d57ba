// Timeouts that are hours and days away: further than a queue can delay a message, so that wake-ups are passed on (D5).

import { job, type State, StateSpec } from '../../../src/index.ts'
import { type KindSpec, numberedWords, saveLines } from '../kind.ts'
import { numbered } from './numbered.ts'

const HOUR = 3_600_000

/** Counts a key's records; when it times out, says minus the count. */
const counting = (timeout: number) =>
  StateSpec.function((word: string, number: number | undefined, state: State<number>) => {
    const count = state.getOption() ?? 0
    if (number === undefined) return `${word} ${-count}`
    state.update(count + 1)
    return `${word} ${count + 1}`
  }).timeout(timeout)

export const farTimeouts: KindSpec = {
  define: (options, inPlace, version) =>
    job('simulated', options, ({ kafka }) => {
      const pairs = numbered(kafka, inPlace, version)
      saveLines('hours', pairs.mapWithState(counting(3 * HOUR), { id: 'hours' }))
      saveLines('days', pairs.mapWithState(counting(26 * HOUR), { id: 'days' }))
    }),
  records: numberedWords,
}
