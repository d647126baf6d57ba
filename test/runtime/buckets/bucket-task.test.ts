// One bucket by itself: what must not be sealed away.

import { expect, it } from 'vitest'
import { job, text } from '../../../src/index.ts'
import { viewOf } from '../../../src/plan/shape.ts'
import type { StageInput } from '../../../src/runtime/buckets/bucket-run.ts'
import { BucketTask } from '../../../src/runtime/buckets/bucket-task.ts'
import { Plans } from '../../../src/runtime/plans.ts'
import { memoryEnvironment } from '../../../src/testing/memory-environment.ts'
import { defined, planned } from '../../support/definition.ts'

const add = (a: number, b: number): number => a + b

const chain = job('chain', { batch: 1000, numPartitions: 1 }, ({ kafka }) => {
  kafka('lines', { value: text() })
    .map(({ value }) => [value, 1] as const)
    .reduceByKey(add)
    .map(([, n]) => [n, 1] as const)
    .reduceByKey(add)
    .saveAsTextFiles('s3://results/chain')
})

it('is not sealed while the next stage may still need what it has done', async () => {
  const plan = planned(chain)
  const { stages } = plan
  const [stage] = stages
  if (!stage) throw new Error('no stage')
  const environment = memoryEnvironment(0)
  const publisher = {
    objects: environment.objects,
    print: () => {},
    call: async () => {},
    wake: async () => {},
    gone: () => {},
  }
  const plans = new Plans(defined(chain), viewOf(plan), environment)
  const ref = { job: 'chain', stage: stage.id, task: '0' }
  const bucket = new BucketTask({
    ref,
    bucket: 0,
    stage,
    settings: defined(chain).settings,
    environment,
    publisher,
    plans,
  })
  const input: StageInput = {
    after: 0,
    closedUntil: 1000,
    apart: new Set(),
    touched: [1000],
    itemsOf: () => [['a', 2]],
    sizeOf: () => 1,
    rangesOf: () => [],
  }
  await bucket.beBorn()
  await bucket.advance(input)
  // Somebody who has not seen yet that 1000 is closed comes to seal what it takes for a quiet job.
  expect(await bucket.seal(0)).toBe(false)
  expect(bucket.partials).toMatchObject([{ time: 1000, shuffle: [[expect.any(String), 0, [[2, 1]]]] }])
  expect(await bucket.seal(1000)).toBe(true)
  expect(bucket.partials).toEqual([])
})
