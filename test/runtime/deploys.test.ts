// I5, I7: records that are on their way while code changes are in the outputs of the old code or of the new, or the new code is
// refused; and nothing says that an output is complete for a batch that it does not have whole (I3).

import { describe, expect, it } from 'vitest'
import type { Job } from '../../src/index.ts'
import { deployments, type Lines, over, records } from '../support/deployments.ts'
import { kafkaEvent, lines } from '../support/kafka-events.ts'

const plus = (a: number, b: number): number => a + b
const ones = (lines: Lines) => lines.map((line) => [line, 1] as const)
const out = (name: string) => `s3://results/${name}`

interface Change {
  readonly before: Job
  readonly after: Job
  /** What is named as not to be had any more. */
  readonly operator: string
  /** What has become of the first event when the old code has finished. */
  readonly lines: Readonly<Record<string, readonly string[]>>
}

/** Of T = 1000 and 2000, which stays open. */
const first = kafkaEvent({
  'lines-0': [...lines(['a', 'b'], { step: 500 }), ...lines(['a', 'a', 'a'], { from: 2, at: 1000 })],
})
const later = records('cc', 5)
const inPlace = (lines: Lines) => ones(lines).preservesPartitioning({ newPartitions: 'join' })
const grouped = (pairs: ReturnType<typeof ones>, options = {}) =>
  pairs
    .groupByKey(options)
    .mapValues((some) => some.length)
    .saveAsTextFiles(out('out'))
const copied = { 'out-1000': ['a', 'b'], 'out-2000': ['a', 'a', 'a'] }
const counted = { 'out-1000': ['(a,1)', '(b,1)'], 'out-2000': ['(a,3)'] }

const mixed = (numPartitions: number) =>
  over(
    (lines) => {
      const some = lines.filter((line) => line >= 'b')
      const others = lines.filter((line) => line < 'b')
      some.repartition(3).union(others).saveAsTextFiles(out('out'))
    },
    { numPartitions },
  )

const changes: Record<string, Change> = {
  'repartition removed': {
    before: over((lines) => lines.repartition(3).saveAsTextFiles(out('out'))),
    after: over((lines) => lines.saveAsTextFiles(out('out'))),
    operator: 'repartition(lines)',
    lines: copied,
  },
  'an id changed': {
    before: over((lines) => ones(lines).reduceByKey(plus, { id: 'old' }).saveAsTextFiles(out('out'))),
    after: over((lines) => ones(lines).reduceByKey(plus, { id: 'new' }).saveAsTextFiles(out('out'))),
    operator: 'old',
    lines: counted,
  },
  'a window put before': {
    before: over((lines) => ones(lines).reduceByKey(plus, { id: 'sum' }).saveAsTextFiles(out('out'))),
    after: over((lines) => ones(lines).window('1s').reduceByKey(plus, { id: 'sum' }).saveAsTextFiles(out('out'))),
    operator: 'sum',
    lines: counted,
  },
  'a repartition put before': {
    before: over((lines) => ones(lines).reduceByKey(plus, { id: 'sum' }).saveAsTextFiles(out('out'))),
    after: over((lines) => ones(lines.repartition(3)).reduceByKey(plus, { id: 'sum' }).saveAsTextFiles(out('out'))),
    operator: 'sum',
    lines: counted,
  },
  'fewer buckets of a union': {
    before: mixed(4),
    after: mixed(1),
    operator: 'union(repartition(lines),lines)',
    lines: copied,
  },
  'an operator removed with its output': {
    before: over((lines) => {
      lines.saveAsTextFiles(out('all'))
      ones(lines).reduceByKey(plus, { id: 'sum' }).saveAsTextFiles(out('out'))
    }),
    after: over((lines) => lines.saveAsTextFiles(out('all'))),
    operator: 'sum',
    lines: { 'all-1000': ['a', 'b'], 'all-2000': ['a', 'a', 'a'], ...counted },
  },
  'siblings swapped': {
    before: over((lines) => {
      ones(lines).reduceByKey(plus, { id: 'x' }).saveAsTextFiles(out('out'))
      ones(lines)
        .reduceByKey((a, b) => a * b, { id: 'y' })
        .mapValues(() => 0)
        .saveAsTextFiles(out('zero'))
    }),
    after: over((lines) => {
      ones(lines).reduceByKey(plus, { id: 'y' }).saveAsTextFiles(out('out'))
      ones(lines)
        .reduceByKey((a, b) => a * b, { id: 'x' })
        .mapValues(() => 0)
        .saveAsTextFiles(out('zero'))
    }),
    operator: 'x',
    lines: { ...counted, 'zero-1000': ['(a,0)', '(b,0)'], 'zero-2000': ['(a,0)'] },
  },
  'sums where lists were': {
    before: over((lines) => grouped(ones(lines))),
    after: over((lines) => ones(lines).reduceByKey(plus).saveAsTextFiles(out('out'))),
    operator: 'combineByKey(lines)',
    lines: counted,
  },
  'lists where sums were': {
    before: over((lines) => ones(lines).reduceByKey(plus).saveAsTextFiles(out('out'))),
    after: over((lines) => grouped(ones(lines))),
    operator: 'combineByKey(lines)',
    lines: counted,
  },
  'lists where sums were, in place': {
    before: over((lines) => inPlace(lines).reduceByKey(plus, { id: 'sum' }).saveAsTextFiles(out('out'))),
    after: over((lines) => grouped(inPlace(lines), { id: 'sum' })),
    operator: 'sum',
    lines: counted,
  },
  'something combined where sums were': {
    before: over((lines) => ones(lines).reduceByKey(plus).saveAsTextFiles(out('out'))),
    after: over((lines) =>
      ones(lines)
        .combineByKey(
          (n: number) => ({ n }),
          ({ n }, m: number) => ({ n: n + m }),
          (a, b) => ({ n: a.n + b.n }),
        )
        .mapValues(({ n }) => n)
        .saveAsTextFiles(out('out')),
    ),
    operator: 'combineByKey(lines)',
    lines: counted,
  },
  'texts put together where they were counted': {
    before: over((lines) => lines.count().saveAsTextFiles(out('out'))),
    after: over((lines) => lines.reduce((a, b) => a + b).saveAsTextFiles(out('out'))),
    operator: 'fold(lines)',
    lines: { 'out-1000': ['2'], 'out-2000': ['3'] },
  },
  'an id changed in place': {
    before: over((lines) =>
      ones(lines)
        .preservesPartitioning({ newPartitions: 'join' })
        .reduceByKey(plus, { id: 'old' })
        .saveAsTextFiles(out('out')),
    ),
    after: over((lines) =>
      ones(lines)
        .preservesPartitioning({ newPartitions: 'join' })
        .reduceByKey(plus, { id: 'new' })
        .saveAsTextFiles(out('out')),
    ),
    operator: 'old',
    lines: counted,
  },
  'in place no more': {
    before: over((lines) =>
      ones(lines).preservesPartitioning({ newPartitions: 'join' }).reduceByKey(plus).saveAsTextFiles(out('out')),
    ),
    after: over((lines) => lines.saveAsTextFiles(out('out'))),
    operator: 'combineByKey(lines)',
    lines: counted,
  },
}

describe.each(Object.entries(changes))('%s,', (_, { before, after, operator, lines: expected }) => {
  it('while records are on their way, is refused; the old code finishes, and then the new goes on', async () => {
    const { deploy, rest, results } = deployments()
    const old = deploy(before)
    await old(first)
    const early = await results()
    const refusal = {
      code: 'RECORDS_ON_THE_WAY',
      message: expect.stringContaining(`  - ${operator}`),
      onTheWay: expect.arrayContaining([expect.objectContaining({ time: 2000 })]),
    }
    await expect(deploy(after)(later)).rejects.toMatchObject(refusal)
    await expect(deploy(after)(later)).rejects.toMatchObject(refusal)
    expect(await results()).toEqual(early)
    await rest(deploy(before))
    const finished = Object.entries(expected).map(([batch, some]) => [batch, { lines: [...some], done: true }])
    expect(await results()).toEqual(Object.fromEntries(finished))
    const now = deploy(after)
    await now(later)
    await rest(now)
    const all = await results()
    expect(all).toMatchObject(Object.fromEntries(finished))
    expect(all['out-4000'] ?? all['all-4000']).toMatchObject({ done: true })
  })

  it('goes on at once when what is on its way is given up by name, and nothing says that it is complete', async () => {
    const { deploy, rest, results } = deployments()
    await deploy(before)(first)
    const accept = operator === 'x' ? ['x', 'y'] : [operator]
    const now = deploy(after, { accept })
    await now(later)
    await rest(now)
    const { 'out-2000': lost, 'out-4000': next } = await results()
    if (next) expect(next.done).toBe(true)
    expect(lost?.done ?? false).toBe(false)
  })
})
