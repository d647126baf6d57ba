// Accounts for hot-words and running-counts: every count that was published is held against a recount of all lines.

import type { Embedded } from '../src/local/embedded.ts'
import type { Account, DemoJob } from './job.ts'
import { digestsOf, readPublished } from './outputs.ts'
import { table } from './table.ts'
import { TITLES } from './titles-topic.ts'
import type { TopicRecord } from './topic.ts'

const [BATCH, WINDOW, SLIDE] = [5000, 20_000, 10_000]

type Counts = ReadonlyMap<string, number>

interface Words extends Account {
  readonly title: string
  readonly top: readonly (readonly [word: string, count: number])[]
  /** Batches compared, by output. */
  readonly compared: readonly (readonly [output: string, batches: number])[]
  /** What differs from the recount, in words. */
  readonly wrong: readonly string[]
}

const shared = {
  topic: TITLES,
  batches: '5 seconds',
  batchSize: 25,
  show({ title, top, compared, wrong }: Words): void {
    console.log(title)
    console.log(
      table(
        ['word', 'times'],
        top.map(([word, count]) => [word, `${count}`]),
      ),
    )
    console.log('\nHeld against a recount of all lines')
    for (const [output, batches] of compared) console.log(`  ${output.padEnd(22)} ${batches} batches`)
    console.log(`  different              ${wrong.length}`)
    for (const line of wrong.slice(0, 5)) console.log(`    ${line}`)
  },
}

export const HOT_WORDS: DemoJob<Words> = {
  ...shared,
  name: 'hot-words',
  async account(services, produced) {
    const batches = recount(produced)
    const windows = new Map<number, readonly string[]>()
    const hottest = { time: 0, counts: new Map<string, number>() as Counts }
    for (const time of [...batches.keys()].flatMap(slidesFrom)) {
      if (windows.has(time)) continue
      const counts = sum([...batches].filter(([batch]) => batch > time - WINDOW && batch <= time))
      windows.set(time, linesOf(counts))
      if ((top(counts)[0]?.[1] ?? 0) > (top(hottest.counts)[0]?.[1] ?? 0)) Object.assign(hottest, { time, counts })
    }
    const outputs = { 'hot-words': windows, 'hot-words-recounted': windows }
    const until = new Date(hottest.time).toISOString().slice(11, 19)
    const title = `The hottest words of any 20 seconds, which ended at ${until}`
    return { ...(await compare(services, outputs)), title, top: top(hottest.counts) }
  },
}

export const RUNNING_COUNTS: DemoJob<Words> = {
  ...shared,
  name: 'running-counts',
  async account(services, produced) {
    const totals = new Map<number, readonly string[]>()
    const asTheyCome = new Map<number, readonly string[]>()
    let counts: Counts = new Map()
    for (const [time, words] of recount(produced)) {
      const before = counts
      counts = sum([
        [0, before],
        [time, words],
      ])
      totals.set(time, linesOf(counts))
      const each = ([word, n]: readonly [string, number]) =>
        Array.from({ length: n }, (_, i) => JSON.stringify([word, (before.get(word) ?? 0) + i + 1]))
      asTheyCome.set(time, [...words].flatMap(each))
    }
    const outputs = { 'running-counts': totals, 'counts-as-they-come': asTheyCome }
    return { ...(await compare(services, outputs)), title: 'The most frequent words of all', top: top(counts) }
  },
}

/** The slides whose windows hold a batch. */
function slidesFrom(batch: number): number[] {
  const first = Math.ceil(batch / SLIDE) * SLIDE
  return Array.from({ length: WINDOW / SLIDE }, (_, i) => first + i * SLIDE).filter((time) => batch > time - WINDOW)
}

/** How often each word comes, by batch, ascending. */
function recount(produced: readonly TopicRecord[]): Map<number, Counts> {
  const batches = new Map<number, Map<string, number>>()
  for (const { value, timestamp } of produced) {
    const time = (Math.floor(timestamp / BATCH) + 1) * BATCH
    const counts = batches.get(time) ?? new Map<string, number>()
    batches.set(time, counts)
    for (const word of value.split(/\s+/)) if (word !== '') counts.set(word, (counts.get(word) ?? 0) + 1)
  }
  return batches
}

function sum(batches: readonly (readonly [time: number, counts: Counts])[]): Counts {
  const sums = new Map<string, number>()
  for (const [, counts] of batches) for (const [word, n] of counts) sums.set(word, (sums.get(word) ?? 0) + n)
  return sums
}

function linesOf(counts: Counts): string[] {
  return Array.from(counts, (pair) => JSON.stringify(pair))
}

function top(counts: Counts): (readonly [string, number])[] {
  return [...counts].sort(([a, n], [b, m]) => m - n || a.localeCompare(b)).slice(0, 8)
}

async function compare(
  services: Embedded,
  outputs: Readonly<Record<string, ReadonlyMap<number, readonly string[]>>>,
): Promise<Pick<Words, 'compared' | 'wrong' | 'digests' | 'exact'>> {
  const wrong: string[] = []
  const digests: [string, string][] = []
  for (const [name, expected] of Object.entries(outputs)) {
    const { lines, closed } = await readPublished(services, name)
    for (const time of new Set([...expected.keys(), ...lines.keys()])) {
      const [is, should] = [lines.get(time) ?? [], expected.get(time) ?? []]
      if (is.toSorted().join('\n') !== should.toSorted().join('\n'))
        wrong.push(`${name} ${time}: ${is.length} lines published, ${should.length} recounted`)
      if (!closed.has(time)) wrong.push(`${name} ${time}: not closed`)
    }
    digests.push(...digestsOf(name, lines))
  }
  const compared = Object.entries(outputs).map(([name, { size }]) => [name, size] as const)
  return { compared, wrong, digests: new Map(digests), exact: wrong.length === 0 }
}
