// I5: code may change, and what may not is refused with a diff before anything runs.

import { describe, expect, it } from 'vitest'
import { type DStream, type Job, job, text, type VersionOptions } from '../../src/index.ts'
import { lambda } from '../../src/lambda/index.ts'
import { describePlan } from '../../src/plan/describe.ts'
import { parseSchema, schemaOf } from '../../src/plan/schema.ts'
import { diffSchemas } from '../../src/plan/schema-diff.ts'
import { memoryEnvironment, readObjects } from '../../src/testing/memory-environment.ts'
import { planned } from '../support/definition.ts'
import { kafkaEvent, lines } from '../support/kafka-events.ts'

type Words = DStream<readonly [string, number]>

function words(define: (ones: Words) => void, batch = 1000): Job {
  return job('words', { batch, numPartitions: 2 }, ({ kafka }) => {
    define(kafka('lines', { value: text() }).map(({ value }) => [value, 1] as const))
  })
}

const counts = (ones: Words) =>
  ones
    .updateStateByKey((values: readonly number[], sum: number | undefined) => (sum ?? 0) + values.length)
    .saveAsTextFiles('s3://results/counts')
const windows = (window: number) => (ones: Words) =>
  ones
    .reduceByKeyAndWindow(
      (a, b) => a + b,
      (a, b) => a - b,
      window,
      1000,
    )
    .saveAsTextFiles('s3://results/windows')

const schema = (define: (ones: Words) => void, batch?: number) => schemaOf(planned(words(define, batch)))

describe('the state schema', () => {
  it('lets narrow operators come and go, and other operators too', () => {
    const filtered = schema((ones) => counts(ones.filter(([word]) => word !== '').map(([word, one]) => [word, one])))
    expect(diffSchemas(schema(counts), filtered)).toEqual({ breaking: [], added: [], removed: [], migrated: [] })
    const more = schema((ones) => {
      windows(4000)(ones)
      counts(ones)
    })
    const { breaking, added, removed } = diffSchemas(schema(counts), more)
    expect([breaking, removed]).toEqual([[], []])
    expect(added).toContain('inverseWindow(combineByKey(lines))')
  })

  it('lets the version of values rise when they can be migrated, and says what will happen', () => {
    const counted = (options: VersionOptions<number>) =>
      schema((ones) =>
        ones.updateStateByKey((_: readonly number[], n: number | undefined) => n, { id: 'count', ...options }).print(),
      )
    const migrate = Number
    const [one, two, three] = [counted({}), counted({ version: 2, migrate }), counted({ version: 3, migrate })]
    expect(one).toEqual({
      batch: 1000,
      time: 'record',
      operators: [{ id: 'count', kind: 'updateStateByKey', numPartitions: 2, stage: 'count' }],
    })
    expect(parseSchema(JSON.parse(JSON.stringify(one)))).toEqual(one)
    const byOlderCode = { batch: 1000, operators: [{ id: 'count', kind: 'updateStateByKey', numPartitions: 2 }] }
    expect(diffSchemas(byOlderCode, one)).toMatchObject({ breaking: [], added: [], removed: [] })
    expect(parseSchema(byOlderCode)).toEqual(byOlderCode)
    const migrated = (from: number, to: number) => [`state of count: version ${from} → ${to}, migrated when loaded`]
    expect(diffSchemas(one, two)).toMatchObject({ breaking: [], migrated: migrated(1, 2) })
    expect(diffSchemas(one, three)).toMatchObject({ breaking: [], migrated: migrated(1, 3) })
    expect(diffSchemas(two, two)).toMatchObject({ breaking: [], migrated: [] })
    expect(diffSchemas(two, counted({ version: 2 }))).toMatchObject({ breaking: [], migrated: [] })
    expect(diffSchemas(one, counted({ version: 2 })).breaking.join()).toContain('there is no migrate')
    expect(diffSchemas(three, two).breaking.join()).toContain('to go back, raise it to 4')
    expect(diffSchemas(two, one).breaking.join()).toContain('to go back, raise it to 3')
  })

  it.each([
    ['another window', schema(windows(4000)), schema(windows(8000)), 'window changes from 4000 to 8000'],
    [
      'another batch interval',
      schema(counts),
      schema(counts, 500),
      'the batch interval changes from 1000 ms to 500 ms',
    ],
    [
      'another number of buckets',
      schema((ones) => ones.reduceByKey((a, b) => a + b, { numPartitions: 2 }).print()),
      schema((ones) => ones.reduceByKey((a, b) => a + b, { numPartitions: 3 }).print()),
      'numPartitions changes from 2 to 3',
    ],
    [
      'another kind under one id',
      schema((ones) => ones.reduceByKey((a, b) => a + b, { id: 'x' }).print()),
      schema((ones) => ones.updateStateByKey((_: readonly number[], n: number | undefined) => n, { id: 'x' }).print()),
      'kind changes from combineByKey to updateStateByKey',
    ],
  ])('refuses %s', (_, before, after, change) => {
    expect(diffSchemas(before, after).breaking.join()).toContain(change)
  })
})

describe('deploying changed code', () => {
  const event = (from: number, at: number) =>
    kafkaEvent({ 'lines-0': lines(['a', 'b', 'a', 'z'], { from, at, step: 1000 }) })

  it('keeps state, around operators that come and go', async () => {
    const environment = memoryEnvironment()
    await lambda(words(counts), { environment })(event(0, 0))
    environment.setTime(environment.clock.now() + 60_000) // the first instance's lease of the look-out is over
    const changed = words((ones) => {
      counts(ones.filter(([word]) => word !== 'b'))
      windows(2000)(ones)
    })
    await lambda(changed, { environment: environment.another({ code: 'v2' }) })(event(4, 4000))
    const results = await readObjects(environment.objects, 'results', 'counts-7000/part')
    expect([...results.values()].join('').trim().split('\n').sort()).toEqual(['(a,4)', '(b,1)', '(z,1)'])
  })

  it('is refused before anything runs when it does not fit, and says what changed', async () => {
    const environment = memoryEnvironment()
    await lambda(words(windows(2000)), { environment })(event(0, 0))
    const before = await readObjects(environment.objects, 'results')
    const handler = lambda(words(windows(3000)), { environment: environment.another({ code: 'v2' }) })
    await expect(handler(event(4, 4000))).rejects.toMatchObject({
      code: 'INCOMPATIBLE_JOB',
      message: expect.stringContaining('inverseWindow(combineByKey(lines)): window changes from 2000 to 3000'),
    })
    expect(await readObjects(environment.objects, 'results')).toEqual(before)
  })
})

it('a plan reads as text', () => {
  expect(describePlan(planned(words(counts)))).toBe(`job words, batches of 1000 ms by record time

topic lines: one task per partition
  map
  → stage updateStateByKey(lines) (by key)

stage updateStateByKey(lines): 2 buckets
  from source (by key)
  updateStateByKey, id updateStateByKey(lines)
  → s3://results/counts
`)
})
