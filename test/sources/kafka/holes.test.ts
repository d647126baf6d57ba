// Offsets that were declared missing: the job goes on without them, and without no others (I7).

import { describe, expect, it } from 'vitest'
import { job, seconds, text } from '../../../src/index.ts'
import { TaskLog } from '../../../src/log/task-log.ts'
import { declareHole, knownHoles } from '../../../src/sources/kafka/holes.ts'
import { isKafkaCommit } from '../../../src/sources/kafka/position.ts'
import { memoryEnvironment } from '../../../src/testing/memory-environment.ts'
import { copying, type Driven, driven, records } from '../../support/driven.ts'

const ref = { job: 'copy', stage: 'source', task: 'lines-0' }

const before = records('lines-0', ['a', 'b'])
const after = records('lines-0', ['f'], { from: 5, at: 500 })

const declare = ({ environment }: Driven, from: number, until: number, at: { job: string; task: string } = ref) =>
  declareHole(environment.table, at, { from, until })

const headOf = ({ environment: { table, objects } }: Driven) =>
  new TaskLog(ref, table, objects, 'state', isKafkaCommit).head()

describe('offsets that were declared missing', () => {
  it('are passed over, counted, and said in the log', async () => {
    const copy = driven(copying())
    await copy.deliver(before)
    await expect(copy.deliver(after)).rejects.toMatchObject({
      code: 'OFFSET_GAP',
      message: expect.stringContaining(
        'millrace offsets skip copy --topic lines --partition 0 --at 2 --until 5 --execute',
      ),
    })
    await declare(copy, 2, 5)
    await copy.again()
    expect(await copy.text()).toBe('a\nb\nf\n')
    expect((await headOf(copy))?.record).toMatchObject({
      position: { until: 6 },
      counts: { records: 1, missing: 3 },
      totals: { records: 3, missing: 3 },
    })
    expect(copy.environment.logged).toContainEqual({
      level: 'warn',
      facts: { stage: 'source', task: 'lines-0', holes: [{ from: 2, until: 5 }] },
      message: expect.stringContaining('declared missing'),
    })
    // The same once more is a duplicate, not a hole.
    await copy.another().again()
    expect(await copy.text()).toBe('a\nb\nf\n')
  })

  it('inside of an event too, and before the first error', async () => {
    const copy = driven(copying())
    await declare(copy, 1, 2)
    await copy.deliver(records('lines-0', ['a', { value: 'c', offset: 2, timestamp: 200 }]))
    expect(await copy.text()).toBe('a\nc\n')
  })

  it.each([
    ['beside it', [{ from: 7, until: 9 }], 2, 5],
    ['of the start', [{ from: 0, until: 4 }], 4, 5],
    ['of the end', [{ from: 4, until: 9 }], 2, 4],
    ['of the middle', [{ from: 3, until: 4 }], 2, 3],
    [
      'of both ends',
      [
        { from: 2, until: 3 },
        { from: 4, until: 5 },
      ],
      3,
      4,
    ],
  ])('leave the rest of a hole an error: %s', async (_, holes, from, until) => {
    const copy = driven(copying())
    await copy.deliver(before)
    for (const hole of holes) await declare(copy, hole.from, hole.until)
    await expect(copy.another().deliver(after)).rejects.toMatchObject({ code: 'OFFSET_GAP', from, until })
    expect(await copy.text()).toBe('a\nb\n')
  })

  it('do not keep away what comes after all', async () => {
    const copy = driven(copying())
    await declare(copy, 1, 9)
    await copy.deliver(records('lines-0', ['a', 'b', 'c']))
    expect(await copy.text()).toBe('a\nb\nc\n')
  })

  it('are of one partition and one job', async () => {
    const copy = driven(copying())
    await copy.deliver(before)
    await declare(copy, 2, 5, { job: 'copy', task: 'lines-1' })
    await declare(copy, 2, 5, { job: 'other', task: 'lines-0' })
    await expect(copy.another().deliver(after)).rejects.toMatchObject({ code: 'OFFSET_GAP' })
  })

  it('cost nothing where nothing is missing', async () => {
    let reads = 0
    const cold = driven(copying())
    await cold.deliver(before)
    const warm = cold.another({
      table: (table) => ({
        getRow(job, name) {
          reads++
          return table.getRow(job, name)
        },
      }),
    })
    await warm.deliver(records('lines-0', ['c'], { at: 200 }))
    reads = 0
    await warm.deliver(records('lines-0', ['d'], { at: 300 }))
    expect(reads).toBe(0)
  })

  it('that nobody can read stop the task with a name', async () => {
    const copy = driven(copying())
    await copy.deliver(before)
    await copy.environment.table.putRow('copy', 'hole#lines-0', { rev: 1, data: { holes: 'all' } })
    await expect(copy.another().deliver(after)).rejects.toMatchObject({ code: 'UNREADABLE_STATE' })
  })
})

it('holes are kept in order, and joined where they touch', async () => {
  const { table } = memoryEnvironment()
  const declared = [
    [8, 9],
    [2, 4],
    [20, 30],
    [4, 6],
    [25, 26],
    [7, 8],
  ] as const
  await Promise.all(declared.map(([from, until]) => declareHole(table, ref, { from, until })))
  expect(await knownHoles(table, ref)).toEqual([
    { from: 2, until: 6 },
    { from: 7, until: 9 },
    { from: 20, until: 30 },
  ])
})

it('the command of the error holds for names that a shell would take apart', async () => {
  const odd = job("Bob's job", { batch: seconds(1) }, ({ kafka }) => {
    kafka('a-b', { value: text() })
      .map(({ value }) => value)
      .saveAsTextFiles('s3://results/odd')
  })
  const bob = driven(odd)
  await bob.deliver(records('a-b-3', ['a']))
  await expect(bob.deliver(records('a-b-3', ['c'], { from: 2, at: 200 }))).rejects.toMatchObject({
    message: expect.stringContaining(
      `millrace offsets skip 'Bob'\\''s job' --topic a-b --partition 3 --at 1 --execute`,
    ),
  })
})
