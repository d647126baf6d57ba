// What a deployment says of state: which changes carry it over, which are refused, and that every remedy named works (I5).

import { describe, expect, it } from 'vitest'
import { type DStream, type Job, type JobOptions, job, text } from '../../src/index.ts'
import { lambda } from '../../src/lambda/index.ts'
import { parseSchema, schemaOf, succeeding } from '../../src/plan/schema.ts'
import { describeDiff, diffSchemas } from '../../src/plan/schema-diff.ts'
import { type MemoryEnvironment, memoryEnvironment, readObjects } from '../../src/testing/memory-environment.ts'
import { planned } from '../support/definition.ts'
import { kafkaEvent, lines } from '../support/kafka-events.ts'

type Words = DStream<readonly [string, number]>
interface Changes {
  readonly topic?: string
  readonly formerly?: string
  readonly options?: Partial<JobOptions>
}

function words(define: (ones: Words) => void, { topic = 'lines', formerly, options }: Changes = {}): Job {
  return job('words', { batch: 1000, numPartitions: 2, ...options }, ({ kafka }) => {
    const source = kafka(topic, { value: text(), ...(formerly !== undefined && { formerly }) })
    define(source.map(({ value }) => [value, 1] as const))
  })
}

const add = (a: number, b: number): number => a + b
const subtract = (a: number, b: number): number => a - b
const total = (ones: readonly number[], n: number | undefined): number => (n ?? 0) + ones.length

interface Pin {
  readonly id?: string
  readonly formerly?: string
}
const counts =
  (pin: Pin = {}) =>
  (ones: Words) =>
    ones.updateStateByKey(total, pin).saveAsTextFiles('s3://results/counts')
const reduced =
  (pin: Pin = {}, before: Pin = {}) =>
  (ones: Words) =>
    ones.reduceByKey(add, before).updateStateByKey(total, pin).saveAsTextFiles('s3://results/counts')
const windows =
  (pin: Pin = {}) =>
  (ones: Words) =>
    ones.reduceByKeyAndWindow(add, subtract, 9000, 1000, pin).saveAsTextFiles('s3://results/counts', 'w')

const schema = (define: (ones: Words) => void, changes?: Changes) => schemaOf(planned(words(define, changes)))
const UNPINNED = 'updateStateByKey(lines)'

describe('a window over which something else is made', () => {
  const summed = (ones: Words, options = {}) => ones.reduceByKeyAndWindow(add, 9000, 1000, options).print()
  const grouped = (ones: Words) => ones.groupByKeyAndWindow(9000, 1000).print()
  const texts = (ones: Words) => ones.map(([word]) => word)
  const counted = (ones: Words) => ones.countByWindow(9000, 1000).print()
  const put = (ones: Words) =>
    texts(ones)
      .reduceByWindow(
        (a, b) => a + b,
        (a) => a,
        9000,
        1000,
      )
      .print()

  it.each([
    ['lists', 'values', grouped, summed],
    ['values', 'lists', summed, grouped],
    ['counts', 'values', counted, put],
  ])('is refused: %s, then %s', (was, is, before, after) => {
    expect(diffSchemas(schema(before), schema(after)).breaking.join()).toContain(`changes from ${was} to ${is}`)
    const { operators, ...rest } = schema(before)
    const older = { ...rest, operators: operators.map(({ keeps, ...operator }) => operator) }
    expect(diffSchemas(older, schema(after)).breaking).toEqual([]) // older code has not said
  })

  it('goes on with what is migrated', () => {
    const migrated = { version: 2, migrate: (old: unknown) => (Array.isArray(old) ? old.length : 0) }
    expect(
      diffSchemas(
        schema(grouped),
        schema((ones) => summed(ones, migrated)),
      ).breaking,
    ).toEqual([])
  })

  it('may get narrow operators before it', () => {
    const window = (doubled: boolean) => (ones: Words) => {
      const sums = ones.reduceByKey(add)
      const all = doubled ? sums.mapValues((n) => 2 * n) : sums
      all.window(9000, 1000).print()
    }
    expect(diffSchemas(schema(window(false)), schema(window(true))).breaking).toEqual([])
  })
})

describe('new code', () => {
  it.each([
    ['an id given to it', counts(), counts({ id: 'counts' }), UNPINNED, 'counts'],
    ['another id', counts({ id: 'a' }), counts({ id: 'b' }), 'a', 'b'],
    ['an id taken from it', counts({ id: 'a' }), counts(), 'a', UNPINNED],
    ['formerly dropped', counts({ id: 'a', formerly: UNPINNED }), counts({ id: 'a' }), UNPINNED, 'a'],
    ['an operator before it', counts(), reduced(), UNPINNED, 'updateStateByKey(combineByKey(lines))'],
    ['an id for a window', windows(), windows({ id: 'w' }), 'inverseWindow(combineByKey(lines))', 'w'],
  ])('is refused with %s, unless it says which it was or that it may go', (_, before, after, was, is) => {
    const [old, now] = [schema(before), schema(after)]
    const { breaking } = diffSchemas(old, now)
    expect(breaking.join()).toContain(`${was} is gone, and ${is} of the same kind is new`)
    expect(breaking.join()).toContain(`formerly: '${was}' at ${is}`)
    expect(diffSchemas(old, now, [was]).breaking).toEqual([])
    expect(diffSchemas(old, now, [is]).breaking).toEqual([])
    expect(diffSchemas(old, now, ['else']).breaking).toEqual(breaking)
  })

  it.each([
    ['counts', counts(), counts({ id: 'a', formerly: UNPINNED })],
    ['counts without an id', counts({ id: 'a' }), counts({ formerly: 'a' })],
    ['windows', windows(), windows({ id: 'w', formerly: 'inverseWindow(combineByKey(lines))' })],
    ['windows renamed', windows({ id: 'v' }), windows({ id: 'w', formerly: 'v' })],
    ['reduced counts', reduced(), reduced({ id: 'a', formerly: 'updateStateByKey(combineByKey(lines))' })],
    ['pinned shuffles', reduced({ id: 'a' }), reduced({ id: 'a' }, { id: 'r', formerly: 'combineByKey(lines)' })],
  ])('keeps the state of %s by formerly', (_, before, after) => {
    expect(diffSchemas(schema(before), schema(after))).toMatchObject({ breaking: [], added: [], removed: [] })
  })

  it('is told all that would have to be accepted', () => {
    const both = schema((ones) => {
      counts({ id: 'a' })(ones)
      ones.updateStateByKey(total, { id: 'b' }).print()
    })
    const { breaking } = diffSchemas(both, schema(counts({ id: 'c' })))
    expect(breaking.join()).toContain("accept: ['a', 'b'].")
    expect(diffSchemas(both, schema(counts({ id: 'c' })), ['a', 'b']).breaking).toEqual([])
  })

  it('may lack an operator or have one more, and says what happens to state', () => {
    const none = schema((ones) => ones.saveAsTextFiles('s3://results/ones'))
    const gone = diffSchemas(schema(counts()), none)
    expect([gone.breaking, gone.removed]).toEqual([[], [UNPINNED]])
    expect(describeDiff(gone).join()).toContain('kept unread')
    expect(diffSchemas(none, schema(counts())).breaking).toEqual([])
    const another = schema((ones) => {
      counts()(ones)
      windows()(ones)
    })
    expect(diffSchemas(schema(counts()), another).breaking).toEqual([])
    expect(diffSchemas(another, schema(windows())).breaking).toEqual([])
  })

  it('is held against what code before the last has left unread', () => {
    const none = schema((ones) => ones.saveAsTextFiles('s3://results/ones'))
    const left = succeeding(schema(windows({ id: 'w' })), none)
    expect(left.unread).toMatchObject([{ id: 'w', window: 9000 }])
    expect(succeeding(left, none)).toEqual(left)
    expect(parseSchema(JSON.parse(JSON.stringify(left)))).toEqual(left)
    expect(diffSchemas(left, schema(windows({ id: 'w' }))).breaking).toEqual([])
    const other = schema((ones) => ones.reduceByKeyAndWindow(add, subtract, 3000, 1000, { id: 'w' }).print())
    expect(diffSchemas(left, other).breaking.join()).toContain('w: window changes from 9000 to 3000')
    expect(succeeding(left, schema(windows({ id: 'w' }))).unread).toBeUndefined()
  })

  it('is refused with another name of what a rollback between has taken out, once', () => {
    const none = schema((ones) => ones.saveAsTextFiles('s3://results/ones'))
    const left = succeeding(schema(counts({ id: 'a' })), none)
    const renamed = schema(counts({ id: 'b' }))
    expect(diffSchemas(left, renamed).breaking.join()).toContain("say formerly: 'a' at b")
    expect(diffSchemas(left, schema(counts({ id: 'b', formerly: 'a' }))).breaking).toEqual([])
    expect(diffSchemas(left, renamed, ['a']).breaking).toEqual([])
    const accepted = succeeding(left, renamed, ['a'])
    const another = schema((ones) => {
      counts({ id: 'b' })(ones)
      ones.updateStateByKey(total, { id: 'c' }).print()
    })
    expect(diffSchemas(accepted, another).breaking).toEqual([])
    expect(diffSchemas(succeeding(left, renamed), another).breaking.join()).toContain("say formerly: 'a' at c")
    expect(parseSchema(JSON.parse(JSON.stringify(accepted)))).toEqual(accepted)
    // Where it comes back, it is as if it had not gone.
    expect(succeeding(accepted, schema(counts({ id: 'a' }))).operators).toEqual(schema(counts({ id: 'a' })).operators)
  })

  it('is refused when state would stand in another stage', () => {
    const pinned = schema(reduced({ id: 'a' }))
    const moved = diffSchemas(schema(counts({ id: 'a' })), pinned).breaking.join()
    expect(moved).toContain('a: its state moves from stage a to stage combineByKey(lines)')
    expect(diffSchemas(pinned, schema(reduced({ id: 'a' }, { id: 'r' }))).breaking.join()).toContain(
      'a: its state moves from stage combineByKey(lines) to stage r',
    )
    const byOlderCode = { batch: 1000, operators: pinned.operators.map(({ stage: _, ...operator }) => operator) }
    expect(diffSchemas(byOlderCode, pinned).breaking).toEqual([])
    expect(diffSchemas(byOlderCode, schema(reduced({ id: 'a' }, { id: 'r' }))).breaking.join()).toContain(
      'a: its state moves to stage r, which is new',
    )
  })

  it('is refused with another kind of time', () => {
    const [record, arrival] = [schema(counts()), schema(counts(), { options: { time: 'arrival' } })]
    expect(diffSchemas(record, arrival).breaking).toEqual([
      "time changes from 'record' to 'arrival': batches that are open would be of two kinds",
    ])
  })

  it('keeps state behind a renamed topic that says what it was', () => {
    const renamed = { topic: 'words' }
    expect(diffSchemas(schema(counts()), schema(counts(), renamed)).breaking.join()).toContain('kafka(…, { formerly')
    const said = { topic: 'words', formerly: 'lines' }
    expect(diffSchemas(schema(counts()), schema(counts(), said))).toMatchObject({
      breaking: [],
      added: [],
      removed: [],
    })
    const inPlace = (ones: Words) => counts({ id: 'a' })(ones.preservesPartitioning({ newPartitions: 'join' }))
    expect(diffSchemas(schema(inPlace), schema(inPlace, said)).breaking.join()).toContain('formerly cannot carry it')
  })
})

describe('state', () => {
  async function run(environment: MemoryEnvironment, built: Job, n: number, accept: string[] = [], topic = 'lines') {
    environment.setTime(n * 30_000)
    const handler = lambda(built, { environment: environment.another({ code: `v${n}` }), accept })
    const from = topic === 'lines' ? n : 0
    await handler(kafkaEvent({ [`${topic}-0`]: lines(['a'], { from, at: n * 1000 }) }))
    if (n === 0) return // time that goes on would empty windows
    environment.setTime(n * 30_000 + 20_000)
    await lambda(built, { environment: environment.another({ code: `v${n}` }), accept })(wake(environment))
  }
  const wake = (environment: MemoryEnvironment) => ({
    Records: [
      {
        eventSource: 'aws:sqs',
        body: JSON.stringify({ millrace: 'wake', job: 'words', at: environment.clock.now() }),
      },
    ],
  })
  const at = async ({ objects }: MemoryEnvironment, time: number): Promise<string> =>
    [...(await readObjects(objects, 'results', `counts-${time}`)).values()].join('')

  it.each([
    ['counts', counts(), counts({ id: 'a', formerly: UNPINNED })],
    ['windows', windows(), windows({ id: 'w', formerly: 'inverseWindow(combineByKey(lines))' })],
    ['reduced counts', reduced(), reduced({ id: 'a', formerly: 'updateStateByKey(combineByKey(lines))' })],
  ])('of %s is read on under its former id', async (_, before, after) => {
    const environment = memoryEnvironment(0)
    await run(environment, words(before), 0)
    await run(environment, words(after), 1)
    expect(await at(environment, 2000)).toBe('(a,2)\n')
  })

  it('starts empty only when that is accepted', async () => {
    const environment = memoryEnvironment(0)
    await run(environment, words(counts()), 0)
    await expect(run(environment, words(counts({ id: 'a' })), 1)).rejects.toMatchObject({ code: 'INCOMPATIBLE_JOB' })
    await run(environment, words(counts({ id: 'a' })), 1, [UNPINNED])
    expect(await at(environment, 2000)).toBe('(a,1)\n')
    await run(environment, words(counts({ id: 'a' })), 2)
    expect(await at(environment, 3000)).toBe('(a,2)\n')
  })

  it('goes on behind a topic that was renamed', async () => {
    const environment = memoryEnvironment(0)
    await run(environment, words(counts()), 0)
    await run(environment, words(counts(), { topic: 'words', formerly: 'lines' }), 1, [], 'words')
    expect(await at(environment, 2000)).toBe('(a,2)\n')
  })
})
