// Partitions that nothing has ever come from: how long they have been silent counts from their birth, not from when a process
// first looked at them. Otherwise instances that are new each time would wait for them for ever.

import { expect, it } from 'vitest'
import { job, seconds, text } from '../../src/index.ts'
import { lambda } from '../../src/lambda/index.ts'
import { memoryEnvironment, readObjects } from '../../src/testing/memory-environment.ts'
import { kafkaEvent } from '../support/kafka-events.ts'
import { wakeUpEvent } from '../support/rest.ts'

const START = 1_700_000_000_000

const counts = job('counts', { batch: seconds(1), idleAfter: seconds(10) }, ({ kafka }) => {
  kafka('lines', { value: text() })
    .map((record) => [record.key ?? '', 1] as const)
    .preservesPartitioning()
    .reduceByKey((a, b) => a + b)
    .saveAsTextFiles('s3://results/counts')
})

it('are moved on by an instance that has just started, whose code takes the job over each time', async () => {
  const environment = memoryEnvironment(START)
  const partitions = new Map([['lines', 3]])
  const instance = (code: string) => lambda(counts, { environment: environment.another({ code, partitions }) })
  await instance('v1')(kafkaEvent({ 'lines-2': [{ offset: 0, timestamp: START, key: 'a', value: 'x' }] }))
  environment.setTime(START + 10_100)
  await instance('v2')(wakeUpEvent('counts', START + 10_050))
  expect(await readObjects(environment.objects, 'results')).toEqual(
    new Map([
      [`counts-${START + 1000}/_SUCCESS`, ''],
      [`counts-${START + 1000}/part-lines-2`, '(a,1)\n'],
    ]),
  )
})
