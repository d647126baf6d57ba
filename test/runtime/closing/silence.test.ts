// Partitions that fall silent or come late (DESIGN §4), and logs that are lost (I7).

import { describe, expect, it } from 'vitest'
import { job, seconds, text } from '../../../src/index.ts'
import { lambda } from '../../../src/lambda/index.ts'
import type { Environment } from '../../../src/runtime/environment.ts'
import { memoryTable } from '../../../src/stores/memory-table.ts'
import { type MemoryEnvironment, memoryEnvironment, readObjects } from '../../../src/testing/memory-environment.ts'
import { kafkaEvent, lines } from '../../support/kafka-events.ts'
import { bringToRest, wakeUpEvent } from '../../support/rest.ts'

const copy = job('copy', { batch: seconds(1), idleAfter: seconds(10) }, ({ kafka }) => {
  kafka('lines', { value: text() })
    .map((record) => record.value)
    .saveAsTextFiles('s3://results/copy')
})

const source = (task: string) => ({ job: 'copy', stage: 'source', task })

async function results({ objects }: Environment): Promise<Record<string, string>> {
  const found = await readObjects(objects, 'results')
  return Object.fromEntries([...found].map(([key, body]) => [key.replace(/^copy-/, '').replace(/0{19}/, ''), body]))
}

describe('a partition that falls silent', () => {
  it('holds the others back for idleAfter, and no longer', async () => {
    const environment = memoryEnvironment()
    const handler = lambda(copy, { environment })
    await handler(kafkaEvent({ 'lines-0': lines(['a']), 'lines-1': lines(['x']) }))
    await handler(kafkaEvent({ 'lines-0': lines(['b'], { from: 1, at: 1500 }) }))
    environment.setTime(environment.clock.now() + 9_999)
    await handler(kafkaEvent({ 'lines-0': lines(['c'], { from: 2, at: 2500 }) }))
    expect(await results(environment)).not.toHaveProperty('1000/_SUCCESS')
    environment.setTime(environment.clock.now() + 1)
    await handler(kafkaEvent({ 'lines-0': lines(['d'], { from: 3, at: 3500 }) }))
    expect(Object.keys(await results(environment)).filter((key) => key.endsWith('_SUCCESS'))).toEqual([
      '1000/_SUCCESS',
      '2000/_SUCCESS',
      '3000/_SUCCESS',
    ])
  })

  it('loses nothing: what it sends later joins the oldest batch that is open', async () => {
    const environment = memoryEnvironment()
    const handler = lambda(copy, { environment })
    await handler(kafkaEvent({ 'lines-0': lines(['a']), 'lines-1': lines(['x']) }))
    environment.setTime(environment.clock.now() + 20_000)
    await handler(kafkaEvent({ 'lines-0': lines(['b'], { from: 1, at: 2500 }) }))
    expect(await results(environment)).toHaveProperty('1000/_SUCCESS')
    await handler(kafkaEvent({ 'lines-1': lines(['late'], { from: 1, at: 700 }) }))
    expect(await results(environment)).toMatchObject({ '3000/part-lines-1-1': 'late\n' })
  })

  it('is moved on in one look, although reads may not show yet what the look itself has appended', async () => {
    const table = memoryTable({ staleBy: () => 1 })
    const base = memoryEnvironment()
    const environment = { ...base, table }
    const handler = lambda(copy, { environment })
    await handler(kafkaEvent({ 'lines-0': lines(['a']), 'lines-1': lines(['x'], { at: 1500 }) }))
    base.setTime(base.clock.now() + 20_000)
    await handler(wakeUpEvent('copy', base.clock.now()))
    expect(await results(environment)).toHaveProperty('2000/_SUCCESS')
  })

  it('is not moved on while it commits through another instance', async () => {
    const environment = memoryEnvironment()
    const [here, there] = [lambda(copy, { environment }), lambda(copy, { environment: environment.another() })]
    await here(kafkaEvent({ 'lines-0': lines(['a']), 'lines-1': lines(['x']) }))
    environment.setTime(environment.clock.now() + 20_000)
    await there(kafkaEvent({ 'lines-1': lines(['y'], { from: 1, at: 100 }) }))
    await here(kafkaEvent({ 'lines-0': lines(['b'], { from: 1, at: 1500 }) }))
    expect(await results(environment)).not.toHaveProperty('1000/_SUCCESS')
  })
})

describe('a topic that is silent as a whole', () => {
  it('closes batches of old data at once, when its silence counts', async () => {
    const environment = memoryEnvironment()
    const handler = lambda(copy, { environment })
    const start = environment.clock.now()
    await handler(kafkaEvent({ 'lines-0': lines(['a', 'b'], { at: 500, step: 1000 }) }))
    await bringToRest('copy', handler, environment)
    expect(await results(environment)).toHaveProperty('2000/_SUCCESS')
    expect(environment.clock.now() - start).toBeLessThan(11_000)
  })

  it('does not close a batch of live data before its end', async () => {
    const slow = job('copy', { batch: seconds(60), idleAfter: seconds(10) }, ({ kafka }) => {
      kafka('lines', { value: text() })
        .map((record) => record.value)
        .saveAsTextFiles('s3://results/copy')
    })
    const start = 1_699_999_980_000 // a full minute
    const environment = memoryEnvironment(start + 5_000)
    const handler = lambda(slow, { environment })
    await handler(kafkaEvent({ 'lines-0': lines(['a'], { at: start + 1_000 }) }))
    environment.setTime(start + 30_000)
    await handler(wakeUpEvent('copy', start + 30_000))
    await handler(kafkaEvent({ 'lines-0': lines(['b'], { from: 1, at: start + 29_000 }) }))
    await bringToRest('copy', handler, environment)
    expect(await results(environment)).toEqual({
      [`${start + 60_000}/_SUCCESS`]: '',
      [`${start + 60_000}/part-lines-0-0`]: 'a\n',
      [`${start + 60_000}/part-lines-0-1`]: 'b\n',
    })
  })

  it('has sealed its logs: their ends do not expire', async () => {
    const environment = memoryEnvironment()
    const handler = lambda(copy, { environment })
    await handler(kafkaEvent({ 'lines-0': lines(['a']), 'lines-1': lines(['x']) }))
    const { table } = environment
    expect((await table.head(source('lines-0')))?.expiresAt).toBe(environment.clock.now() / 1000 + 7 * 86_400)
    await bringToRest('copy', handler, environment)
    for (const task of [source('lines-0'), source('lines-1'), { job: 'copy', stage: 'close', task: '0' }]) {
      const head = await table.head(task)
      expect(head, task.task).toBeDefined()
      expect(head?.expiresAt, task.task).toBeUndefined()
    }
  })
})

describe('a partition that is seen late', () => {
  it('starts where the others are: it adds nothing to what is closed', async () => {
    const environment = memoryEnvironment()
    const handler = lambda(copy, { environment })
    await handler(kafkaEvent({ 'lines-0': lines(['a', 'b', 'c'], { at: 500, step: 1000 }) }))
    expect(await results(environment)).toHaveProperty('2000/_SUCCESS')
    await handler(kafkaEvent({ 'lines-1': lines(['x', 'y'], { at: 400, step: 2500 }) }))
    expect(await results(environment)).toEqual({
      '1000/_SUCCESS': '',
      '1000/part-lines-0-0': 'a\n',
      '2000/_SUCCESS': '',
      '2000/part-lines-0-1': 'b\n',
      '3000/part-lines-0-2': 'c\n',
      '3000/part-lines-1-0': 'x\ny\n',
    })
  })
})

describe('a log that is lost', () => {
  async function withLostLog(): Promise<MemoryEnvironment> {
    const environment = memoryEnvironment()
    await lambda(copy, { environment })(
      kafkaEvent({ 'lines-0': lines(['a', 'b'], { at: 500, step: 1000 }), 'lines-1': lines(['x']) }),
    )
    for (let version = 1; version <= 2; version++) environment.table.deleteVersion(source('lines-1'), version)
    return environment
  }
  const lost = {
    code: 'LOG_LOST',
    task: source('lines-1'),
    message: expect.stringMatching(/commit log of job copy, stage source, task lines-1 is empty although.*Restore/s),
  }

  it('is an error for its partition, and not a fresh start', async () => {
    const environment = await withLostLog()
    const event = kafkaEvent({ 'lines-1': lines(['x']), 'lines-0': lines(['c'], { from: 2, at: 2500 }) })
    await expect(lambda(copy, { environment: environment.another() })(event)).rejects.toMatchObject(lost)
    expect(await results(environment)).toMatchObject({ '3000/part-lines-0-2': 'c\n' })
  })

  it('is an error also when nothing but the birth is left of it', async () => {
    const environment = memoryEnvironment()
    const handler = lambda(copy, { environment })
    await handler(kafkaEvent({ 'lines-1': lines(['x']) }))
    await bringToRest('copy', handler, environment)
    for (let version = 2; version <= 4; version++) environment.table.deleteVersion(source('lines-1'), version)
    const event = kafkaEvent({ 'lines-1': lines(['x', 'y']) })
    await expect(lambda(copy, { environment: environment.another() })(event)).rejects.toMatchObject({
      code: 'LOG_LOST',
    })
    expect(await results(environment)).toEqual({ '1000/_SUCCESS': '', '1000/part-lines-1-0': 'x\n' })
  })

  it('is an error for a wake-up that waits for it, and not silence for ever', async () => {
    const environment = await withLostLog()
    environment.setTime(environment.clock.now() + 60_000)
    const handler = lambda(copy, { environment: environment.another() })
    await expect(handler(wakeUpEvent('copy', 0))).rejects.toMatchObject(lost)
  })
})
