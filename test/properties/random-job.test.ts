// Whether the random jobs reach what they are said to: nothing is silently never generated.

import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { type Case, randomCase } from './check.ts'
import { DRAWN, TOPICS } from './elaborate.ts'
import { inputsOf, type JobAst, type JobNode } from './job-ast.ts'
import { promisesOf } from './pause-promise.ts'

/** As many as the committed test runs. */
const CASES: readonly Case[] = fc.sample(randomCase, { seed: 1, numRuns: 600 })

function counted(values: Iterable<unknown>): Map<string, number> {
  const counts = new Map<string, number>()
  for (const value of values) counts.set(String(value), (counts.get(String(value)) ?? 0) + 1)
  return counts
}

function share(test: (one: Case) => boolean): number {
  return CASES.filter(test).length
}

/** Whether an operator of this kind reads another. */
function isNested({ nodes }: JobAst, names: RegExp): boolean {
  const inputs = (node: JobNode) => inputsOf(node).map((input) => nodes[input]?.op ?? '')
  return nodes.some((node) => names.test(node.op) && inputs(node).some((op) => names.test(op)))
}

function depthOf({ nodes }: JobAst): number {
  const depths: number[] = []
  for (const node of nodes) depths.push(1 + Math.max(0, ...inputsOf(node).map((input) => depths[input] ?? 0)))
  return Math.max(...depths)
}

describe('random jobs', () => {
  it.each(['pause', 'run'] as const)("reach every operator with idle: '%s'", (idle) => {
    const nodes = CASES.flatMap(({ ast }) => (ast.idle === idle ? ast.nodes : []))
    const counts = counted(nodes.map(({ op }) => op))
    expect([...DRAWN, 'source'].filter((op) => (counts.get(op) ?? 0) < 10)).toEqual([])
  })

  it('reach every option of every operator', () => {
    const options = CASES.flatMap(({ ast }) =>
      ast.nodes.flatMap((node) => Object.entries(node).map(([name, value]) => `${node.op} ${name} ${value}`)),
    )
    const seen = counted(options)
    const wanted = [
      ...['rekey', 'shift', 'initial', 'value', 'key', 'byRemainder', 'bump', 'one', 'length'].map((f) => `map f ${f}`),
      ...['top', 'takeOrdered', 'sortBy'].map((how) => `top how ${how}`),
      ...['each', 'once'].map((load) => `withBroadcast load ${load}`),
      ...['none', 'left', 'right', 'full'].map((outer) => `join outer ${outer}`),
      ...['undefined', 'notZero', 'large', 'small'].map((f) => `reduceByKeyAndWindowInverse filter ${f}`),
      ...['values', 'groups', 'timed'].map((shape) => `updateStateByKey shape ${shape}`),
      ...['sum', 'lastCount', 'capped', 'age'].map((update) => `updateStateByKey update ${update}`),
      ...[true, false].map((initial) => `updateStateByKey initial ${initial}`),
      ...['count', 'sum', 'toggle', 'touch', 'timed'].map((f) => `mapWithState f ${f}`),
      ...['undefined', 1000, 2500, 4000].map((timeout) => `mapWithState timeout ${timeout}`),
      ...['add', 'max'].flatMap((f) => ['reduceByKey', 'reduce', 'reduceByWindow'].map((op) => `${op} f ${f}`)),
      ...[1, 2, 3, 'undefined'].map((buckets) => `reduceByKey buckets ${buckets}`),
      ...[1, 2, 3, 4].map((every) => `window every ${every}`),
      ...['pair', 'number', 'text'].flatMap((type) => ['filter', 'union', 'window'].map((op) => `${op} type ${type}`)),
    ]
    expect(wanted.filter((option) => !seen.has(option))).toEqual([])
  })

  it('are chains and graphs: streams used twice, windows of windows, several outputs, several sources', () => {
    const shapes = {
      usedTwice: share(({ ast }) => {
        const reads = ast.nodes.flatMap((node) => [...new Set(inputsOf(node))])
        return new Set(reads).size < reads.length
      }),
      withItself: share(({ ast }) => ast.nodes.some((node) => 'inputs' in node && node.inputs[0] === node.inputs[1])),
      windowOfWindow: share(({ ast }) => isNested(ast, /window/i)),
      stateOfState: share(({ ast }) => isNested(ast, /State|topByKey|withBroadcast/)),
      outputs: share(({ ast }) => ast.saved.length > 1),
      sources: share(({ ast }) => ast.nodes.filter(({ op }) => op === 'source').length > 1),
      allTopics: share(({ ast }) =>
        ast.nodes.some((node) => node.op === 'source' && node.topics.length === TOPICS.length),
      ),
      deep: share(({ ast }) => depthOf(ast) > 4),
      printed: share(({ ast }) => ast.printed !== undefined),
      told: share(({ ast }) => ast.told !== undefined),
    }
    expect(Object.entries(shapes).filter(([, count]) => count < 8)).toEqual([])
  })

  it('are promised all that a paused job promises, and nothing that it does not', () => {
    const paused = CASES.filter(({ ast }) => ast.idle === 'pause')
    const promised = counted(paused.flatMap(({ ast }) => ast.saved.map((node) => promisesOf(ast.nodes)[node])))
    expect(promised.get('always')).toBeGreaterThan(100)
    expect(promised.get('part')).toBeGreaterThan(30)
    expect(promised.get('data')).toBeGreaterThan(5)
    expect(promised.has('never')).toBe(false)
  })

  it('meet several partitions, sessions of both paces, and every kind of schedule', () => {
    const shares = {
      partitions: share(({ stream }) => Math.max(...stream.partitions) > 2),
      sessions: share(({ stream }) => stream.sessions.length > 1),
      learned: share(({ stream }) => stream.growth === 'learned'),
      growing: share(({ stream }) => stream.growth === 'growing' && stream.sessions.length > 1),
      live: share(({ stream }) => stream.sessions.some(({ pace }) => pace === 'live')),
      old: share(({ stream }) => stream.sessions.some(({ pace }) => pace === 'old')),
      late: share(({ stream }) => stream.sessions.some(({ records }) => records.some(({ late }) => late > 0))),
      duplicates: share(({ schedule }) => schedule.duplicates),
      restarts: share(({ schedule }) => schedule.restarts),
      concurrency: share(({ schedule }) => schedule.concurrency),
      faults: share(({ schedule }) => schedule.faults),
      staleReads: share(({ schedule }) => schedule.staleReads),
      calm: share(({ schedule: s }) => !s.duplicates && !s.restarts && !s.concurrency && !s.faults),
    }
    expect(Object.entries(shares).filter(([, count]) => count < 15)).toEqual([])
  })
})
