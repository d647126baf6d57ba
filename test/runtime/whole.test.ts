// I3 across deployments: `_SUCCESS` under T says that the output has T whole, and a T that other code has had a part in may lack
// something of it.

import { describe, expect, it } from 'vitest'
import type { Job } from '../../src/index.ts'
import { deployments, type Lines, over, records } from '../support/deployments.ts'
import { kafkaEvent, lines } from '../support/kafka-events.ts'

const plus = (a: number, b: number): number => a + b
const ones = (stream: Lines) => stream.map((line) => [line, 1] as const)
const inPlace = (stream: Lines) => ones(stream).preservesPartitioning({ newPartitions: 'join' })
const out = (name: string) => `s3://results/${name}`
const done = async (results: () => Promise<Record<string, { done: boolean }>>) =>
  Object.entries(await results()).flatMap(([batch, { done: is }]) => (is ? batch : []))

/** The same stream, and what new code makes of it besides. */
const additions: Record<string, (stream: Lines) => void> = {
  'an output': (stream) => stream.saveAsTextFiles(out('more')),
  'a stage': (stream) => ones(stream).reduceByKey(plus).saveAsTextFiles(out('more')),
  'a chain of stages': (stream) =>
    ones(stream)
      .reduceByKey(plus)
      .map(([, n]) => [n, 1] as const)
      .reduceByKey(plus)
      .saveAsTextFiles(out('more')),
  'an operator in place': (stream) => inPlace(stream).reduceByKey(plus).saveAsTextFiles(out('more')),
  'a stage after an operator in place': (stream) =>
    inPlace(stream)
      .reduceByKey(plus)
      .map(([, n]) => [n, 1] as const)
      .reduceByKey(plus, { numPartitions: 3 })
      .saveAsTextFiles(out('more')),
}

describe.each(Object.entries(additions))('%s that a deployment adds in the middle of T', (name, more) => {
  const before = over((stream) => stream.saveAsTextFiles(out('all')))
  const after = over((stream) => {
    stream.saveAsTextFiles(out('all'))
    more(stream)
  })

  it('has no _SUCCESS under T, and has it from the next on; what was there keeps it', async () => {
    const { deploy, rest, results, logged } = deployments()
    await deploy(before)(records('abc', 0)) // c, in T = 2000
    const now = deploy(after)
    await now(records('defg', 3)) // d in T = 2000
    await now(records('hi', 7))
    await rest(now)
    expect(await done(results)).toEqual(
      expect.arrayContaining(['all-1000', 'all-2000', 'all-3000', 'more-3000', 'more-4000']),
    )
    expect((await results())['more-2000']).toMatchObject({ done: false })
    expect(logged('do not have a batch whole')).toMatchObject([{ facts: { time: 2000, outputs: [out('more')] } }])
    expect(logged('complete from')).toMatchObject([{ facts: { time: 3000, outputs: [out('more')] } }])
  })

  it('may lack T in one of two partitions', async () => {
    const { deploy, rest, results } = deployments()
    await deploy(before)(records('abc', 0))
    const now = deploy(after)
    await now(records('abcd', 0, 1))
    await now(records('def', 3))
    await rest(now)
    expect(await done(results)).not.toContain('more-2000')
    expect(await done(results)).toEqual(expect.arrayContaining(['all-2000', 'more-3000']))
  })

  it('has _SUCCESS where it has T whole, whoever has closed the T before', async () => {
    const { deploy, rest, results } = deployments()
    await rest(deploy(before)) // nothing has come
    const old = deploy(before)
    await old(records('ab', 0))
    const now = deploy(after)
    await now(records('cdef', 2)) // T = 2000 from its beginning
    await rest(now)
    expect(await done(results)).toEqual(expect.arrayContaining(['more-2000', 'more-3000']))
  })

  it('is left to new code by an instance of the old that is still at work', async () => {
    const { deploy, rest, results } = deployments()
    const old = deploy(before)
    await old(records('ab', 0))
    const now = deploy(after)
    await now(records('cd', 2)) // T = 2000
    await old(records('ef', 4)).catch(() => {}) // reaches T = 3000 and would close T = 2000
    await now(records('gh', 6))
    await rest(now)
    // What runs in place has been passed by the old instance, so that it cannot be whole.
    expect(await done(results)).toEqual(
      expect.arrayContaining(['all-2000', ...(name.includes('place') ? [] : ['more-2000']), 'all-3000', 'more-4000']),
    )
    expect((await results())['more-2000']?.lines.length ?? 0).toBe(
      name.includes('place') ? 0 : name.includes('chain') ? 1 : 2,
    )
    expect(await done(results)).not.toContain('more-3000')
  })

  it('comes back after a rollback: without the T in which the old code had a part', async () => {
    const { deploy, rest, results } = deployments()
    const now = deploy(after)
    await now(records('ab', 0))
    await rest(now)
    const old = deploy(before)
    await old(records('cde', 2)) // e in T = 3000
    const again = deploy(after)
    await again(records('fgh', 5))
    await rest(again)
    const whole = await done(results)
    expect(whole).toEqual(expect.arrayContaining(['more-1000', 'all-2000', 'all-3000', 'more-4000']))
    expect(whole).not.toContain('more-2000')
    expect(whole).not.toContain('more-3000')
  })
})

describe('an output that a deployment adds', () => {
  const added = (define: (stream: Lines) => { old(): void; more(): void }): [Job, Job] => [
    over((stream) => define(stream).old()),
    over((stream) => {
      const { old, more } = define(stream)
      old()
      more()
    }),
  ]

  it('of a stage that is there has T whole: its buckets have not run it yet', async () => {
    const [before, after] = added((stream) => {
      const counts = ones(stream).reduceByKey(plus)
      return {
        old: () => counts.saveAsTextFiles(out('counts')),
        more: () => counts.mapValues((n) => n + 1).saveAsTextFiles(out('more')),
      }
    })
    const { deploy, rest, results } = deployments()
    await deploy(before)(records('aba', 0))
    const now = deploy(after)
    await now(records('aa', 3))
    await rest(now)
    expect((await results())['more-2000']).toEqual({ lines: ['(a,3)'], done: true })
    expect(await done(results)).toContain('counts-2000')
  })

  it('has no _SUCCESS where some buckets have run T under the code before, which died', async () => {
    const [before, after] = added((stream) => {
      const counts = ones(stream).reduceByKey(plus)
      return {
        old: () => counts.saveAsTextFiles(out('counts')),
        more: () => counts.mapValues((n) => n + 1).saveAsTextFiles(out('more')),
      }
    })
    const { deploy, rest, results, environment } = deployments()
    const { table } = environment
    let failing = 0
    const append = table.append.bind(table)
    table.append = (task, item) =>
      task.stage.startsWith('combineByKey') && item.version > 1 && task.task === '1' && failing++ < 3
        ? Promise.reject(new Error('dies'))
        : append(task, item)
    await expect(deploy(before)(records('abcdef', 0))).rejects.toThrow('dies')
    failing = 3
    const now = deploy(after)
    await now(records('abcdefg', 6))
    await rest(now)
    const all = await results()
    expect(all['counts-1000']).toEqual({ lines: ['(a,1)', '(b,1)'], done: true })
    expect(all['counts-2000']).toMatchObject({ done: true })
    expect(all['more-1000']?.done ?? false).toBe(false)
    expect(all['more-4000']).toMatchObject({ done: true })
  })

  it('in place: has T only where the code that passed it had it', async () => {
    const [before, after] = added((stream) => {
      const counts = inPlace(stream).reduceByKey(plus)
      return {
        old: () => counts.saveAsTextFiles(out('counts')),
        more: () => counts.mapValues((n) => n + 1).saveAsTextFiles(out('more')),
      }
    })
    const { deploy, rest, results } = deployments()
    await deploy(before)(records('abc', 0)) // has passed 1000; c is open, and x comes too late for 1000
    const now = deploy(after)
    await now(kafkaEvent({ 'lines-1': lines(['x', 'y', 'z'], { step: 1000 }) }))
    await now(records('de', 3))
    await rest(now)
    const all = await results()
    expect(all['more-2000']).toMatchObject({ lines: ['(c,2)', '(x,2)', '(y,2)'], done: true })
    expect(all['counts-2000']).toMatchObject({ done: true })
  })
})

it('an output that moves to a stage behind keeps the parts that buckets of the old code have written', async () => {
  const summed = (stream: Lines) => ones(stream).reduceByKey(plus, { id: 'sum' })
  const failing = over((stream) =>
    summed(stream)
      .map(([word, n]) => {
        if (word === 'b') throw new Error('not yet')
        return [word, n] as const
      })
      .saveAsTextFiles(out('all')),
  )
  const mended = over((stream) => summed(stream).repartition(1, { id: 'spread' }).saveAsTextFiles(out('all')))
  const { deploy, rest, results } = deployments()
  const old = deploy(failing)
  await expect(old(records('aba', 0))).rejects.toMatchObject({ code: 'BATCH_FAILED' })
  expect((await results())['all-1000']).toEqual({ lines: ['(a,1)'], done: false }) // one bucket could
  const now = deploy(mended)
  await now(records('ab', 3))
  await rest(now)
  expect(await results()).toEqual({
    'all-1000': { lines: ['(a,1)', '(b,1)'], done: false },
    'all-2000': { lines: ['(a,2)'], done: true },
    'all-3000': { lines: ['(b,1)'], done: true },
  })
})
