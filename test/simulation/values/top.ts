// What a key has had at most, kept from batch to batch, and which keys a batch has had.

import { job } from '../../../src/index.ts'
import { folded, type KindSpec, numberedWords, saveLines } from '../kind.ts'
import { numbered } from './numbered.ts'

/** Values that are kept of each key. */
const N = 3

export const top: KindSpec = {
  define: (options, inPlace, version) =>
    job('simulated', options, ({ kafka }) => {
      const pairs = numbered(kafka, inPlace, version)
      saveLines(
        'top',
        pairs.topByKey(N).map(([word, numbers]) => `${word} ${numbers.join(' ')}`),
      )
      saveLines('words', pairs.map(([word]) => word).distinct())
    }),
  records: numberedWords,
  expected: (ledger, inPlace) => {
    const all = folded(ledger, inPlace, () => {
      const had = new Map<string, readonly number[]>()
      return (words) => {
        for (const [word, numbers] of words) {
          had.set(word, [...(had.get(word) ?? []), ...numbers].sort((a, b) => b - a).slice(0, N))
        }
        return { top: [...words.keys()].map((word) => `${word} ${had.get(word)?.join(' ')}`) }
      }
    })
    // Elements are spread anew, so those of all partitions meet.
    const distinct = folded(ledger, false, () => (words) => ({ words: [...words.keys()] }))
    return new Map([...all, ...distinct])
  },
}
