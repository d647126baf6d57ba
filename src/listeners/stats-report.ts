// A ready-made listener: how long batches took, as Spark's StatsReportListener says it, to the letter. Source:
// org.apache.spark.streaming.scheduler.StatsReportListener, org.apache.spark.scheduler.StatsReportListener, and `Distribution` and
// `StatCounter` of org.apache.spark.util.

import { InvalidOptionError } from '../errors/errors.ts'
import { checkKnownOptions } from '../options/options.ts'
import type { BatchInfo, Listener } from './listener.ts'

/** Options of {@link statsReport}. */
export interface StatsReportOptions {
  /** Over how many batches, the last ones. Default 10. */
  readonly batches?: number
  /** Gets each line. Default: standard output. */
  readonly write?: (line: string) => void
}

/**
 * A listener that says after each batch how long the last ones took: least, mean and greatest, and quantiles, of the total delay and of the
 * processing time. Spark: `StatsReportListener`. It knows the batches that this instance has closed.
 *
 * @throws InvalidOptionError unless `batches` is a whole number, 1 or more.
 * @example
 * job('words', { batch: '5s', listeners: [statsReport({ batches: 20 })] }, ({ kafka }) => {
 *   kafka('lines', { value: text() }).count().print()
 * })
 */
export function statsReport(options: StatsReportOptions = {}): Listener {
  checkKnownOptions('statsReport', options, ['batches', 'write'])
  const { batches = 10, write = (line) => console.log(line) } = options
  if (!Number.isInteger(batches) || batches < 1)
    throw new InvalidOptionError(`statsReport, batches: must be a whole number, 1 or more, got ${batches}.`)
  const infos: BatchInfo[] = []
  return {
    onBatchCompleted(info) {
      infos.push(info)
      if (infos.length > batches) infos.shift()
      const lines = [
        ...distribution('Total delay: ', infos, ({ totalDelay }) => totalDelay),
        ...distribution('Processing time: ', infos, ({ processingDelay }) => processingDelay),
      ]
      for (const line of lines) write(line)
    },
  }
}

const PERCENTILES = [0, 5, 10, 25, 50, 75, 90, 95, 100]

function distribution(
  heading: string,
  infos: readonly BatchInfo[],
  metric: (info: BatchInfo) => number | undefined,
): string[] {
  const data = infos.flatMap((info) => metric(info) ?? []).sort((a, b) => a - b)
  if (data.length === 0) return []
  const quantiles = PERCENTILES.map(
    (percent) => data[Math.min(Math.trunc((percent / 100) * data.length), data.length - 1)],
  )
  return [
    `${heading}${stats(data)}`,
    `\t${PERCENTILES.join('%\t')}%`,
    `\t${quantiles.map((milliseconds = 0) => millisToString(milliseconds)).join('\t')}`,
  ]
}

/** Welford's sums, in the order in which Spark adds up, so that the digits are the same. */
function stats(data: readonly number[]): string {
  let [n, mean, squares] = [0, 0, 0]
  for (const value of data) {
    const delta = value - mean
    n += 1
    mean += delta / n
    squares += delta * (value - mean)
  }
  const figures = { mean, stdev: Math.sqrt(squares / n), max: data.at(-1) ?? 0, min: data[0] ?? 0 }
  const named = Object.entries(figures).map(([name, figure]) => `${name}: ${fixed(figure, 6)}`)
  return `(count: ${n}, ${named.join(', ')})`
}

const SECOND = 1000
const MINUTE = 60 * SECOND
const HOUR = 60 * MINUTE

function millisToString(milliseconds: number): string {
  if (milliseconds > HOUR) return `${fixed(milliseconds / HOUR, 1)} hours`
  if (milliseconds > MINUTE) return `${fixed(milliseconds / MINUTE, 1)} min`
  if (milliseconds > SECOND) return `${fixed(milliseconds / SECOND, 1)} s`
  return `${fixed(milliseconds, 1)} ms`
}

/** As Java's `%.1f`: halves of the shortest decimal form go up, where `toFixed` goes by the binary value. 1.15 is 1.2. */
function fixed(value: number, digits: number): string {
  const shifted = Number(`${Math.abs(value)}e${digits}`)
  if (Number.isNaN(shifted)) return value.toFixed(digits) // of a number whose own form has an exponent
  const rounded = Number(`${Math.round(shifted)}e-${digits}`)
  return (value < 0 ? -rounded : rounded).toFixed(digits)
}
