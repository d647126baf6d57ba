// Accounts for the job flight-delays: every mean that it has published is held against a recount of all flights.

import { createHash } from 'node:crypto'
import type { EmbeddedServices } from '../src/local/embedded.ts'
import { readFlights } from './flights-topic.ts'

export interface DelaysLedger {
  readonly days: number
  readonly groups: number
  readonly weeks: number
  /** What differs from the recount, in words. */
  readonly wrong: readonly string[]
  readonly worstDay: string
  readonly worst: readonly { readonly origin: string; readonly flights: number; readonly delay: number }[]
  readonly digests: ReadonlyMap<string, string>
}

const DAY = 86_400_000
/** `[minutes, flights]` by group. */
type Sums = Map<string, [number, number]>

export async function checkDelays(services: EmbeddedServices): Promise<DelaysLedger> {
  const hourly = await readGroups(services, 'delays-by-hour')
  const weekly = await readGroups(services, 'delays-over-a-week')
  const days = recount()
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
  return { days: hourly.size, groups, weeks: weekly.size, wrong, ...worstOf(weekly, ends.at(-1) ?? 0), digests }
}

/** Lines of a CSV output without their headers, by batch time. */
async function readGroups({ objects }: EmbeddedServices, prefix: string): Promise<Map<number, string[]>> {
  const groups = new Map<number, string[]>()
  for await (const { key } of objects.list('results', `${prefix}-`)) {
    const [batch = '', name = ''] = key.split('/')
    if (name === '_SUCCESS') continue
    const time = Number(batch.slice(prefix.length + 1))
    const [, ...lines] = new TextDecoder()
      .decode(await objects.get({ bucket: 'results', key }))
      .trimEnd()
      .split('\n')
    groups.set(time, [...(groups.get(time) ?? []), ...lines])
  }
  return groups
}

/** Sums by day (its end) and `origin,hour`, straight from the rows. */
function recount(): Map<number, Sums> {
  const days = new Map<number, Sums>()
  for (const { date, origin, delay } of readFlights()) {
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

function digestsOf(name: string, groups: ReadonlyMap<number, readonly string[]>): [string, string][] {
  return [...groups].map(([time, lines]) => [
    `${name} ${time}`,
    createHash('sha256').update(lines.toSorted().join('\n')).digest('hex'),
  ])
}
