// Consumers may take away what has been published: the job does not miss it, does not stop, and does not publish it again where
// it can know better (docs/guarantees.md).

import { describe, expect, it } from 'vitest'
import { type Job, job, seconds, text } from '../../src/index.ts'
import { heal, type Publisher, promiseObjects, publish } from '../../src/runtime/outbox.ts'
import { memoryObjects } from '../../src/stores/memory-objects.ts'
import { countingObjects } from '../../src/testing/counting-table.ts'
import { type Driven, driven, records } from '../support/driven.ts'
import { incompressible } from '../support/incompressible.ts'

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
async function takeAway(of: Driven): Promise<string[]> {
  const keys = Object.keys(await of.published())
  for (const key of keys) await of.environment.objects.delete({ bucket: 'results', key })
  return keys
}

const START = 1_700_000_000_000

describe('a large object that was published and taken away', () => {
  it.each([{ shuffled: false }, { shuffled: true }])('is not missed, %o', async ({ shuffled }) => {
    const copy = driven(copies(shuffled), { start: START })
    await copy.deliver(records('lines-0', ['large', 'small'], { at: START, step: 1000 }))
    expect(await takeAway(copy)).not.toEqual([])
    copy.later('3d')
    const fresh = copy.another()
    await fresh.deliver(records('lines-0', ['more'], { at: START + 3 * DAY }))
    await fresh.rest()
    expect(await fresh.text()).toContain('more\n')
    expect(fresh.environment.logged).toContainEqual(
      expect.objectContaining({ level: 'warn', message: expect.stringContaining('taken away') }),
    )
  })

  it('is missed when a rule may have aborted its upload; and an object of that name is enough to go on', async () => {
    const copy = driven(copies(), { start: START, trustExpired: Number.POSITIVE_INFINITY })
    await copy.deliver(records('lines-0', ['large'], { at: START }))
    const [key = ''] = await takeAway(copy)
    copy.later('15d')
    await expect(copy.another().deliver(records('lines-0', ['more'], { at: START + 15 * DAY }))).rejects.toMatchObject({
      code: 'STAGED_OBJECT_LOST',
      message: expect.stringContaining('put it back'),
    })
    await copy.environment.objects.put({ bucket: 'results', key }, new Uint8Array())
    await copy.another().again()
  })
})

it('a small part that this instance has published is not put again when time goes on', async () => {
  const copy = driven(copies(), { start: START })
  await copy.deliver(records('lines-0', ['a'], { at: START }))
  expect(await takeAway(copy)).toHaveLength(1)
  await copy.rest()
  expect(await takeAway(copy)).toEqual(['copies-1700000001000/_SUCCESS'])
})

describe('healing', () => {
  const publisher = (objects: Publisher['objects']): Publisher => ({
    objects,
    print: () => {},
    call: async () => {},
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
    const outbox = await promiseObjects(store, [output('a', 'one'), output('b', 'two')])
    const promises = { task: { job: 'job', stage: 'source', task: 'lines-0' }, version: 1, at: 0, outbox }
    await publish(publisher(store), promises)
    expect(counts.writes).toBe(2)
    await heal(publisher(store), promises)
    expect(counts.writes).toBe(2)
    await store.delete({ bucket: 'results', key: 'b' })
    await heal(publisher(store), promises)
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
