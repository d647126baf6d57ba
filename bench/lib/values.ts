// What the records of benchmarks hold: lines of text of about 100 B, and real flights as JSON.

import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'

/** `{"date":"2001/01/10 09:22","delay":-8,"distance":480,"origin":"ONT","destination":"SMF"}` */
export interface Flight {
  readonly date: string
  readonly delay: number
  readonly distance: number
  readonly origin: string
  readonly destination: string
}

/** The rows of vega-datasets' flights-20k.json, one JSON text each, about 90 B. */
export function flightValues(): string[] {
  // The package exports no data files.
  const build = dirname(createRequire(import.meta.url).resolve('vega-datasets'))
  const flights: Flight[] = JSON.parse(readFileSync(join(build, '../data/flights-20k.json'), 'utf8'))
  return flights.map((flight) => JSON.stringify(flight))
}

const WORDS =
  'the mill turns when water runs and rests when it is still a wheel of oak lifts grain from the lower floor to the stone above'.split(
    ' ',
  )

/** Lines of words and numbers, 90 to 110 B, the same at every run. */
export function lineValues(count = 20_000): string[] {
  let seed = 42
  const random = (below: number): number => {
    seed = (Math.imul(seed, 1_664_525) + 1_013_904_223) >>> 0
    return seed % below
  }
  return Array.from({ length: count }, (_, i) => {
    let line = `${i} ${random(1_000_000_007)}`
    while (line.length < 90) line += ` ${WORDS[random(WORDS.length)]}`
    return line
  })
}
