// Partitions that nothing has ever come from: how long they have been silent counts from their birth, not from when a process
// first looked at them. Otherwise instances that are new each time would wait for them for ever.

import { expect, it } from 'vitest'
import { job, seconds, text } from '../../src/index.ts'
import { driven, records } from '../support/driven.ts'

const START = 1_700_000_000_000

const counts = job('counts', { batch: seconds(1), idleAfter: seconds(10) }, ({ kafka }) => {
  kafka('lines', { value: text() })
    .map((record) => [record.key ?? '', 1] as const)
    .preservesPartitioning()
    .reduceByKey((a, b) => a + b)
    .saveAsTextFiles('s3://results/counts')
})

it('are moved on by an instance that has just started, whose code takes the job over each time', async () => {
  const first = driven(counts, { start: START, partitions: { lines: 3 } })
  await first.deliver(records('lines-2', [{ key: 'a', value: 'x' }], { at: START }))
  first.later(10_100)
  await first.another({ code: 'v2' }).wake(START + 10_050)
  expect(await first.published()).toEqual({
    [`counts-${START + 1000}/_SUCCESS`]: '',
    [`counts-${START + 1000}/part-lines-2`]: '(a,1)\n',
  })
})
