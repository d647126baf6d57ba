// Batches as a whole: what a function makes of all that a batch has, of one stream and of two, after something to wait for.

import { job } from '../../../src/index.ts'
import { folded, type KindSpec, numberedWords, saveLines, tallied, total } from '../kind.ts'
import { numbered } from './numbered.ts'

export const whole: KindSpec = {
  define: (options, inPlace, version) =>
    job('simulated', options, ({ kafka }) => {
      const pairs = numbered(kafka, inPlace, version)
      saveLines(
        'tallies',
        pairs.transform(
          async (batch, time) => {
            await null
            if (time !== batch.time) throw new RangeError(`${time} is not ${batch.time}`)
            const groups = batch.groupByKey().sortByKey()
            return groups.map(([word, all]) => `${word} ${all.length} ${total(all)}`)
          },
          { id: 'tallies' },
        ),
      )
      const least = pairs.filter(([, number]) => number % 2 === 0)
      saveLines(
        'both',
        pairs.transformWith(least, (all, even) => [`${all.count()} ${even.count()} ${even.values().sum()}`], {
          id: 'both',
        }),
      )
    }),
  records: numberedWords,
  expected: (ledger) =>
    // Elements are gathered, so those of all partitions meet.
    folded(ledger, false, () => (words) => {
      const numbers = [...words.values()].flat()
      const even = numbers.filter((number) => number % 2 === 0)
      return { tallies: tallied(words), both: [`${numbers.length} ${even.length} ${total(even)}`] }
    }),
}
