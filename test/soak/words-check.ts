// Accounts of the job with windows and state: what it has published for every T equals a recount of the topic.

import type { MovedOn } from './commits.ts'
import { batchTimes, type TopicRecord } from './topic.ts'

const BATCH = 5000
const SLIDE = 10_000
const WINDOW = 20_000

type Counts = Map<string, number>

export interface WordsAccount {
  readonly windows: number
  readonly states: number
  readonly words: number
}

export class WordsCheck {
  /** Pairs by output and time. */
  readonly #pairs = new Map<string, Map<number, [string, number][]>>()

  take(output: string, time: number, body: string): string | undefined {
    if (!body.endsWith('\n')) return `it does not end with a line's end (${body.length} characters)`
    const byTime = this.#pairs.get(output) ?? new Map<number, [string, number][]>()
    this.#pairs.set(output, byTime)
    const pairs = byTime.get(time) ?? []
    byTime.set(time, pairs)
    for (const line of body.slice(0, -1).split('\n')) {
      const pair = parsePair(line)
      if (!pair) return `not a pair: ${line.slice(0, 80)}`
      pairs.push(pair)
    }
    return undefined
  }

  account(
    topic: readonly (readonly TopicRecord[])[],
    movedOn: (partition: number) => readonly MovedOn[],
    onViolation: (violation: string) => void,
  ): WordsAccount {
    const batches = countByBatch(topic, movedOn)
    const times = [...batches.keys()].sort((a, b) => a - b)
    const windows = this.#checkWindows(batches, times, onViolation)

    const total: Counts = new Map()
    const totals = this.#pairs.get('totals') ?? new Map<number, [string, number][]>()
    // A batch without data may run for the sake of a window, and then the whole state is emitted, as Spark does in every batch.
    for (const time of [...new Set([...times, ...totals.keys()])].sort((a, b) => a - b)) {
      addAll(total, batches.get(time))
      compare(`totals at ${time}`, totals.get(time), total, onViolation)
    }
    this.#checkSteps(batches, total, onViolation)
    return { windows, states: times.length, words: [...total.values()].reduce((sum, count) => sum + count, 0) }
  }

  #checkWindows(batches: ReadonlyMap<number, Counts>, times: readonly number[], onViolation: (v: string) => void) {
    const [first = 0, last = 0] = [times[0], times.at(-1)]
    const ends = new Set<number>()
    for (let end = Math.ceil(first / SLIDE) * SLIDE; end < last + WINDOW; end += SLIDE) {
      const window: Counts = new Map()
      for (let time = end - WINDOW + BATCH; time <= end; time += BATCH) addAll(window, batches.get(time))
      if (window.size === 0) continue
      ends.add(end)
      for (const output of ['hot', 'hot-recounted']) {
        compare(`${output} at ${end}`, this.#pairs.get(output)?.get(end), window, onViolation)
      }
    }
    for (const output of ['hot', 'hot-recounted']) {
      onlyAt(output, this.#pairs.get(output)?.keys() ?? [], ends, onViolation)
    }
    return ends.size
  }

  /** mapWithState emits a count for every word that came: each from 1 to the total once, under the batch that it came in. */
  #checkSteps(batches: ReadonlyMap<number, Counts>, total: Counts, onViolation: (violation: string) => void): void {
    const steps = this.#pairs.get('steps') ?? new Map<number, [string, number][]>()
    onlyAt('steps', steps.keys(), new Set(batches.keys()), onViolation)
    const seen = new Map<string, Set<number>>()
    for (const [time, pairs] of steps) {
      const counts: Counts = new Map()
      for (const [word, count] of pairs) {
        counts.set(word, (counts.get(word) ?? 0) + 1)
        const known = seen.get(word) ?? new Set<number>()
        if (known.has(count)) onViolation(`steps: ${word} has reached ${count} twice`)
        seen.set(word, known.add(count))
      }
      const batch = batches.get(time) ?? new Map()
      const same = batch.size === counts.size && [...batch].every(([word, count]) => counts.get(word) === count)
      if (!same) onViolation(`steps at ${time}: other words than came in that batch`)
    }
    for (const [word, count] of total) {
      const known = seen.get(word)
      if (known?.size !== count || [...known].some((step) => step > count)) {
        onViolation(`steps: ${word} came ${count} times and was counted ${known?.size ?? 0} times`)
      }
    }
  }
}

function countByBatch(
  topic: readonly (readonly TopicRecord[])[],
  movedOn: (partition: number) => readonly MovedOn[],
): Map<number, Counts> {
  const batches = new Map<number, Counts>()
  for (const [partition, records] of topic.entries()) {
    const times = batchTimes(records, movedOn(partition), BATCH)
    for (const [i, { value }] of records.entries()) {
      const time = times[i] ?? 0
      const counts: Counts = batches.get(time) ?? new Map()
      batches.set(time, counts)
      for (const word of value.split(' ').slice(1)) counts.set(word, (counts.get(word) ?? 0) + 1)
    }
  }
  return batches
}

function addAll(into: Counts, counts: ReadonlyMap<string, number> | undefined): void {
  for (const [word, count] of counts ?? []) into.set(word, (into.get(word) ?? 0) + count)
}

function compare(
  what: string,
  published: readonly (readonly [string, number])[] | undefined,
  expected: Counts,
  onViolation: (violation: string) => void,
): void {
  const found = new Map(published)
  const list = published ?? []
  const wrong = [...expected].filter(([word, count]) => found.get(word) !== count)
  if (list.length === expected.size && wrong.length === 0) return
  const [example] = wrong
  onViolation(
    `${what}: ${list.length} pairs, ${expected.size} recounted, ${wrong.length} differ` +
      (example ? `, such as ${example[0]}: ${found.get(example[0])}, recounted ${example[1]}` : ''),
  )
}

function onlyAt(
  output: string,
  found: Iterable<number>,
  expected: ReadonlySet<number>,
  onViolation: (violation: string) => void,
): void {
  for (const time of found) if (!expected.has(time)) onViolation(`${output} has a batch ${time} that should not be`)
}

function parsePair(line: string): [string, number] | undefined {
  try {
    const pair: unknown = JSON.parse(line)
    if (!Array.isArray(pair) || pair.length !== 2) return undefined
    const [word, count]: unknown[] = pair
    return typeof word === 'string' && typeof count === 'number' ? [word, count] : undefined
  } catch {
    return undefined
  }
}
