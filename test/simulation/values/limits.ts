// The first few of each batch, limited where the data is: by an order in which no two are alike, by one in which many are, and as they came.

import { job } from '../../../src/index.ts'
import type { Ledger } from '../../../src/testing/simulation/ledger.ts'
import { textOf } from '../expected.ts'
import { type Expected, type KindSpec, numberedWords, parseNumbered, saveLines } from '../kind.ts'
import { numbered } from './numbered.ts'

const N = 3

type Numbered = readonly [word: string, number: number]

const lineOf = ([word, number]: Numbered): string => `${word} ${number}`
const byNumber = (a: Numbered, b: Numbered): number => a[1] - b[1]
const byWord = ([a]: Numbered, [b]: Numbered): number => (a < b ? -1 : a > b ? 1 : 0)

export const limits: KindSpec = {
  define: (options, inPlace, version) =>
    job('simulated', options, ({ kafka }) => {
      const pairs = numbered(kafka, inPlace, version)
      saveLines('greatest', pairs.top(N, byNumber).map(lineOf))
      saveLines('alike', pairs.sortByKey().take(N).map(lineOf))
      saveLines('first', pairs.take(N).map(lineOf))
      const sums = pairs.reduceByKey((a, b) => a + b)
      saveLines('sums', sums.takeOrdered(N, { compare: (a, b) => byNumber(a, b) || byWord(a, b) }).map(lineOf))
    }),
  records: numberedWords,
  expected(ledger) {
    const outputs: Record<string, (came: readonly Numbered[]) => readonly Numbered[]> = {
      greatest: (came) => came.toSorted((a, b) => byNumber(b, a)),
      alike: (came) => came.toSorted(byWord),
      first: (came) => came,
      sums: (came) => summed(came).sort((a, b) => byNumber(a, b) || byWord(a, b)),
    }
    const batches = inOrder(ledger)
    const expected: Expected = new Map(
      Object.entries(outputs).map(([name, ordered]) => [
        name,
        new Map(batches.map(([time, came]) => [time, ordered(came).slice(0, N).map(lineOf).sort()])),
      ]),
    )
    return expected
  },
}

/** What every batch has had, by partition and offset. */
function inOrder({ entries }: Ledger): (readonly [time: number, came: readonly Numbered[]])[] {
  const collator = new Intl.Collator('en', { numeric: true })
  const all = [...entries].sort(([a], [b]) => collator.compare(a, b)).flatMap(([, some]) => some)
  const batches = Map.groupBy(all, ({ time }) => time)
  return [...batches]
    .sort(([a], [b]) => a - b)
    .map(([time, some]) => {
      const words = some.map(({ record }) => parseNumbered(textOf(record)))
      return [time, words.map(({ word, number }): Numbered => [word, number])]
    })
}

function summed(came: readonly Numbered[]): Numbered[] {
  const words = Map.groupBy(came, ([word]) => word)
  return [...words].map(([word, all]) => [word, all.reduce((sum, [, number]) => sum + number, 0)])
}
