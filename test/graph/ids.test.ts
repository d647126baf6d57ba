// Who operators are (I5): ids that nothing but the order of a definition decides are refused where state hangs on them, given
// ids never meet any other name, and what a job had before keeps its id.

import { describe, expect, it } from 'vitest'
import { type DStream, InvalidOptionError, job, type State, StateSpec, text } from '../../src/index.ts'
import { lambda } from '../../src/lambda/index.ts'
import { describePlan } from '../../src/plan/describe.ts'
import { memoryEnvironment, readObjects } from '../../src/testing/memory-environment.ts'
import { planned } from '../support/definition.ts'
import { kafkaEvent, lines } from '../support/kafka-events.ts'

type Words = DStream<readonly [string, number]>

const words = (define: (ones: Words) => void, topic = 'lines', formerly?: string) =>
  job('words', { batch: 1000, numPartitions: 2 }, ({ kafka }) => {
    const options = formerly === undefined ? {} : { formerly }
    define(kafka(topic, { value: text(), ...options }).map(({ value }) => [value, 1] as const))
  })

const add = (a: number, b: number): number => a + b
const subtract = (a: number, b: number): number => a - b
const total = (ones: readonly number[], n: number | undefined): number => (n ?? 0) + ones.length
const latest = StateSpec.function((_: string, n: number | undefined, state: State<number>) => {
  state.update(n ?? 0)
  return n
})

/** Ids of the operators that have one, stage by stage. */
const idsOf = (define: (ones: Words) => void, ...topic: [topic?: string, formerly?: string]): string[] =>
  planned(words(define, ...topic)).stages.map(({ id, steps }) =>
    [id, ...steps.slice(1).map((step) => step.id)].join(' '),
  )

/** Everything that keeps state, twice on one input, pinned by the options that it is given. */
const STATEFUL: Readonly<
  Record<string, (ones: Words, options: { id?: string; formerly?: string }) => DStream<unknown>>
> = {
  updateStateByKey: (ones, options) => ones.updateStateByKey(total, options),
  mapWithState: (ones, options) => ones.mapWithState(latest, options),
  window: (ones, options) => ones.window(2000, 1000, options),
  reduceByWindow: (ones, options) => ones.map(([, n]) => n).reduceByWindow(add, 2000, 1000, options),
  'reduceByWindow with an inverse': (ones, options) =>
    ones.map(([, n]) => n).reduceByWindow(add, subtract, 2000, 1000, options),
  countByWindow: (ones, options) => ones.countByWindow(2000, 1000, options),
  countByValueAndWindow: (ones, options) => ones.countByValueAndWindow(2000, 1000, options),
  groupByKeyAndWindow: (ones, options) => ones.groupByKeyAndWindow(2000, 1000, options),
  reduceByKeyAndWindow: (ones, options) => ones.reduceByKeyAndWindow(add, 2000, 1000, options),
  'reduceByKeyAndWindow with an inverse': (ones, options) =>
    ones.reduceByKeyAndWindow(add, subtract, 2000, 1000, options),
  'reduceByKey, updateStateByKey': (ones, options) => ones.reduceByKey(add).updateStateByKey(total, options),
}

describe('two of a kind on one input', () => {
  it.each(Object.entries(STATEFUL))(
    '%s: are refused without ids, and take those that the message names',
    (_, build) => {
      const twice = (a: object, b: object) => () =>
        words((ones) => {
          build(ones, a).print()
          build(ones, b).print()
        })
      expect(twice({}, {})).toThrow(InvalidOptionError)
      expect(twice({}, {})).toThrow(/job 'words': two of a kind on one input: give each an `id`.*formerly: '/)
      expect(twice({ id: 'a' }, { id: 'b' })).not.toThrow()
      expect(twice({ id: 'a' }, { id: 'a' })).toThrow("the id 'a' stands at two operators")
      const [a, b] = ['a', 'b'].map((id) => ({ id }))
      const stages = (first: object = {}, second: object = {}) =>
        planned(twice(first, second)()).stages.map(({ id, steps }) => [id, ...steps.map((step) => step.id)].join(' '))
      expect(stages(a, b).sort()).toEqual(stages(b, a).sort()) // whatever their order, each has its own
    },
  )

  it.each(Object.entries(STATEFUL))('%s: what was by order is found again by formerly', (_, build) => {
    // As plans were made before: by order. Jobs for testStream still are.
    const unpinned = idsOf((ones) => build(ones, {}).print())
    const state = planned(words((ones) => build(ones, {}).print()))
      .stages.flatMap(({ steps }) => steps)
      .findLast(({ node }) => /window|inverse|state/i.test(node.operator.kind))
    expect(idsOf((ones) => build(ones, { id: 'mine', formerly: state?.id ?? '' }).print())).toEqual(unpinned)
    const second = state?.id.includes('combineByKey(lines)')
      ? state.id.replace('combineByKey(lines)', 'combineByKey(lines)#2')
      : `${state?.id}#2`
    const [stage = ''] = idsOf((ones) => build(ones, { id: 'mine', formerly: second }).print())
    expect(stage).toContain('#2')
  })

  it('are told apart by the pinned operators after them, whatever their order', () => {
    const chain = (ones: Words, id: string): void =>
      ones
        .reduceByKey(add)
        .mapValues((n) => n)
        .updateStateByKey(total, { id })
        .print()
    const ids = (...order: string[]) =>
      idsOf((ones) => {
        for (const id of order) chain(ones, id)
      })
    expect(ids('a', 'b')).toEqual([
      'combineByKey(lines)@a map(combineByKey(lines)@a) a',
      'combineByKey(lines)@b map(combineByKey(lines)@b) b',
    ])
    expect(ids('b', 'a').sort()).toEqual(ids('a', 'b'))
    const beside = (before: boolean) =>
      idsOf((ones) => {
        if (before) ones.groupByKey().print()
        ones.reduceByKey(add).updateStateByKey(total, { id: 'a' }).print()
        if (!before) ones.groupByKey().print()
      })
    expect(beside(true).sort()).toEqual(beside(false).sort())
    expect(beside(true)).toContain('combineByKey(lines) a')
  })

  it('may stand side by side where nothing is kept, as before', () => {
    const stateless = (ones: Words): void => {
      ones.reduceByKey(add).print()
      ones.groupByKey().print()
      ones.count().print()
      ones.reduce((a) => a).print()
    }
    expect(idsOf(stateless)).toEqual(['combineByKey(lines)', 'combineByKey(lines)#2', 'fold(lines)', 'fold(lines)#2'])
  })

  it('is not said of one stream that several use, nor of two kinds', () => {
    expect(() =>
      words((ones) => {
        const counts = ones.updateStateByKey(total)
        counts.print()
        counts.filter(([word]) => word !== '').saveAsTextFiles('s3://results/counts')
        ones.mapWithState(latest).print()
      }),
    ).not.toThrow()
  })
})

describe('ids', () => {
  it.each([
    'source',
    'close',
    'print-0',
    '',
    '.',
    '..',
    'a b',
    'a/0',
    'a#2',
    'a(b)',
    'a~reduce',
    'a@b',
    'é',
    'in place a',
    'x'.repeat(101),
  ])('refuses %j', (id) => {
    for (const build of Object.values(STATEFUL)) {
      expect(() => words((ones) => build(ones, { id }).print())).toThrow(
        /id must be 1 to 100 of|is what Millrace itself calls/,
      )
    }
    expect(() => words((ones) => ones.reduceByKey(add, { id }).print())).toThrow(InvalidOptionError)
    expect(() => words((ones) => ones.count({ id }).print())).toThrow(InvalidOptionError)
    expect(() => words((ones) => ones.repartition(2, { id }).print())).toThrow(InvalidOptionError)
  })

  it('are on every operator that keeps state or shuffles', () => {
    const id = 'mine'
    const stateless: ((ones: Words) => DStream<unknown>)[] = [
      (ones) => ones.reduceByKey(add, { id }),
      (ones) => ones.groupByKey({ id }),
      (ones) => ones.count({ id }),
      (ones) => ones.reduce((a) => a, { id }),
      (ones) => ones.countByValue({ id }),
      (ones) => ones.repartition(3, { id }),
      (ones) => ones.cogroup(ones, { id }),
      (ones) => ones.join(ones, { id }),
      (ones) => ones.mapWithState(latest).stateSnapshots({ id }),
    ]
    for (const build of [
      ...stateless,
      ...Object.values(STATEFUL).map((stateful) => (ones: Words) => stateful(ones, { id })),
    ]) {
      const ids = planned(words((ones) => build(ones).print())).stages.flatMap(({ steps }) =>
        steps.map((step) => step.id),
      )
      expect(ids).toContain(id)
    }
  })

  it('pin the part that keeps the state, and the part before it', () => {
    expect(idsOf((ones) => ones.groupByKeyAndWindow(2000, 1000, { id: 'w' }).print())).toEqual([
      'w~group w combineByKey(w)',
    ])
    expect(idsOf((ones) => ones.reduceByKeyAndWindow(add, 2000, 1000, { id: 'w' }).print())).toEqual([
      'w~reduce w combineByKey(w)',
    ])
    expect(idsOf((ones) => ones.countByWindow(2000, 1000, { id: 'w' }).print())[0]).toMatch(/^w~reduce w /)
    expect(
      idsOf((ones) =>
        ones
          .map(([, n]) => n)
          .reduceByWindow(add, 2000, 1000, { id: 'w' })
          .print(),
      ),
    ).toEqual(['w~reduce w fold(w)'])
  })

  it('are shown by the plan', () => {
    expect(describePlan(planned(words((ones) => ones.updateStateByKey(total, { id: 'counts' }).print())))).toContain(
      'updateStateByKey, id counts',
    )
  })

  it('of a renamed topic stay', () => {
    const define = (ones: Words): void => ones.reduceByKey(add).updateStateByKey(total).print()
    expect(idsOf(define, 'words', 'lines')).toEqual(idsOf(define))
    expect(() => words(define, 'words', 'a topic')).toThrow('must be the former name of one topic')
    expect(() =>
      job('words', { batch: 1000 }, ({ kafka }) => {
        const old = kafka('lines', { value: text() })
        kafka('words', { value: text(), formerly: 'lines' }).union(old).print()
      }),
    ).toThrow('a former name belongs to one topic')
  })
})

describe('state of two of a kind', () => {
  const event = (values: string[], from: number, at: number) =>
    kafkaEvent({ 'lines-0': lines(values, { from, at, step: 0 }) })
  const save = (id: string, by: number) => (ones: Words) =>
    ones
      .reduceByKey(add)
      .updateStateByKey((values: readonly number[], n: number | undefined) => (n ?? 0) + by * values.length, { id })
      .saveAsTextFiles(`s3://results/${id}`)

  it('stays with each when the definition puts them in another order', async () => {
    const [one, ten] = [save('ones', 1), save('tens', 10)]
    const environment = memoryEnvironment(0)
    const run = async (define: (ones: Words) => void, code: string, from: number) => {
      environment.setTime(from * 30_000)
      await lambda(words(define), { environment: environment.another({ code }) })(event(['a'], from, from * 1000))
    }
    const both =
      (...order: ((ones: Words) => void)[]) =>
      (ones: Words) => {
        for (const define of order) define(ones)
      }
    await run(both(one, ten), 'v1', 0)
    await run(both(ten, one), 'v2', 1)
    await run(both(one, ten), 'v3', 2)
    const text = async (name: string) =>
      [...(await readObjects(environment.objects, 'results', `${name}-2000/part`)).values()].join('')
    expect([await text('ones'), await text('tens')]).toEqual(['(a,2)\n', '(a,20)\n'])
  })
})
