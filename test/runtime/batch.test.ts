// The life of a micro-batch, seen from the handler: I1, I3, I4, I7.

import { describe, expect, it } from 'vitest'
import { type Job, job, seconds, text } from '../../src/index.ts'
import { lambda } from '../../src/lambda/index.ts'
import { memoryEnvironment, readObjects } from '../../src/testing/memory-environment.ts'
import { kafkaEvent, lines } from '../support/kafka-events.ts'

const upper: Job = job('upper', { batch: seconds(1) }, ({ kafka }) => {
  kafka('lines', { value: text() })
    .map((record) => record.value.toUpperCase())
    .saveAsTextFiles('s3://results/upper')
})

describe('a micro-batch', () => {
  it('becomes one part per batch time, named by partition and first offset', async () => {
    const environment = memoryEnvironment()
    await lambda(upper, { environment })(
      kafkaEvent({ 'lines-0': lines(['a', 'b', 'c'], { from: 7, at: 800, step: 100 }) }),
    )
    expect(await readObjects(environment.objects, 'results')).toEqual(
      new Map([
        ['upper-1000/_SUCCESS', ''],
        ['upper-1000/part-lines-0-00000000000000000007', 'A\nB\n'],
        ['upper-2000/part-lines-0-00000000000000000009', 'C\n'],
      ]),
    )
  })

  it('is skipped when it comes again, to this process or to another (I1)', async () => {
    const environment = memoryEnvironment()
    const event = kafkaEvent({ 'lines-0': lines(['a', 'b']) })
    const handler = lambda(upper, { environment })
    await handler(event)
    const before = await readObjects(environment.objects, 'results')
    await handler(event)
    await lambda(upper, { environment: environment.another() })(event)
    expect(await readObjects(environment.objects, 'results')).toEqual(before)
  })

  it('closes T when every partition has passed it, and writes _SUCCESS', async () => {
    const environment = memoryEnvironment()
    const handler = lambda(upper, { environment })
    await handler(
      kafkaEvent({ 'lines-0': lines(['a', 'b'], { at: 500, step: 1000 }), 'lines-1': lines(['x'], { at: 100 }) }),
    )
    expect(
      [...(await readObjects(environment.objects, 'results')).keys()].filter((key) => key.endsWith('_SUCCESS')),
    ).toEqual([])
    await handler(kafkaEvent({ 'lines-1': lines(['y'], { from: 1, at: 1100 }) }))
    expect(
      [...(await readObjects(environment.objects, 'results')).keys()].filter((key) => key.endsWith('_SUCCESS')),
    ).toEqual(['upper-1000/_SUCCESS'])
  })

  it('is brought to rest by its wake-up, which arms no other', async () => {
    const environment = memoryEnvironment()
    const handler = lambda(upper, { environment })
    await handler(
      kafkaEvent({ 'lines-0': lines(['a', 'b'], { at: 500, step: 1000 }), 'lines-1': lines(['x'], { at: 100 }) }),
    )
    expect(environment.armed).toHaveLength(1)
    const [at = 0] = environment.armed
    environment.setTime(at)
    await handler({
      Records: [{ eventSource: 'aws:sqs', body: JSON.stringify({ millrace: 'wake', job: 'upper', at }) }],
    })
    expect(
      [...(await readObjects(environment.objects, 'results')).keys()].filter((key) => key.endsWith('_SUCCESS')),
    ).toEqual(['upper-1000/_SUCCESS', 'upper-2000/_SUCCESS'])
    expect(environment.armed).toHaveLength(1)
  })
})
