// Accounts for the job flight-delays: every mean that it has published is held against a recount of all flights.

import { FLIGHTS, flightOf } from './flights-topic.ts'
import type { Account, DemoJob } from './job.ts'
import { digestsOf, readPublished } from './outputs.ts'
import { table } from './table.ts'
import type { TopicRecord } from './topic.ts'

interface Delays extends Account {
  readonly days: number
  readonly groups: number
  readonly weeks: number
  /** What differs from the recount, in words. */
  readonly wrong: readonly string[]
  readonly worstDay: string
  readonly worst: readonly { readonly origin: string; readonly flights: number; readonly delay: number }[]
}

const DAY = 86_400_000
/** `[minutes, flights]` by group. */
type Sums = Map<string, [number, number]>

export const FLIGHT_DELAYS: DemoJob<Delays> = {
  name: 'flight-delays',
  topic: FLIGHTS,
  batches: 'one day',
  batchSize: 250,
  async account(services, produced) {
    const { lines: hourly } = await readPublished(services, 'delays-by-hour', { header: true })
    const { lines: weekly } = await readPublished(services, 'delays-over-a-week', { header: true })
    const days = recount(produced)
    const wrong: string[] = []
    for (const [day, sums] of days) compare(`hours of ${day}`, hourly.get(day), sums, wrong)
    const ends = [...days.keys()].sort((a, b) => a - b)
    const last = (ends.at(-1) ?? 0) + 6 * DAY
    for (let end = ends[0] ?? 0; end <= last; end += DAY) {
      const week = sumByOrigin([...days].flatMap(([day, sums]) => (day > end - 7 * DAY && day <= end ? [...sums] : [])))
      compare(`week to ${end}`, weekly.get(end), week, wrong)
    }
    const groups = [...hourly.values()].reduce((sum, lines) => sum + lines.length, 0)
    const digests = new Map([...digestsOf('hour', hourly), ...digestsOf('week', weekly)])
    const counts = { days: hourly.size, groups, weeks: weekly.size, wrong }
    return { ...counts, ...worstOf(weekly, ends.at(-1) ?? 0), digests, exact: wrong.length === 0 }
  },
  show({ days, groups, weeks, wrong, worst, worstDay }) {
    console.log(`Worst mean delays of the 7 days to ${worstDay}, by airport with 20 flights or more`)
    console.log(
      table(
        ['origin', 'flights', 'minutes'],
        worst.map(({ origin, flights, delay }) => [origin, `${flights}`, `${delay}`]),
      ),
    )
    console.log('\nHeld against a recount of all flights')
    console.log(`  days ${days}, groups of origin and hour ${groups}, windows of 7 days ${weeks}`)
    console.log(`  different   ${wrong.length}`)
    for (const line of wrong.slice(0, 5)) console.log(`    ${line}`)
  },
}

/** Sums by day (its end) and `origin,hour`, straight from the rows. */
function recount(produced: readonly TopicRecord[]): Map<number, Sums> {
  const days = new Map<number, Sums>()
  for (const { date, origin, delay } of produced.map(flightOf)) {
    const day = (Math.floor(Date.parse(`${date.slice(0, 10).replaceAll('/', '-')}T00:00:00Z`) / DAY) + 1) * DAY
    const sums = days.get(day) ?? new Map()
    days.set(day, sums)
    add(sums, `${origin},${Number(date.slice(11, 13))}`, delay, 1)
  }
  return days
}

function sumByOrigin(groups: Iterable<readonly [string, [number, number]]>): Sums {
  const sums: Sums = new Map()
  for (const [group, [minutes, flights]] of groups) add(sums, group.split(',')[0] ?? '', minutes, flights)
  return sums
}

function add(sums: Sums, group: string, minutes: number, flights: number): void {
  const [m, f] = sums.get(group) ?? [0, 0]
  sums.set(group, [m + minutes, f + flights])
}

function compare(what: string, published: readonly string[] | undefined, sums: Sums, wrong: string[]): void {
  const expected = [...sums].map(
    ([group, [minutes, flights]]) => `${group},${flights},${Math.round(minutes / flights)}`,
  )
  const [is, should] = [(published ?? []).toSorted().join('\n'), expected.sort().join('\n')]
  if (is !== should) wrong.push(`${what}: ${published?.length ?? 0} groups published, ${expected.length} recounted`)
}

function worstOf(weekly: ReadonlyMap<number, readonly string[]>, end: number) {
  const rows = (weekly.get(end) ?? []).map((line) => {
    const [origin = '', flights, delay] = line.split(',')
    return { origin, flights: Number(flights), delay: Number(delay) }
  })
  const worst = rows.filter(({ flights }) => flights >= 20).sort((a, b) => b.delay - a.delay)
  return { worstDay: new Date(end - DAY).toISOString().slice(0, 10), worst: worst.slice(0, 8) }
}
