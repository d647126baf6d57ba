// What is predicted from the plan is what a run costs, counted request by request: within a fifth.

import zlib from 'node:zlib'
import { describe, expect, it } from 'vitest'
import { DEFAULTS, type Load } from '../../src/cost/assumptions.ts'
import { measuredOf } from '../../src/cost/measured.ts'
import { ratesOf } from '../../src/cost/predict.ts'
import { definitionOf } from '../../src/graph/job.ts'
import { type Job, job, seconds, text } from '../../src/index.ts'
import { countedRun } from './measured-run.ts'

const SECONDS = 40
const KEYS = 200

const lines = Array.from({ length: 2000 }, (_, n) => {
  const id = (n * 2654435761) % 4294967296
  return `key-${String((n * 7919) % KEYS).padStart(6, '0')} ${id} ${Math.sin(n).toString(36)} GET /shop/${n} HTTP/1.1 200 ${id % 977} Mozilla/5.0`
})
const size = lines.join('').length / lines.length
const some = lines.slice(0, 100).join('\n')
const compressed =
  zlib.zstdCompressSync(some, { params: { [zlib.constants.ZSTD_c_compressionLevel]: 1 } }).length / some.length

const input = ({ kafka }: Parameters<Parameters<typeof job>[2]>[0]) =>
  kafka('lines', { value: text() }).map(({ value }) => value)
const pairs = (define: Parameters<Parameters<typeof job>[2]>[0]) =>
  input(define).map((line) => [line.slice(0, line.indexOf(' ')), 1] as const)
const options = { batch: seconds(5), numPartitions: 4 }

const JOBS: readonly Job[] = [
  job('copy', options, (define) => {
    input(define).saveAsTextFiles('s3://results/copy')
  }),
  job('filtered', options, (define) => {
    input(define)
      .filter((line) => Number(line.split(' ')[1]) % 10 === 0)
      .saveAsTextFiles('s3://results/filtered')
  }),
  job('counts', options, (define) => {
    pairs(define)
      .reduceByKey((a, b) => a + b)
      .saveAsTextFiles('s3://results/counts')
  }),
  job('hot', options, (define) => {
    pairs(define)
      .reduceByKeyAndWindow(
        (a, b) => a + b,
        (a, b) => a - b,
        seconds(20),
        seconds(10),
      )
      .saveAsTextFiles('s3://results/hot')
  }),
  job('running', options, (define) => {
    pairs(define)
      .updateStateByKey((ones: readonly number[], n: number | undefined) => (n ?? 0) + ones.length)
      .saveAsTextFiles('s3://results/running')
  }),
]

describe.each(JOBS.map((one) => [one.name, one] as const))('%s', (name, one) => {
  it.each([
    [500, 4, 1],
    [100, 2, 0.5],
  ])('at %i records a second in %i partitions, gathered for %d s', async (rate, partitions, window) => {
    const load: Load = {
      ...DEFAULTS,
      rate,
      size,
      partitions,
      window,
      keys: KEYS,
      value: 1,
      compressed,
      pollers: undefined,
      keep: name === 'filtered' ? 0.1 : 1,
    }
    const predicted = ratesOf(definitionOf('test', one), load)
    const counted = await countedRun(
      one,
      { rate, partitions, window, value: (n) => lines[n % lines.length] ?? '' },
      SECONDS,
    )
    const perSecond = {
      commits: predicted.commits,
      writeUnits: counted.writeUnits / SECONDS,
      puts: counted.puts / SECONDS,
      logBytes: counted.logBytes / SECONDS,
      gets: counted.gets / SECONDS,
      reads: counted.reads / SECONDS,
      wakeUps: counted.wakeUps / SECONDS,
    }
    within(predicted.writeUnits, perSecond.writeUnits, 'write units')
    within(predicted.puts, perSecond.puts, 'PUTs')
    within(predicted.logBytes, perSecond.logBytes, 'bytes of the log')
    within(predicted.readUnits, perSecond.reads, 'reads')
    within(predicted.wakeUps, perSecond.wakeUps, 'wake-ups')
    // And so says the log, which `cost --measured` reads.
    const measured = await measuredOf(name, counted.places)
    within(measured?.records ?? 0, rate, 'records that were measured')
    within(measured?.commits ?? 0, predicted.commits, 'commits that were measured')
    within(measured?.writeUnits ?? 0, perSecond.writeUnits, 'write units that were measured')
    within(measured?.logBytes ?? 0, perSecond.logBytes, 'bytes that were measured')
    within(measured?.puts ?? 0, perSecond.puts, 'objects that were measured')
  })
})

function within(predicted: number, counted: number, what: string): void {
  const off = Math.abs(predicted - counted) / counted
  expect.soft(off, `${what}: ${predicted.toFixed(2)} predicted, ${counted.toFixed(2)} counted`).toBeLessThan(0.2)
}
