// The demo's data: real flights (npm package vega-datasets) as an embedded topic of 4 partitions, keyed by origin.

import { readFileSync } from 'node:fs'
import { setTimeout as sleep } from 'node:timers/promises'
import type { EmbeddedTopics } from '../src/local/event-source/embedded-topics.ts'

export const TOPIC = 'flights'
export const PARTITIONS = 4

/** A row of the data: departure as "2001/01/14 21:55", delay in minutes. */
export interface FlightRow {
  readonly date: string
  readonly delay: number
  readonly origin: string
}

/** The 20,000 flights of the first quarter of 2001, in the order of departure. */
export function readFlights(): FlightRow[] {
  // The package exports its module only; the data lies beside it.
  const file = new URL('../data/flights-20k.json', import.meta.resolve('vega-datasets'))
  const rows: FlightRow[] = JSON.parse(readFileSync(file, 'utf8'))
  return rows.sort((a, b) => a.date.localeCompare(b.date))
}

/** Appends flights at about `perSecond`, as a producer would; `stopped` ends it early. */
export async function produceFlights(
  topics: EmbeddedTopics,
  rows: readonly FlightRow[],
  perSecond: number,
  stopped: AbortSignal,
): Promise<void> {
  const TICK_MS = 20
  const perTick = Math.ceil((perSecond * TICK_MS) / 1000)
  for (let at = 0; at < rows.length && !stopped.aborted; at += perTick) {
    for (const row of rows.slice(at, at + perTick)) {
      // "2001/01/14 21:55", taken as UTC
      const timestamp = Date.parse(`${row.date.replaceAll('/', '-').replace(' ', 'T')}:00Z`)
      topics.append({ topic: TOPIC, key: row.origin, value: JSON.stringify(row), timestamp })
    }
    await sleep(TICK_MS)
  }
}
