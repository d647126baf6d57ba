// Combining functions that change their accumulator and return it, as they may (DESIGN §2a), and several consumers of one stream.

import { job } from '../../../src/index.ts'
import { BATCH } from '../jobs.ts'
import {
  ascending,
  folded,
  type KindSpec,
  numberedWords,
  saveLines,
  tallied,
  total,
  type Words,
  windowed,
} from '../kind.ts'
import { numbered } from './numbered.ts'

interface Tally {
  n: number
  sum: number
}

const tally = (number: number): Tally => ({ n: 1, sum: number })
/** Changes its first argument and returns it, as it may. */
const addTo = (a: Tally, b: Tally): Tally => {
  a.n += b.n
  a.sum += b.sum
  return a
}
const takeFrom = (a: Tally, b: Tally): Tally => {
  a.n -= b.n
  a.sum -= b.sum
  return a
}
const inWords = ([key, { n, sum }]: readonly [string, Tally]): string => `${key} ${n} ${sum}`
const tallyOf = (word: string, numbers: readonly number[]): string => `${word} ${numbers.length} ${total(numbers)}`
const lists = (words: Words): string[] => [...words].map(([word, numbers]) => `${word} ${numbers.join()}`)

/** Combining functions that return their accumulator, changed. */
export const mutating: KindSpec = {
  define: (options, inPlace, version) =>
    job('simulated', options, ({ kafka }) => {
      const numbers = numbered(kafka, inPlace, version)
      const pairs = numbers.mapValues(tally)
      saveLines('reduced', pairs.reduceByKey(addTo).map(inWords))
      const list = numbers.combineByKey(
        (number) => [number],
        (all, number) => {
          all.push(number)
          return all
        },
        (all, more) => {
          all.push(...more)
          return all
        },
      )
      saveLines(
        'list',
        list.map(([key, all]) => `${key} ${ascending(all).join()}`),
      )
      const running = pairs
        .reduceByKey(addTo)
        .updateStateByKey(
          (values: readonly Tally[], state: Tally | undefined) => values.reduce(addTo, state ?? { n: 0, sum: 0 }),
          { id: 'running' },
        )
      saveLines('running', running.map(inWords))
    }),
  records: numberedWords,
  expected(ledger, inPlace) {
    return folded(ledger, inPlace, () => {
      const all = new Map<string, number[]>()
      return (words) => {
        for (const [word, numbers] of words) all.set(word, [...(all.get(word) ?? []), ...numbers])
        return { reduced: tallied(words), list: lists(words), running: tallied(all) }
      }
    })
  },
}

/** The same over windows: what one window has been made of is part of the next. */
export const mutatingWindows: KindSpec = {
  define: (options, inPlace, version) =>
    job('simulated', options, ({ kafka }) => {
      const pairs = numbered(kafka, inPlace, version).mapValues(tally)
      saveLines('window', pairs.reduceByKeyAndWindow(addTo, 3 * BATCH, BATCH, { id: 'window' }).map(inWords))
      const filter = ([, { n }]: readonly [string, Tally]): boolean => n > 0
      const inverse = pairs.reduceByKeyAndWindow(addTo, takeFrom, 2 * BATCH, BATCH, { filter, id: 'inverse' })
      saveLines('inverse', inverse.map(inWords))
    }),
  records: numberedWords,
  expected: (ledger) =>
    new Map([
      ['window', windowed(ledger, 3, tallyOf)],
      ['inverse', windowed(ledger, 2, tallyOf)],
    ]),
}

/** Several consumers of one stream, of which some change what they may change. */
export const shared: KindSpec = {
  define: (options, inPlace, version) =>
    job('simulated', options, ({ kafka }) => {
      const pairs = numbered(kafka, inPlace, version).mapValues(tally)
      saveLines('reduced', pairs.reduceByKey(addTo).map(inWords))
      saveLines('narrow', pairs.map(inWords))
      const groups = pairs.groupByKey()
      saveLines(
        'groups',
        groups.map(
          ([key, all]) =>
            `${key} ${all
              .map(({ n, sum }) => `${n}/${sum}`)
              .sort()
              .join()}`,
        ),
      )
      const keyed = pairs.combineByKey((value) => value, addTo, addTo)
      saveLines('again', keyed.map(inWords))
      saveLines('window', pairs.reduceByKeyAndWindow(addTo, 2 * BATCH, BATCH, { id: 'window' }).map(inWords))
    }),
  records: numberedWords,
  expected(ledger, inPlace) {
    const outputs = folded(ledger, inPlace, () => (words) => ({
      reduced: tallied(words),
      again: tallied(words),
      narrow: [...words].flatMap(([word, numbers]) => numbers.map((number) => `${word} 1 ${number}`)),
      groups: [...words].map(
        ([word, numbers]) =>
          `${word} ${numbers
            .map((n) => `1/${n}`)
            .sort()
            .join()}`,
      ),
    }))
    return new Map([...outputs, ['window', windowed(ledger, 2, tallyOf)]])
  },
}
