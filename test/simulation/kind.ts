// What a kind of simulated job says about itself: its code, its records, and what must come out by the plainest definition.

import type { DStream, Job, JobOptions } from '../../src/index.ts'
import type { Entry, Ledger } from '../../src/testing/simulation/ledger.ts'
import type { Random } from '../../src/testing/simulation/random.ts'
import type { SimulatedRecord } from '../../src/testing/simulation/records.ts'
import { bucketOf } from '../../src/values/hash.ts'
import { type Contents, textOf } from './expected.ts'
import { BATCH, TOPICS } from './jobs.ts'

/** Lines by batch time and output. */
export type Expected = ReadonlyMap<string, Contents>

export interface KindSpec {
  /** @param version 2 means the same */
  define(options: JobOptions, inPlace: boolean, version: number): Job
  records(inPlace: boolean, random: Random): SimulatedRecord[]
  /** By output what the records must come to; undefined: a run without faults is all there is to compare with. */
  expected?(ledger: Ledger, inPlace: boolean): Expected
}

const WORDS = ['a1', 'a2', 'b1', 'b2', 'b3', 'c1'] as const

/** Words of few kinds, each with a number that no other has: `b2:17`. The word is the key, the number is in a header, too. */
export function numberedWords(inPlace: boolean, random: Random): SimulatedRecord[] {
  const partitions = random.int(1, 5)
  const some = WORDS.slice(0, random.int(1, WORDS.length + 1))
  return Array.from({ length: random.int(1, 40) }, (_, i) => {
    const key = random.pick(some)
    const headers = random.chance(0.7) ? [{ n: [i, 255 - i] }, { n: [] }] : []
    const record = { key, value: `${key}:${i}`, headers }
    return inPlace ? { ...record, topic: TOPICS[0], partition: bucketOf(key, partitions) } : record
  })
}

/** A numbered word. */
export interface Numbered {
  readonly word: string
  readonly number: number
}

export function parseNumbered(text: string): Numbered {
  const [word = '', number] = text.split(':')
  return { word, number: Number(number) }
}

/** By word its numbers, ascending: what order they come in means nothing. */
export type Words = ReadonlyMap<string, readonly number[]>

/** Batches with records, ascending. */
export type Batches = readonly (readonly [time: number, words: Words])[]

export function batchesOf(lists: Iterable<readonly Entry[]>): Batches {
  const batches = new Map<number, Map<string, number[]>>()
  for (const { time, record } of [...lists].flat()) {
    const { word, number } = parseNumbered(textOf(record))
    const words = batches.get(time) ?? new Map<string, number[]>()
    batches.set(time, words)
    words.set(
      word,
      [...(words.get(word) ?? []), number].sort((a, b) => a - b),
    )
  }
  return [...batches].sort(([a], [b]) => a - b)
}

/** By output the lines of a batch. */
export type Lines = Readonly<Record<string, readonly string[]>>

/**
 * What a job puts out that looks at one batch after the other.
 *
 * @param begin a job that has seen nothing; in place each partition is one
 */
export function folded(ledger: Ledger, inPlace: boolean, begin: () => (words: Words) => Lines): Expected {
  const lists = [...ledger.entries.values()]
  const outputs = new Map<string, Map<number, string[]>>()
  for (const part of inPlace ? lists.map((list) => [list]) : [lists]) {
    const fold = begin()
    for (const [time, words] of batchesOf(part)) {
      for (const [output, lines] of Object.entries(fold(words))) {
        const times = outputs.get(output) ?? new Map<number, string[]>()
        outputs.set(output, times)
        times.set(time, [...(times.get(time) ?? []), ...lines].sort())
      }
    }
  }
  return new Map([...outputs].map(([name, times]) => [name, new Map([...times].sort(([a], [b]) => a - b))]))
}

/** What a window over the last `length` batches says, at every time at which it says anything. */
export function windowed(ledger: Ledger, length: number, line: (word: string, numbers: readonly number[]) => string) {
  const batches = batchesOf(ledger.entries.values())
  const times = new Set(batches.flatMap(([time]) => Array.from({ length }, (_, i) => time + i * BATCH)))
  const contents = [...times].map((time) => {
    const words = new Map<string, number[]>()
    for (const [at, some] of batches) {
      if (at > time || at <= time - length * BATCH) continue
      for (const [word, numbers] of some)
        words.set(
          word,
          [...(words.get(word) ?? []), ...numbers].sort((a, b) => a - b),
        )
    }
    return [time, [...words].map(([word, numbers]) => line(word, numbers)).sort()] as const
  })
  return new Map(contents.sort(([a], [b]) => a - b))
}

/** By word how many numbers, and their sum. */
export function tallied(words: Words): string[] {
  return [...words].map(([word, numbers]) => `${word} ${numbers.length} ${total(numbers)}`)
}

/** Saves lines as they are. */
export function saveLines(name: string, lines: DStream<string>): void {
  lines.saveAsTextFiles(`s3://results/${name}`)
}

export const ascending = (numbers: readonly number[]): number[] => [...numbers].sort((a, b) => a - b)
export const total = (numbers: readonly number[]): number => numbers.reduce((a, b) => a + b, 0)
