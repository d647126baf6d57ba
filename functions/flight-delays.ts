// The mean delay of flights by airport of origin and hour of departure, per day of flying; and over the last 7 days.

import { duration, job, json } from 'millrace'
import { lambda } from 'millrace/lambda'

const { RESULTS = 'results', IDLE_AFTER = '5s' } = process.env

interface Flight {
  readonly date: string
  readonly delay: number
  readonly origin: string
}

/** Sum of delays in minutes, and number of flights. */
type Delays = readonly [minutes: number, flights: number]

const add = ([a, n]: Delays, [b, m]: Delays): Delays => [a + b, n + m]
const takeOff = ([a, n]: Delays, [b, m]: Delays): Delays => [a - b, n - m]

export const flightDelays = job('flight-delays', { batch: '1d', idleAfter: duration(IDLE_AFTER) }, ({ kafka }) => {
  const delays = kafka('flights', { value: json<Flight>() }).map(({ value }) => {
    const [origin, hour, delay] = [value.origin, Number(value.date.slice(11, 13)), value.delay]
    return [
      [origin, hour],
      [delay, 1],
    ] as const satisfies readonly [readonly [string, number], Delays]
  })
  delays
    .mapValues((one): Delays => one)
    .reduceByKey(add)
    .map(([[origin, hour], [minutes, flights]]) => ({ origin, hour, flights, delay: Math.round(minutes / flights) }))
    .saveAsCsvFiles(`s3://${RESULTS}/delays-by-hour`, { columns: ['origin', 'hour', 'flights', 'delay'] })
  delays
    .map(([[origin], one]): [string, Delays] => [origin, one])
    .reduceByKeyAndWindow(add, takeOff, '7d', '1d', { id: 'week', filter: ([, [, flights]]) => flights > 0 })
    .map(([origin, [minutes, flights]]) => ({ origin, flights, delay: Math.round(minutes / flights) }))
    .saveAsCsvFiles(`s3://${RESULTS}/delays-over-a-week`, { columns: ['origin', 'flights', 'delay'] })
})

export const handler = lambda(flightDelays)
