// Offsets below the position are duplicates only as long as nothing says that they are other records (I1, I7).

import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { job, seconds, text } from '../../src/index.ts'
import { type LambdaHandler, lambda } from '../../src/lambda/index.ts'
import { type MemoryEnvironment, memoryEnvironment, readObjects } from '../../src/testing/memory-environment.ts'
import { kafkaEvent, type SimpleRecord } from '../support/kafka-events.ts'
import { bringToRest } from '../support/rest.ts'

const START = 1_000_000_000_000

const copying = job('copy', { batch: seconds(1), idleAfter: seconds(10), retention: '1h' }, ({ kafka }) => {
  kafka('lines', { value: text() })
    .map((record) => record.value)
    .saveAsTextFiles('s3://results/copy')
})

const instance = (environment: MemoryEnvironment): LambdaHandler => lambda(copying, { environment })

/** Records of one life of the topic: their texts say which, so that all of them differ. */
const records = (from: number, until: number, { life = 'one', at = (offset: number) => START + offset } = {}) =>
  Array.from(
    { length: until - from },
    (_, i): SimpleRecord => ({ offset: from + i, timestamp: at(from + i), value: `${life} ${from + i}` }),
  )

const event = (list: readonly SimpleRecord[]) => kafkaEvent({ 'lines-0': list })

const written = async ({ objects }: MemoryEnvironment): Promise<string[]> =>
  [...(await readObjects(objects, 'results')).values()].join('').split('\n').filter(Boolean)

const RECREATED = { code: 'TOPIC_RECREATED' }

describe('a group that is moved back to before the beginning', () => {
  it('is an error that says so, not a heap of duplicates; moved forward again, the job goes on', async () => {
    const environment = memoryEnvironment(START)
    await instance(environment)(event(records(100, 110)))
    const back = event(records(0, 60))
    await expect(instance(environment.another())(back)).rejects.toMatchObject({
      ...RECREATED,
      message: expect.stringMatching(/offset 0 lies before 100, where this job began.*move it forward again, to 110/s),
    })
    await expect(instance(environment.another())(event(records(0, 120)))).rejects.toMatchObject(RECREATED)
    await instance(environment)(event(records(105, 120)))
    expect(await written(environment)).toEqual(records(100, 120).map(({ value }) => value))
  })

  it('is no error when it is moved to where the job has been', async () => {
    const environment = memoryEnvironment(START)
    for (let from = 100; from < 200; from += 10) await instance(environment)(event(records(from, from + 10)))
    await instance(environment.another())(event(records(100, 160)))
    await instance(environment.another())(event(records(137, 210)))
    expect(await written(environment)).toEqual(records(100, 210).map(({ value }) => value))
    expect(environment.logged.filter(({ level }) => level === 'warn')).toEqual([])
  })
})

describe('a topic that was deleted and made again', () => {
  const times: [string, (offset: number) => number][] = [
    ['older', (offset) => START - 86_400_000 + offset],
    ['equal', (offset) => START + offset],
    ['no', () => -1],
  ]

  it.each(times)('shows by its first record, with %s timestamps, however short it is', async (_, at) => {
    const environment = memoryEnvironment(START)
    for (let from = 0; from < 100; from += 10) await instance(environment)(event(records(from, from + 10)))
    for (const until of [1, 3, 10, 55]) {
      const again = event(records(0, until, { life: 'two', at }))
      await expect(instance(environment)(again), `warm, ${until}`).rejects.toMatchObject(RECREATED)
      await expect(instance(environment.another())(again), `cold, ${until}`).rejects.toMatchObject(RECREATED)
    }
    expect(await written(environment)).toHaveLength(100)
  })

  it.each(times)('shows also where the group starts at its end (LATEST), with %s timestamps', async (_, at) => {
    const environment = memoryEnvironment(START)
    const before = times.find(([name]) => name === 'equal')?.[1] === at ? undefined : { at: () => -1 }
    for (let from = 0; from < 100; from += 10) await instance(environment)(event(records(from, from + 10, before)))
    for (const [from, until] of [
      [3, 5],
      [40, 41],
      [92, 93],
    ] as const) {
      const again = event(records(from, until, { life: 'two', at }))
      await expect(instance(environment.another())(again), `${from}`).rejects.toMatchObject(RECREATED)
    }
  })

  it('shows after a rest, when the log holds nothing but its seal', async () => {
    const environment = memoryEnvironment(START)
    const handler = instance(environment)
    await handler(event(records(0, 8)))
    await handler(event(records(8, 16)))
    await bringToRest(copying.name, handler, environment)
    environment.setTime(environment.clock.now() + 2 * 3_600_000)
    expect(environment.table.deleteExpired(environment.clock.now() / 1000)).toBeGreaterThan(0)
    for (const [from, until] of [
      [0, 2],
      [11, 12],
    ] as const) {
      const again = event(records(from, until, { life: 'two', at: () => START - 1 }))
      await expect(instance(environment.another())(again)).rejects.toMatchObject(RECREATED)
    }
    await instance(environment.another())(event(records(8, 20)))
    expect(await written(environment)).toHaveLength(20)
  })
})

describe('records that only come again', () => {
  it('are dropped, whatever their cut, without a word and without a false alarm', async () => {
    const cuts = fc.array(fc.integer({ min: 1, max: 40 }), { minLength: 1, maxLength: 12 })
    const again = fc.array(fc.tuple(fc.nat(200), fc.integer({ min: 1, max: 60 })), { maxLength: 6 })
    await fc.assert(
      fc.asyncProperty(cuts, again, fc.nat(50), async (sizes, repeats, began) => {
        const environment = memoryEnvironment(START)
        let until = began
        for (const size of sizes) {
          await instance(environment)(event(records(until, until + size)))
          until += size
        }
        for (const [from, size] of repeats) {
          const start = Math.max(began, Math.min(from, until))
          await instance(environment.another())(
            event(records(start, Math.max(start + 1, Math.min(start + size, until)))),
          )
          until = Math.max(until, start + 1)
        }
        expect(await written(environment)).toHaveLength(until - began)
      }),
      { numRuns: 60 },
    )
  })

  it('cost no read when they are those of the last commit', async () => {
    const environment = memoryEnvironment(START)
    const handler = instance(environment)
    await handler(event(records(0, 50)))
    const log = { ...environment.table }
    let reads = 0
    environment.table.read = async (...args) => {
      reads++
      return log.read(...args)
    }
    await handler(event(records(0, 50)))
    expect(reads).toBe(0)
  })
})
