// simulate as a user meets it.

import { expect, it } from 'vitest'
import { type Job, job, json, seconds, text } from '../../../src/index.ts'
import { type SimulatedJob, type SimulationReport, simulate } from '../../../src/testing/index.ts'
import { simulation } from '../../cli/fixtures/distinct.ts'

const counts: Job = job('counts', { batch: seconds(5), numPartitions: 2 }, ({ kafka }) => {
  const words = kafka('lines', { value: text() }).flatMap(({ value }) => value.split(' '))
  words
    .map((word) => [word, 1] as const)
    .reduceByKey((a, b) => a + b)
    .saveAsTextFiles('s3://results/counts')
  words.saveAsCsvFiles('s3://results/words')
  words.count().print()
})

const SEEDS = Array.from({ length: 30 }, (_, i) => i + 1)

/** The first seed that finds something wrong with a job. */
async function firstFailure(define: SimulatedJob): Promise<SimulationReport> {
  for (let seed = 1; seed <= 300; seed++) {
    const report = await simulate(define, { seed, shrink: false })
    if (report.violations.length > 0) return report
  }
  throw new Error('nothing found')
}

const distinct: SimulatedJob = simulation.job

it('finds nothing wrong with a job that depends on its records alone', async () => {
  for (const seed of SEEDS) {
    const { violations } = await simulate(counts, { seed })
    expect(violations, `seed ${seed}`).toEqual([])
  }
})

it('runs the same seed in the same way', async () => {
  for (const seed of SEEDS.slice(0, 10)) {
    const [first, second] = [
      await simulate(counts, { seed, trace: true }),
      await simulate(counts, { seed, trace: true }),
    ]
    expect(second.trace).toEqual(first.trace)
    expect(first.trace.length).toBeGreaterThan(20)
    expect(second.outputs).toEqual(first.outputs)
  }
})

it('finds code that depends on how records were cut into invocations', async () => {
  const { violations } = await firstFailure(
    job('first', { batch: 1000 }, ({ kafka }) => {
      kafka('lines', { value: text() })
        .mapPartitions((records) => [...records].slice(0, 1).map(({ value }) => `first of the batch: ${value}`))
        .saveAsTextFiles('s3://results/first')
    }),
  )
  expect(violations.join()).toMatch(/s3:\/\/results\/first at T = \d+: .* instead of/)
})

it('finds code that remembers in a variable what it has seen, and tells the shortest story of it', async () => {
  const { seed, violations } = await firstFailure(distinct)
  expect(violations.join()).toMatch(/s3:\/\/results\/distinct at T = \d+: .* instead of/)
  const whole = await simulate(distinct, { seed, trace: true, shrink: false })
  const { story } = await simulate(distinct, { seed })
  const lines = story.split('\n')
  expect(lines[0]).toMatch(/^ *1\. \+0\.0 s {2}process-1 is invoked with lines-\d+: offset/)
  expect(story).toMatch(/process-1 commits version 2 of lines-\d+ with offset/)
  expect(lines.at(-1)).toMatch(/VIOLATION: s3:\/\/results\/distinct at T/)
  expect(lines.length).toBeLessThan(whole.story.split('\n').length / 2)
}, 300_000)

it('takes records as they are given', async () => {
  const orders = job('orders', { batch: 1000 }, ({ kafka }) => {
    kafka('orders', { value: json<{ cents: number }>() })
      .map(({ key, value }) => [key, value.cents] as const)
      .reduceByKey((a, b) => a + b)
      .saveAsNdjsonFiles('s3://results/orders')
  })
  const records = Array.from({ length: 20 }, (_, i) => ({ key: `k${i % 3}`, value: { cents: i }, partition: i % 2 }))
  const { violations, outputs } = await simulate(orders, { seed: 7, records })
  expect(violations).toEqual([])
  const lines = [...(outputs.get('s3://results/orders')?.values() ?? [])].flat()
  const cents = lines.map((line): number => JSON.parse(line)[1])
  expect(cents.reduce((a, b) => a + b, 0)).toBe(190)
  await expect(simulate(orders, { seed: 1, records: [] })).rejects.toThrow(/there are none/)
  await expect(simulate(orders, { seed: 1 })).rejects.toThrow(/what its records may look like is not known/)
  await expect(simulate(orders, { seed: 1, records: [{ topic: 'other', value: 1 }] })).rejects.toThrow(
    /reads orders, not 'other'/,
  )
})

it('refuses options that it does not know', async () => {
  const options = { seed: 1, sed: 2 }
  await expect(simulate(counts, options)).rejects.toThrow(/unknown option 'sed'. Did you mean 'seed'/)
  await expect(simulate(counts, { seed: 0.5 })).rejects.toThrow(/a whole number is needed/)
})
