// A server's log: errors per service and minute, and the minutes in which a service had far more of them than it used to. What it used
// to have is a mean and a variance per service, learned minute by minute (Welford's method); minutes without an error are zeros.

import { type DStream, duration, job, minutes, type State, StateSpec, text } from 'millrace'
import { lambda } from 'millrace/lambda'

const { RESULTS = 'results', LOG = 'log', IDLE_AFTER = '10s' } = process.env

const MINUTE = minutes(1)
/** So many standard deviations above the mean are an alert. */
const Z = 3
/** Before that nobody knows what is usual. */
const LEAST_MINUTES = 10
/** An error more or less is nothing, however even the past was. */
const LEAST_DEVIATION = 1

/** Of the counts of past minutes; `m2` is the sum of the squares of what they are away from their mean. */
interface Past {
  readonly minutes: number
  readonly mean: number
  readonly m2: number
  /** The batch time of the last minute that counts. */
  readonly until: number
}

export interface Alert {
  readonly service: string
  readonly minute: string
  readonly errors: number
  readonly mean: number
  readonly deviation: number
  readonly z: number
}

/** `2026-11-30T18:42:19.500Z ERROR checkout the till does not answer`; lines of another form, such as stack traces, belong to the one before. */
const LINE = /^\S+ (?<level>[A-Z]+) (?<service>\S+) /

export function errorsByService(lines: DStream<string>): DStream<[service: string, errors: number]> {
  return lines
    .flatMap((line) => {
      const { level, service } = LINE.exec(line)?.groups ?? {}
      return service !== undefined && (level === 'ERROR' || level === 'FATAL') ? [service] : []
    })
    .countByValue()
}

/** `times` minutes with `errors` each go into the past. */
function learned({ minutes, mean, m2, until }: Past, errors: number, times: number): Past {
  const all = minutes + times
  const away = errors - mean
  return {
    minutes: all,
    mean: mean + (away * times) / all,
    m2: m2 + (away * away * minutes * times) / all,
    until: until + times * MINUTE,
  }
}

export function alerts(errors: DStream<[service: string, errors: number]>): DStream<Alert> {
  const watch = StateSpec.function((time: number, service: string, errors: number | undefined, state: State<Past>) => {
    if (errors === undefined) return undefined // timing out
    const before = state.getOption() ?? { minutes: 0, mean: 0, m2: 0, until: time - MINUTE }
    const quiet = (time - before.until) / MINUTE - 1
    const past = quiet > 0 ? learned(before, 0, quiet) : before
    state.update(learned(past, errors, 1))
    if (past.minutes < LEAST_MINUTES) return undefined
    const deviation = Math.max(Math.sqrt(past.m2 / (past.minutes - 1)), LEAST_DEVIATION)
    const z = (errors - past.mean) / deviation
    const minute = new Date(time - MINUTE).toISOString()
    return z > Z ? { service, minute, errors, mean: past.mean, deviation, z } : undefined
  })
  return errors.mapWithState(watch.timeout('1d'), { id: 'past' })
}

export const logErrors = job('log-errors', { batch: MINUTE, idleAfter: duration(IDLE_AFTER) }, ({ kafka }) => {
  const errors = errorsByService(kafka(LOG, { value: text() }).map(({ value }) => value))

  errors.map(([service, count]) => ({ service, errors: count })).saveAsNdjsonFiles(`s3://${RESULTS}/errors`)
  alerts(errors).saveAsNdjsonFiles(`s3://${RESULTS}/alerts`)
})

export const handler = lambda(logErrors)
