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
