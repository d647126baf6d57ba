// Flights of two feeds, day by day, in a bucket that the deployment names: the job of this repository's serverless.yml. A
// record's time is the time of departure, so a batch is a day of flying whenever the topics are read.
//
// Much like flights.ts, on purpose: an example is read alone, from its first line to its last, and a job's module is what is
// bundled. All they could share is the type of a row and one filter; topics, bucket and what a line says are each one's own.

import { job, json } from 'millrace'
import { lambda } from 'millrace/lambda'

/** A row of the `flights` data sets of the npm package vega-datasets: minutes of delay, miles of distance. */
interface Flight {
  readonly date: string
  readonly delay: number
  readonly distance: number
  readonly origin: string
  readonly destination: string
}

/** serverless.yml sets it; bucket names are shared by all the world, so none can be written down here. */
const bucket = process.env.RESULTS_BUCKET ?? 'results'

export const flightsByDay = job('flights-by-day', { batch: '1d', idleAfter: '5s' }, ({ kafka }) => {
  const flights = kafka(['flights-east', 'flights-west'], { value: json<Flight>() })

  flights
    .map(({ topic, partition, offset, value }) => ({ topic, partition, offset, ...value }))
    .saveAsNdjsonFiles(`s3://${bucket}/flights`)

  flights
    .map((record) => record.value)
    .filter((flight) => flight.delay >= 60)
    .saveAsCsvFiles(`s3://${bucket}/late-flights`, { columns: ['date', 'origin', 'destination', 'delay'] })
})

export const handler = lambda(flightsByDay)
