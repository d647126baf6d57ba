import { describe, expect, it } from 'vitest'
import { type DStream, type JobContext, job, text } from '../../src/index.ts'
import type { Plan } from '../../src/plan/plan.ts'
import { planJob } from '../../src/plan/plan-job.ts'
import { defined } from '../support/definition.ts'

function planned(define: (context: JobContext) => void): Plan {
  return planJob(defined(job('planned', { batch: 1000 }, define)))
}

/** A topic's program in short: steps as `kind(inputs)->slot`, outputs as `id<-slot`. */
function short(plan: Plan, topic: string) {
  const program = plan.programs.get(topic)
  return {
    steps: program?.steps.map(({ node, inputs, slot }) => `${node.operator.kind}(${inputs})->${slot}`),
    outputs: program?.outputs.map(({ output, slot }) => `${output.id}<-${slot}`),
    slots: program?.slots,
  }
}

const save = (stream: DStream<unknown>, name: string): void => stream.saveAsTextFiles(`s3://results/${name}`)

describe('a plan', () => {
  it('has a step per operator, each after what it reads', () => {
    const plan = planned(({ kafka }) => {
      save(
        kafka('lines', { value: text() })
          .map(({ value }) => value)
          .filter((value) => value !== '')
          .flatMap((value) => [value, value]),
        'out',
      )
    })
    expect(short(plan, 'lines')).toEqual({
      steps: ['map(0)->1', 'filter(1)->2', 'flatMap(2)->3'],
      outputs: ['s3://results/out<-3'],
      slots: 4,
    })
  })

  it('runs a stream that several outputs use once', () => {
    const plan = planned(({ kafka }) => {
      const shared = kafka('lines', { value: text() }).map(({ value }) => value)
      save(shared, 'one')
      save(shared, 'two')
      shared.filter((value) => value !== '').print()
    })
    expect(short(plan, 'lines')).toEqual({
      steps: ['map(0)->1', 'filter(1)->2'],
      outputs: ['s3://results/one<-1', 's3://results/two<-1', 'print-0<-2'],
      slots: 3,
    })
  })

  it('gives every topic what concerns it: of a union only its own side', () => {
    const plan = planned(({ kafka }) => {
      const words = kafka('words', { value: text() }).map(({ value }) => value)
      const more = kafka('more', { value: text() }).map(({ value }) => value)
      save(words.union(more), 'all')
      save(more, 'more')
    })
    expect([...plan.programs.keys()]).toEqual(['words', 'more'])
    expect(short(plan, 'words')).toEqual({
      steps: ['map(0)->1', 'union(1)->2'],
      outputs: ['s3://results/all<-2'],
      slots: 3,
    })
    expect(short(plan, 'more')).toEqual({
      steps: ['map(0)->1', 'union(1)->2'],
      outputs: ['s3://results/all<-2', 's3://results/more<-1'],
      slots: 3,
    })
  })

  it('unites a stream with itself, and streams of one topic', () => {
    const plan = planned(({ kafka }) => {
      const words = kafka('words', { value: text() }).map(({ value }) => value)
      save(words.union(words, words.filter(Boolean)), 'all')
    })
    expect(short(plan, 'words').steps).toEqual(['map(0)->1', 'filter(1)->2', 'union(1,1,2)->3'])
  })

  it('has one task program for a topic that two sources read, each with its own decoders', () => {
    const plan = planned(({ kafka }) => {
      save(kafka('lines', { value: text() }), 'one')
      save(kafka(['lines', 'more'], { value: text() }), 'two')
    })
    expect(plan.programs.get('lines')?.sources.map(({ slot }) => slot)).toEqual([0, 1])
    expect(short(plan, 'lines').outputs).toEqual(['s3://results/one<-0', 's3://results/two<-1'])
    expect(plan.programs.get('more')?.sources).toHaveLength(1)
  })

  it('reads a topic that no output uses, and does nothing with it', () => {
    const plan = planned(({ kafka }) => {
      kafka('ignored', { value: text() }).map(({ value }) => value)
      save(kafka('lines', { value: text() }), 'out')
    })
    expect(short(plan, 'ignored')).toEqual({ steps: [], outputs: [], slots: 1 })
  })

  it('names outputs by where they write, and prints by their number', () => {
    const plan = planned(({ kafka }) => {
      const lines = kafka('lines', { value: text() })
      lines.print()
      lines.saveAsTextFiles('s3://results/out', 'txt')
      lines.print(5)
    })
    expect(plan.outputs.map(({ id }) => id)).toEqual(['print-0', 's3://results/out.txt', 'print-1'])
  })

  it('does not take long chains for deep ones', () => {
    const plan = planned(({ kafka }) => {
      let stream: DStream<unknown> = kafka('lines', { value: text() })
      for (let i = 0; i < 1000; i++) stream = stream.map((x) => x)
      save(stream, 'out')
    })
    expect(plan.programs.get('lines')?.steps).toHaveLength(1000)
  })
})
