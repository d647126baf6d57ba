// The jobs that benchmarks run. `all` writes every record, so encoding and compression are in it; `few` reads every record
// and writes one in about a hundred.

import { type Job, job, json, seconds, text } from '../../src/index.ts'
import type { Flight } from './values.ts'

const FIVE_SECONDS = { batch: seconds(5) }

export const allLines: Job = job('all-lines', FIVE_SECONDS, ({ kafka }) => {
  kafka('lines', { value: text() })
    .map((record) => record.value)
    .saveAsTextFiles('s3://results/lines')
})

export const fewLines: Job = job('few-lines', FIVE_SECONDS, ({ kafka }) => {
  kafka('lines', { value: text() })
    .map((record) => record.value)
    .filter((line) => line.endsWith(' stone'))
    .saveAsTextFiles('s3://results/lines')
})

export const allFlights: Job = job('all-flights', FIVE_SECONDS, ({ kafka }) => {
  kafka('flights', { value: json<Flight>() })
    .map((record) => record.value)
    .saveAsNdjsonFiles('s3://results/flights')
})

export const fewFlights: Job = job('few-flights', FIVE_SECONDS, ({ kafka }) => {
  kafka('flights', { value: json<Flight>() })
    .map((record) => record.value)
    .filter((flight) => flight.delay > 120)
    .saveAsNdjsonFiles('s3://results/flights')
})
