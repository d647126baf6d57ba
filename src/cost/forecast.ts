// What a job will cost: the bill, what was assumed for it, and what to watch. The command prints all of it, a deployment one line.

import type { JobDefinition } from '../graph/job.ts'
import { ASSUMED, DEFAULTS, type Load, UNITS_PER_SECOND } from './assumptions.ts'
import { type Rates, ratesOf, usageOf } from './predict.ts'
import { type Bill, billOf } from './usage.ts'

/** What somebody says of the load; what is left out is assumed. */
export type GivenLoad = Pick<Load, 'rate' | 'size'> & { readonly [K in keyof Load]?: Load[K] | undefined }

export interface Forecast {
  readonly job: string
  readonly load: Load
  readonly rates: Rates
  readonly bill: Bill
  readonly perMillionRecords: number
  /** What nobody has said. */
  readonly assumptions: readonly string[]
  readonly warnings: readonly string[]
}

export function forecastOf(job: JobDefinition, given: GivenLoad): Forecast {
  const named = Object.entries(given).flatMap(([name, value]) => (value === undefined ? [] : [[name, value] as const]))
  const load: Load = {
    ...DEFAULTS,
    pollers: undefined,
    ...Object.fromEntries(named),
    rate: given.rate,
    size: given.size,
  }
  const rates = ratesOf(job, load)
  const bill = billOf(usageOf(rates, load, job.settings.retention), load.region)
  const months = load.rate * 730 * 3600
  return {
    job: job.name,
    load,
    rates,
    bill,
    perMillionRecords: (bill.dollars / months) * 1e6,
    assumptions: assumptionsOf(given, bill),
    warnings: warningsOf(rates),
  }
}

function assumptionsOf(given: GivenLoad, { assumed }: Bill): string[] {
  const unsaid = Object.entries(ASSUMED).flatMap(([name, words]) => (isGiven(given, name) ? [] : [words]))
  return [
    ...unsaid,
    'what AWS services take to answer: 6 ms of DynamoDB, 100 ms of S3',
    ...(assumed.length > 0
      ? [`the price of us-east-1 for ${assumed.join(', ')}, since this region's is not known here`]
      : []),
  ]
}

const isGiven = (given: GivenLoad, name: string): boolean =>
  Object.entries(given).some(([one, value]) => one === name && value !== undefined)

/** Of the ceiling, from which on it is told. */
const NEAR = 0.7

function warningsOf({ unitsOfOneLog, concurrency }: Rates): string[] {
  const share = unitsOfOneLog / UNITS_PER_SECOND
  const units = `the busiest task writes ${Math.round(unitsOfOneLog).toLocaleString('en')} write units a second`
  return [
    ...(share > 1
      ? [
          `${units}, and DynamoDB takes ${UNITS_PER_SECOND.toLocaleString('en')} of one key: more partitions or buckets, a longer window, or less in each record`,
        ]
      : share > NEAR
        ? [`${units}, which is near the ${UNITS_PER_SECOND.toLocaleString('en')} that DynamoDB takes of one key`]
        : []),
    ...(concurrency > 1000
      ? [`${Math.ceil(concurrency)} invocations at the same time: an account has 1,000 unless it has asked for more`]
      : []),
  ]
}

/** For a deployment. @example costLine(job, { rate: 1, size: 200 }) */
export function costLine(job: JobDefinition, given: GivenLoad): string {
  const { bill, load } = forecastOf(job, given)
  return `some $${Math.max(1, Math.round(bill.dollars))} a month if it read ${load.rate} records/s of ${load.size} B in ${load.region}; for your own figures: millrace cost <module> --rate … --size …`
}
