// `idle: 'run'`: every empty batch runs, as Spark's do, from the first batch with data on, and none before it.

import { describe, expect, it } from 'vitest'
import { job, seconds, text } from '../../src/index.ts'
import { driven, records } from '../support/driven.ts'

const counting = job('counting', { batch: seconds(1), idle: 'run', idleAfter: seconds(2) }, ({ kafka }) => {
  kafka('lines', { value: text() }).count().saveAsTextFiles('s3://results/count')
})

/** Old enough that intervals since the epoch would be noticed, and not so old that running them would take for ever. */
const NOW = 3_000_000

describe("a job with idle: 'run'", () => {
  it('begins with the first batch with data, however many intervals lie before it', async () => {
    const counts = driven(counting, { start: NOW })
    await counts.deliver(records('lines-0', ['a', 'b'], { at: NOW - 900 }))
    counts.later(2050)
    await counts.wake()
    const parts = Object.entries(await counts.published()).filter(([key]) => !key.endsWith('_SUCCESS'))
    expect(parts).toEqual([
      [`count-${NOW}/part-00000`, '2\n'],
      [`count-${NOW + 1000}/part-00000`, '0\n'],
      [`count-${NOW + 2000}/part-00000`, '0\n'],
    ])
  })

  it('runs nothing before any data has come', async () => {
    const counts = driven(counting, { start: NOW, partitions: { lines: 2 } })
    await counts.wake() // introduces the partitions
    counts.later('5s')
    await counts.wake()
    expect(await counts.published()).toEqual({})
    expect((await counts.head('close', '0'))?.version).toBeLessThan(5) // the partitions have joined, and nothing was closed
  })
})

describe("a job with idle: 'run' whose producer sends seconds", () => {
  const REAL = 1_700_000_000_000
  const inPlace = job('counting', { batch: seconds(1), idle: 'run', idleAfter: seconds(2) }, ({ kafka }) => {
    kafka('lines', { value: text() })
      .map(({ value }) => ['all', value] as const)
      .preservesPartitioning()
      .updateStateByKey((values, n: number | undefined) => (n ?? 0) + values.length)
      .saveAsTextFiles('s3://results/count')
  })
  const windows = job('counting', { batch: seconds(1), idle: 'run', idleAfter: seconds(2) }, ({ kafka }) => {
    kafka('lines', { value: text() })
      .map(({ value }) => ['all', value.length] as const)
      .reduceByKeyAndWindow((a, b) => a + b, '3s', '1s')
      .saveAsTextFiles('s3://results/count')
  })

  it.each([
    ['counting', counting],
    ['state in place', inPlace],
    ['windows', windows],
  ])('runs its records, and not the intervals of fifty years: %s', async (_, define) => {
    const counts = driven(define, { start: REAL, partitions: { lines: 1 } })
    for (const at of [REAL / 1000, 0, REAL - 5000, REAL]) await counts.deliver(records('lines-0', ['a'], { at }))
    for (let n = 1; n <= 4; n++) {
      counts.later('2s')
      await counts.wake()
    }
    const keys = Object.keys(await counts.published())
    const times = [...new Set(keys.map((key) => Number(/^count-(\d+)/.exec(key)?.[1])))].sort((a, b) => a - b)
    expect(times.filter((time) => time < REAL - 5000).length).toBeLessThan(1010) // those of one closing, at most
    expect(times.filter((time) => time > REAL - 5000)).toEqual(
      expect.arrayContaining(Array.from({ length: 8 }, (_, n) => REAL - 4000 + n * 1000)), // and every one since
    )
    const warned = counts.environment.logged.filter(({ message }) =>
      message.includes('seconds instead of milliseconds'),
    )
    expect(warned).toHaveLength(1)
  })

  it.each([
    ['seconds', REAL / 1000],
    ['zero', 0],
    ['a year ago', REAL - 366 * 86_400_000],
  ])('goes on by the clock when nothing else comes: %s', async (_, timestamp) => {
    const counts = driven(counting, { start: REAL })
    await counts.deliver(records('lines-0', ['a'], { at: timestamp }))
    for (let n = 1; n <= 3; n++) {
      counts.later('3s')
      await counts.wake()
    }
    const results = await counts.published()
    expect(Object.keys(results).length).toBeLessThan(100)
    expect(results[`count-${REAL + 9000}/part-00000`]).toBe('0\n')
  })

  it('a job that slept for a day runs every interval of it', async () => {
    const minutes = job('counting', { batch: '1m', idle: 'run', idleAfter: seconds(2) }, ({ kafka }) => {
      kafka('lines', { value: text() }).count().saveAsTextFiles('s3://results/count')
    })
    const counts = driven(minutes, { start: REAL })
    await counts.deliver(records('lines-0', ['a'], { at: REAL - 86_400_000 }))
    await counts.deliver(records('lines-0', ['a'], { at: REAL }))
    const parts = Object.keys(await counts.published()).filter((key) => key.includes('/part'))
    expect(parts).toHaveLength(24 * 60)
  })
})
