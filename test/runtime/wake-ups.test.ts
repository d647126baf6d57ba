// Wake-ups: as few as will do, never one too few (DESIGN §4).

import { describe, expect, it } from 'vitest'
import { job, seconds, text } from '../../src/index.ts'
import { lambda } from '../../src/lambda/index.ts'
import { memoryEnvironment, readObjects } from '../../src/testing/memory-environment.ts'
import { kafkaEvent, lines } from '../support/kafka-events.ts'
import { bringToRest, wakeUpEvent } from '../support/rest.ts'

const copy = job('copy', { batch: seconds(1), idleAfter: seconds(10) }, ({ kafka }) => {
  kafka('lines', { value: text() })
    .map((record) => record.value)
    .saveAsTextFiles('s3://results/copy')
})

describe('wake-ups', () => {
  it('are one per job, however many partitions and invocations commit', async () => {
    const environment = memoryEnvironment()
    await lambda(copy, { environment })(
      kafkaEvent({ 'lines-0': lines(['a']), 'lines-1': lines(['b']), 'lines-2': lines(['c']) }),
    )
    await lambda(copy, { environment: environment.another() })(kafkaEvent({ 'lines-0': lines(['d'], { from: 1 }) }))
    expect(environment.armed).toHaveLength(1)
  })

  it('end: a job at rest arms nothing, and a wake-up that comes again neither', async () => {
    const environment = memoryEnvironment()
    const handler = lambda(copy, { environment })
    await handler(kafkaEvent({ 'lines-0': lines(['a']) }))
    const [first = 0] = environment.armed
    expect(await bringToRest('copy', handler, environment)).toBeLessThanOrEqual(2)
    expect([...(await readObjects(environment.objects, 'results')).keys()]).toContain('copy-1000/_SUCCESS')
    await handler(wakeUpEvent('copy', first))
    await lambda(copy, { environment: environment.another() })(wakeUpEvent('copy', first))
    expect(environment.armed).toEqual([])
  })

  it.each([100, 60_000])(
    'are armed for new data even by an instance whose clock, %i ms behind, says that the last one is still to come',
    async (skew) => {
      const environment = memoryEnvironment()
      const handler = lambda(copy, { environment })
      await handler(kafkaEvent({ 'lines-0': lines(['a']) }))
      await bringToRest('copy', handler, environment)
      const { clock } = environment
      const behind = environment.another({ clock: { now: () => clock.now() - skew } })
      await lambda(copy, { environment: behind })(kafkaEvent({ 'lines-0': lines(['b'], { from: 1, at: 1000 }) }))
      expect(environment.armed).toHaveLength(1)
    },
  )

  // The counterexample of model/Wake.tla without its rule "begin outdates rows to come".
  it('are not taken for under way because their row was written after they were handled', async () => {
    const environment = memoryEnvironment()
    const arm = async (name: string, at: number): Promise<void> => {
      environment.setTime(at)
      await lambda(copy, { environment: environment.another() })(wakeUpEvent(name, at))
    }
    await lambda(copy, { environment: environment.another({ waker: { arm } }) })(
      kafkaEvent({ 'lines-0': lines(['a']) }),
    )
    expect([...(await readObjects(environment.objects, 'results')).keys()]).toContain('copy-1000/_SUCCESS')
    expect(environment.armed).toEqual([])

    const { clock } = environment
    const behind = environment.another({ clock: { now: () => clock.now() - 100 } })
    await lambda(copy, { environment: behind })(kafkaEvent({ 'lines-0': lines(['b'], { from: 1, at: 1000 }) }))
    expect(environment.armed).toHaveLength(1)
  })

  it('for later than a queue can delay are passed on until they are due, by nobody else', async () => {
    const hourly = job('hourly', { batch: '1h' }, ({ kafka }) => {
      kafka('lines', { value: text() })
        .map((record) => record.value)
        .saveAsTextFiles('s3://results/hourly')
    })
    const start = 1_699_999_200_000 // a full hour
    const environment = memoryEnvironment(start)
    const handler = lambda(hourly, { environment })
    await handler(kafkaEvent({ 'lines-0': lines(['a'], { at: start }) }))
    const [due = 0] = environment.armed
    expect(due).toBeGreaterThan(start + 7_200_000)
    for (let hops = 1; hops <= 7; hops++) {
      environment.setTime(start + hops * 900_000) // SQS delays by 15 minutes at most
      await handler(wakeUpEvent('hourly', environment.armed.shift() ?? 0))
      expect(environment.armed).toEqual([due])
    }
    environment.setTime(due)
    await handler(wakeUpEvent('hourly', environment.armed.shift() ?? 0))
    expect([...(await readObjects(environment.objects, 'results')).keys()]).toContain(
      `hourly-${start + 3_600_000}/_SUCCESS`,
    )
    expect(environment.armed).toEqual([])
  })

  it('of another job are left alone', async () => {
    const environment = memoryEnvironment()
    const handler = lambda(copy, { environment })
    await handler(kafkaEvent({ 'lines-0': lines(['a']) }))
    environment.setTime(environment.clock.now() + 60_000)
    await handler(wakeUpEvent('another', 0))
    expect([...(await readObjects(environment.objects, 'results')).keys()]).not.toContain('copy-1000/_SUCCESS')
  })
})
