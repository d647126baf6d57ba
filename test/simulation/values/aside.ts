// Functions that throw on some values of a closed batch: the key's values of that T are set aside, its state stays what it was (C6).

import { job, type State, StateSpec } from '../../../src/index.ts'
import { type KindSpec, numberedWords, saveLines } from '../kind.ts'
import { numbered } from './numbered.ts'

/** Every so many-th number cannot be taken. */
const BAD = 5

function check(numbers: readonly number[]): void {
  const bad = numbers.find((number) => number % BAD === BAD - 1)
  if (bad !== undefined) throw new RangeError(`cannot take ${bad}`)
}

/** What must come out is what comes out without faults; and what is in quarantine. */
export const aside: KindSpec = {
  define: (options, inPlace, version) =>
    job('simulated', { ...options, onPoison: 'quarantine' }, ({ kafka }) => {
      const pairs = numbered(kafka, inPlace, version)
      const kept = pairs.updateStateByKey((values: readonly number[], sum: number | undefined) => {
        check(values)
        return values.reduce((a, b) => a + b, sum ?? 0)
      })
      saveLines(
        'kept',
        kept.map(([word, sum]) => `${word} ${sum}`),
      )
      const counting = StateSpec.function((word: string, number: number | undefined, state: State<number>) => {
        const count = (state.getOption() ?? 0) + 1
        state.update(count)
        check(number === undefined ? [] : [number])
        return `${word} ${count}`
      })
      saveLines('mapped', pairs.mapWithState(counting))
      saveLines(
        'groups',
        pairs.groupByKey().map(([word, numbers]) => {
          check(numbers)
          return `${word} ${numbers.length}`
        }),
      )
    }),
  records: numberedWords,
}
