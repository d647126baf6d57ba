// The 20,000 real flights of the first quarter of 2001 (npm package vega-datasets), keyed by origin, in the order of departure.

import { type DemoTopic, readDataSet, type TopicRecord } from './topic.ts'

/** A row of the data: departure as "2001/01/14 21:55", delay in minutes. */
export interface FlightRow {
  readonly date: string
  readonly delay: number
  readonly origin: string
}

export const FLIGHTS: DemoTopic = {
  name: 'flights',
  what: 'real flights (vega-datasets)',
  read: () =>
    readDataSet<FlightRow>('flights-20k.json')
      .sort((a, b) => a.date.localeCompare(b.date))
      .map((row) => ({ key: row.origin, value: JSON.stringify(row), timestamp: departure(row) })),
}

export function flightOf({ value }: TopicRecord): FlightRow {
  return JSON.parse(value)
}

/** "2001/01/14 21:55", taken as UTC. */
function departure({ date }: FlightRow): number {
  return Date.parse(`${date.replaceAll('/', '-').replace(' ', 'T')}:00Z`)
}
