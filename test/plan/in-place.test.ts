// Where operators by key run when Kafka has partitioned the stream already, and what is refused.

import { describe, expect, it } from 'vitest'
import { type DStream, type JobContext, job, type State, StateSpec, text } from '../../src/index.ts'
import { describePlan } from '../../src/plan/describe.ts'
import type { Plan } from '../../src/plan/plan.ts'
import { planJob } from '../../src/plan/plan-job.ts'
import { schemaOf } from '../../src/plan/schema.ts'
import { diffSchemas } from '../../src/plan/schema-diff.ts'
import { defined } from '../support/definition.ts'

const add = (a: number, b: number): number => a + b

function planned(define: (context: JobContext) => void): Plan {
  return planJob(defined(job('planned', { batch: 1000, numPartitions: 2 }, define)))
}

const pairsOf = ({ kafka }: JobContext, topic: string | string[] = 'words') =>
  kafka(topic, { value: text() }).map(({ key, value }) => [key ?? '', value] as const)

type Words = DStream<readonly [string, string]>

/** Of the one topic: the operators in place, and those of each shuffle stage. */
function placed(define: (words: Words) => void): { inPlace: string; stages: string[] } {
  const plan = planned((context) => define(pairsOf(context).preservesPartitioning()))
  const kinds = (steps: readonly { readonly node: { readonly operator: { readonly kind: string } } }[]) =>
    steps.map((s) => s.node.operator.kind).join(' ')
  return {
    inPlace: kinds(plan.programs.get('words')?.inPlace?.stage.steps ?? []),
    stages: plan.stages.map(({ steps }) => kinds(steps)),
  }
}

const ones = (words: Words) => words.mapValues(() => 1)

describe('a stream that is partitioned by key', () => {
  it.each<[string, (words: Words) => void, string]>([
    ['reduceByKey', (words) => ones(words).reduceByKey(add).print(), 'combineByKey'],
    ['groupByKey', (words) => words.groupByKey().print(), 'combineByKey'],
    ['windows', (words) => ones(words).reduceByKeyAndWindow(add, 2000).print(), 'combineByKey window combineByKey'],
    [
      'windows with an inverse',
      (words) =>
        ones(words)
          .reduceByKeyAndWindow(add, (a, b) => a - b, 2000)
          .print(),
      'combineByKey inverseWindow',
    ],
    [
      'updateStateByKey',
      (words) => words.updateStateByKey((values: readonly string[], n?: number) => (n ?? 0) + values.length).print(),
      'updateStateByKey',
    ],
    [
      'mapWithState and its snapshots',
      (words) =>
        words
          .mapWithState(StateSpec.function((_k, _v, state: State<number>) => state.get()))
          .stateSnapshots()
          .print(),
      'mapWithState stateSnapshots',
    ],
    ['a join with itself', (words) => words.join(ones(words).reduceByKey(add)).print(), 'combineByKey cogroup flatMap'],
    [
      'what keeps keys between',
      (words) =>
        ones(words)
          .reduceByKey(add)
          .filter(([, n]) => n > 1)
          .mapValues(String)
          .flatMapValues((n) => n)
          .groupByKey()
          .print(),
      'combineByKey filter map flatMap combineByKey',
    ],
    ['union with itself', (words) => words.union(words.mapValues(String)).groupByKey().print(), 'combineByKey'],
    [
      'a map that is said to keep keys',
      (words) =>
        words
          .groupByKey()
          .map(([key, values]) => [key, values.length] as const)
          .preservesPartitioning()
          .reduceByKey(add)
          .print(),
      'combineByKey map combineByKey',
    ],
  ])('needs no shuffle for %s', (_, define, steps) => {
    expect(placed(define)).toEqual({ inPlace: steps, stages: [] })
  })

  it.each<[string, (words: Words) => void, string, string]>([
    [
      'a map may change keys',
      (words) =>
        words
          .map(([k, v]) => [v, k] as const)
          .groupByKey()
          .print(),
      '',
      'combineByKey',
    ],
    ['numPartitions asks for buckets', (words) => words.groupByKey({ numPartitions: 3 }).print(), '', 'combineByKey'],
    ['all goes to one', (words) => words.groupByKey().count().print(), 'combineByKey', 'fold'],
    ['it is repartitioned', (words) => words.repartition(2).print(), '', 'repartition'],
    [
      'nobody knows the partition of a key with initial state',
      (words) =>
        words
          .updateStateByKey((values: readonly string[], n?: number) => (n ?? 0) + values.length, {
            initialState: [['a', 1]],
          })
          .print(),
      '',
      'updateStateByKey',
    ],
    [
      'mapWithState may emit anything',
      (words) =>
        words
          .mapWithState(
            StateSpec.function(
              (key: string, _v: string | undefined, state: State<number>) => [key, state.exists()] as const,
            ),
          )
          .groupByKey()
          .print(),
      'mapWithState',
      'combineByKey',
    ],
  ])('shuffles where %s', (_, define, inPlace, stage) => {
    expect(placed(define)).toEqual({ inPlace, stages: [stage] })
  })

  it('is joined by a shuffle with a stream of another topic, or one that is not', () => {
    const stages = (other: (context: JobContext) => Words): number =>
      planned((context) => pairsOf(context).preservesPartitioning().join(other(context)).print()).stages.length
    expect(stages((context) => pairsOf(context, 'more').preservesPartitioning())).toBe(1)
    expect(stages((context) => pairsOf(context))).toBe(1)
  })

  it('may be united with others afterwards without a shuffle', () => {
    const plan = planned((context) => {
      const words = pairsOf(context).preservesPartitioning()
      const more = pairsOf(context, 'more').map(([key, value]): [string, string] => [key, value])
      words
        .reduceByKey((a, b) => a + b)
        .union(more)
        .saveAsTextFiles('s3://results/all')
    })
    expect(plan.stages).toEqual([])
    expect(plan.programs.get('words')?.inPlace?.stage.outputs).toHaveLength(1)
    expect(plan.programs.get('more')).toMatchObject({ inPlace: undefined, outputs: [{}] })
  })

  it('costs other topics and unmarked jobs nothing', () => {
    const plan = planned((context) => pairsOf(context).groupByKey().print())
    expect(plan.programs.get('words')?.inPlace).toBeUndefined()
  })

  it('gives operators the ids that they have with a shuffle', () => {
    const ids = (marked: boolean) =>
      schemaOf(
        planned((context) => {
          const words = pairsOf(context)
          ones(marked ? words.preservesPartitioning() : words)
            .reduceByKeyAndWindow(add, 2000)
            .print()
        }),
      ).operators.map(({ id }) => id)
    expect(ids(true)).toEqual(ids(false))
  })
})

describe('preservesPartitioning is refused', () => {
  it.each<[string, (context: JobContext) => void, RegExp]>([
    [
      'of several topics',
      (context) => pairsOf(context, ['words', 'more']).preservesPartitioning(),
      /preservesPartitioning: the stream comes from the topics words, more, .*before union/s,
    ],
    [
      'of a union of topics',
      (context) => pairsOf(context).union(pairsOf(context, 'more')).preservesPartitioning(),
      /from the topics words, more/,
    ],
    [
      'after a shuffle',
      (context) => pairsOf(context).groupByKey().preservesPartitioning(),
      /comes out of the shuffle of combineByKey/,
    ],
    [
      'with an option that is unknown',
      (context) => pairsOf(context).preservesPartitioning(JSON.parse('{"newPartition":"join"}')),
      /Did you mean 'newPartitions'/,
    ],
  ])('%s', (_, define, message) => {
    expect(() => job('refused', { batch: 1000 }, define)).toThrow(message)
    expect(() => job('refused', { batch: 1000 }, define)).toThrow(expect.objectContaining({ code: 'INVALID_OPTION' }))
  })
})

describe('the state schema of operators in place', () => {
  const counts = (marked: boolean, newPartitions: 'fail' | 'join' = 'fail') =>
    planned((context) => {
      const words = pairsOf(context)
      ones(marked ? words.preservesPartitioning({ newPartitions }) : words)
        .reduceByKey(add)
        .print()
    })
  const of = (count: number, newPartitions?: 'join') =>
    schemaOf(counts(true, newPartitions), new Map([['words', count]]))

  it('names topic and partitions', () => {
    expect(of(4).operators).toEqual([
      { id: 'combineByKey(words)', kind: 'combineByKey', numPartitions: 4, topic: 'words' },
    ])
  })

  it('refuses that state moves from buckets into partitions, or back', () => {
    const [shuffled, inPlace] = [schemaOf(counts(false)), of(2)]
    expect(diffSchemas(shuffled, inPlace).breaking).toEqual([
      'combineByKey(words): its state moves from 2 buckets to the partitions of topic words',
    ])
    expect(diffSchemas(inPlace, shuffled).breaking.join()).toContain('from the partitions of topic words to 2 buckets')
  })

  it('refuses that keys move between partitions, unless they do not', () => {
    expect(diffSchemas(of(4), of(6)).breaking.join()).toMatch(
      /topic words has 6 partitions and had 4.*newPartitions: 'join'/,
    )
    expect(diffSchemas(of(4), of(4)).breaking).toEqual([])
    expect(diffSchemas(of(4), of(6, 'join')).breaking).toEqual([])
    expect(diffSchemas(of(4), schemaOf(counts(true))).breaking).toEqual([])
  })
})

it('a plan shows what runs in place', () => {
  const plan = planned((context) => {
    const counts = ones(pairsOf(context).preservesPartitioning()).reduceByKey(add)
    counts.saveAsTextFiles('s3://results/counts')
    counts.count().print()
  })
  expect(describePlan(plan)).toBe(`job planned, batches of 1000 ms by record time

topic words: one task per partition
  map
  map
  → in place
  in place, when the partition has passed T:
    combineByKey, id combineByKey(words)
    → s3://results/counts
    → stage fold(combineByKey(words)) (all to one, combined first)

stage fold(combineByKey(words)): 1 bucket
  from source (all to one, combined first)
  fold, id fold(combineByKey(words))
  → print-0
`)
})
