// `idle: 'run'`: every empty batch runs, as Spark's do, from the first batch with data on, and none before it.

import { describe, expect, it } from 'vitest'
import { job, seconds, text } from '../../src/index.ts'
import { lambda } from '../../src/lambda/index.ts'
import { memoryEnvironment, readObjects } from '../../src/testing/memory-environment.ts'
import { kafkaEvent, lines } from '../support/kafka-events.ts'
import { wakeUpEvent } from '../support/rest.ts'

const counting = job('counting', { batch: seconds(1), idle: 'run', idleAfter: seconds(2) }, ({ kafka }) => {
  kafka('lines', { value: text() }).count().saveAsTextFiles('s3://results/count')
})

/** Old enough that intervals since the epoch would be noticed, and not so old that running them would take for ever. */
const NOW = 3_000_000

describe("a job with idle: 'run'", () => {
  it('begins with the first batch with data, however many intervals lie before it', async () => {
    const environment = memoryEnvironment(NOW)
    const handler = lambda(counting, { environment })
    await handler(kafkaEvent({ 'lines-0': lines(['a', 'b'], { at: NOW - 900 }) }))
    environment.setTime(NOW + 2050)
    await handler(wakeUpEvent('counting', NOW + 2050))

    const results = await readObjects(environment.objects, 'results')
    expect([...results].filter(([key]) => !key.endsWith('_SUCCESS'))).toEqual([
      [`count-${NOW}/part-00000`, '2\n'],
      [`count-${NOW + 1000}/part-00000`, '0\n'],
      [`count-${NOW + 2000}/part-00000`, '0\n'],
    ])
  })

  it('runs nothing before any data has come', async () => {
    const environment = memoryEnvironment(NOW).another({ partitions: new Map([['lines', 2]]) })
    const handler = lambda(counting, { environment })
    await handler(wakeUpEvent('counting', NOW)) // introduces the partitions
    environment.setTime(NOW + 5000)
    await handler(wakeUpEvent('counting', NOW + 5000))
    expect(await readObjects(environment.objects, 'results')).toEqual(new Map())
    const closing = await environment.table.head({ job: 'counting', stage: 'close', task: '0' })
    expect(closing?.version).toBeLessThan(5) // the partitions have joined, and nothing was closed
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
    const environment = memoryEnvironment(REAL).another({ partitions: new Map([['lines', 1]]) })
    const handler = lambda(define, { environment })
    for (const [offset, timestamp] of [REAL / 1000, 0, REAL - 5000, REAL].entries()) {
      await handler(kafkaEvent({ 'lines-0': [{ offset, timestamp, value: 'a' }] }))
    }
    for (let n = 1; n <= 4; n++) {
      environment.setTime(REAL + n * 2000)
      await handler(wakeUpEvent('counting', REAL + n * 2000))
    }
    const keys = [...(await readObjects(environment.objects, 'results')).keys()]
    const times = [...new Set(keys.map((key) => Number(/^count-(\d+)/.exec(key)?.[1])))].sort((a, b) => a - b)
    expect(times.filter((time) => time < REAL - 5000).length).toBeLessThan(1010) // those of one closing, at most
    expect(times.filter((time) => time > REAL - 5000)).toEqual(
      expect.arrayContaining(Array.from({ length: 8 }, (_, n) => REAL - 4000 + n * 1000)), // and every one since
    )
    const warned = environment.logged.filter(({ message }) => message.includes('seconds instead of milliseconds'))
    expect(warned).toHaveLength(1)
  })

  it.each([
    ['seconds', REAL / 1000],
    ['zero', 0],
    ['a year ago', REAL - 366 * 86_400_000],
  ])('goes on by the clock when nothing else comes: %s', async (_, timestamp) => {
    const environment = memoryEnvironment(REAL)
    const handler = lambda(counting, { environment })
    await handler(kafkaEvent({ 'lines-0': [{ offset: 0, timestamp, value: 'a' }] }))
    for (let n = 1; n <= 3; n++) {
      environment.setTime(REAL + n * 3000)
      await handler(wakeUpEvent('counting', REAL + n * 3000))
    }
    const results = await readObjects(environment.objects, 'results')
    expect(results.size).toBeLessThan(100)
    expect(results.get(`count-${REAL + 9000}/part-00000`)).toBe('0\n')
  })

  it('a job that slept for a day runs every interval of it', async () => {
    const environment = memoryEnvironment(REAL)
    const minutes = job('counting', { batch: '1m', idle: 'run', idleAfter: seconds(2) }, ({ kafka }) => {
      kafka('lines', { value: text() }).count().saveAsTextFiles('s3://results/count')
    })
    const handler = lambda(minutes, { environment })
    await handler(kafkaEvent({ 'lines-0': [{ offset: 0, timestamp: REAL - 86_400_000, value: 'a' }] }))
    await handler(kafkaEvent({ 'lines-0': [{ offset: 1, timestamp: REAL, value: 'a' }] }))
    const parts = [...(await readObjects(environment.objects, 'results')).keys()].filter((key) => key.includes('/part'))
    expect(parts).toHaveLength(24 * 60)
  })
})
