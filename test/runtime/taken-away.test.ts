// Consumers may take away what has been published: the job does not miss it, does not stop, and does not publish it again where
// it can know better (docs/guarantees.md).

import { describe, expect, it } from 'vitest'
import { type Job, job, seconds, text } from '../../src/index.ts'
import { lambda } from '../../src/lambda/index.ts'
import { heal, type Publisher, promiseObjects, publish } from '../../src/runtime/outbox.ts'
import { memoryObjects } from '../../src/stores/memory-objects.ts'
import { countingObjects } from '../../src/testing/counting-table.ts'
import { type MemoryEnvironment, memoryEnvironment, readObjects } from '../../src/testing/memory-environment.ts'
import { incompressible } from '../support/incompressible.ts'
import { kafkaEvent, lines } from '../support/kafka-events.ts'
import { bringToRest } from '../support/rest.ts'

const DAY = 24 * 3_600_000
const LARGE = incompressible(300_000)

function copies(shuffled = false): Job {
  return job('copies', { batch: seconds(1), numPartitions: 1 }, ({ kafka }) => {
    const values = kafka('lines', { value: text() }).map(({ value }) => value)
    const placed = shuffled ? values.repartition(1) : values
    placed.map((value) => (value === 'large' ? LARGE : value)).saveAsTextFiles('s3://results/copies')
  })
}

/** A consumer that moves what it finds elsewhere. */
async function takeAway({ objects }: MemoryEnvironment): Promise<string[]> {
  const keys = [...(await readObjects(objects, 'results')).keys()]
  for (const key of keys) await objects.delete({ bucket: 'results', key })
  return keys
}

describe('a large object that was published and taken away', () => {
  it.each([{ shuffled: false }, { shuffled: true }])('is not missed, %o', async ({ shuffled }) => {
    const environment = memoryEnvironment(1_700_000_000_000)
    const at = environment.clock.now()
    const handler = lambda(copies(shuffled), { environment })
    await handler(kafkaEvent({ 'lines-0': lines(['large', 'small'], { at, step: 1000 }) }))
    expect(await takeAway(environment)).not.toEqual([])
    environment.setTime(at + 3 * DAY)
    const fresh = lambda(copies(shuffled), { environment: environment.another() })
    await fresh(kafkaEvent({ 'lines-0': lines(['more'], { from: 2, at: at + 3 * DAY }) }))
    await bringToRest('copies', fresh, environment)
    expect([...(await readObjects(environment.objects, 'results')).values()].join('')).toContain('more\n')
    expect(environment.logged).toContainEqual(
      expect.objectContaining({ level: 'warn', message: expect.stringContaining('taken away') }),
    )
  })

  it('is missed when a rule may have aborted its upload; and an object of that name is enough to go on', async () => {
    const environment = memoryEnvironment(1_700_000_000_000).another({ trustExpired: Number.POSITIVE_INFINITY })
    const at = environment.clock.now()
    await lambda(copies(), { environment })(kafkaEvent({ 'lines-0': lines(['large'], { at }) }))
    const [key = ''] = await takeAway(environment)
    environment.setTime(at + 15 * DAY)
    const event = kafkaEvent({ 'lines-0': lines(['more'], { from: 1, at: environment.clock.now() }) })
    const fresh = () =>
      lambda(copies(), { environment: environment.another({ trustExpired: Number.POSITIVE_INFINITY }) })
    await expect(fresh()(event)).rejects.toMatchObject({
      code: 'STAGED_OBJECT_LOST',
      message: expect.stringContaining('put it back'),
    })
    await environment.objects.put({ bucket: 'results', key }, new Uint8Array())
    await fresh()(event)
  })
})

it('a small part that this instance has published is not put again when time goes on', async () => {
  const environment = memoryEnvironment(1_700_000_000_000)
  const handler = lambda(copies(), { environment })
  await handler(kafkaEvent({ 'lines-0': lines(['a'], { at: environment.clock.now() }) }))
  expect(await takeAway(environment)).toHaveLength(1)
  await bringToRest('copies', handler, environment)
  expect(await takeAway(environment)).toEqual(['copies-1700000001000/_SUCCESS'])
})

describe('healing', () => {
  const publisher = (objects: Publisher['objects']): Publisher => ({
    objects,
    print: () => {},
    wake: async () => {},
    gone: (lost) => {
      throw lost
    },
  })
  const output = (key: string, body: string) => ({
    ref: { bucket: 'results', key },
    contentType: 'text/plain',
    body: new TextEncoder().encode(body),
  })

  it('does not write again what is there', async () => {
    const { store, counts } = countingObjects(memoryObjects())
    const effects = await promiseObjects(store, [output('a', 'one'), output('b', 'two')])
    await publish(publisher(store), effects)
    expect(counts.writes).toBe(2)
    await heal(publisher(store), effects, 0)
    expect(counts.writes).toBe(2)
    await store.delete({ bucket: 'results', key: 'b' })
    await heal(publisher(store), effects, 0)
    expect(counts.writes).toBe(3)
  })

  it('is not needed for uploads that come to nothing: when one fails, the others are thrown away', async () => {
    const objects = memoryObjects()
    const failing: Publisher['objects'] = {
      ...objects,
      stage: async (ref, body, options) => {
        if (ref.key === 'bad') throw new Error('no more room')
        return objects.stage(ref, body, options)
      },
    }
    const outputs = [output('a', LARGE), output('bad', LARGE), output('b', LARGE)]
    await expect(promiseObjects(failing, outputs)).rejects.toThrow('no more room')
    expect(objects.stagedCount()).toBe(0)
  })
})
