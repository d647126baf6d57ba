// All flights as they come, and the late ones beside them. Fed by the topic `flights`, keyed by the airport of origin;
// a record's time is the time of departure, so a batch is a day of flying whenever the topic is read.

import { duration, job, json } from 'millrace'
import { lambda } from 'millrace/lambda'

/** A row of the `flights` data sets of the npm package vega-datasets: minutes of delay, miles of distance. */
interface Flight {
  readonly date: string
  readonly delay: number
  readonly distance: number
  readonly origin: string
  readonly destination: string
}

const { IDLE_AFTER = '5s' } = process.env

export const flights = job('flights', { batch: '1d', idleAfter: duration(IDLE_AFTER) }, ({ kafka }) => {
  const records = kafka('flights', { value: json<Flight>() })

  records
    .map(({ partition, offset, value }) => ({ partition, offset, ...value }))
    .saveAsNdjsonFiles('s3://results/flights')

  records
    .map((record) => record.value)
    .filter((flight) => flight.delay >= 60)
    .saveAsCsvFiles('s3://results/late-flights', { columns: ['date', 'origin', 'destination', 'delay'] })
})

export const handler = lambda(flights)
