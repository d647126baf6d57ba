// Offsets that were declared missing: the job goes on without them, and without no others (I7).

import { describe, expect, it } from 'vitest'
import { type GapPolicy, job, seconds, text } from '../../src/index.ts'
import { type LambdaHandler, lambda } from '../../src/lambda/index.ts'
import { isSourceCommit } from '../../src/log/commit-record.ts'
import { TaskLog } from '../../src/log/task-log.ts'
import { declareHole, knownHoles } from '../../src/runtime/holes.ts'
import { type MemoryEnvironment, memoryEnvironment, readObjects } from '../../src/testing/memory-environment.ts'
import { kafkaEvent, lines } from '../support/kafka-events.ts'

const ref = { job: 'copy', stage: 'source', task: 'lines-0' }

function copy(environment: MemoryEnvironment, source: { gaps?: GapPolicy } = {}): LambdaHandler {
  const copying = job('copy', { batch: seconds(1) }, ({ kafka }) => {
    kafka('lines', { value: text(), ...source })
      .map((record) => record.value)
      .saveAsTextFiles('s3://results/copy')
  })
  return lambda(copying, { environment })
}

const before = kafkaEvent({ 'lines-0': lines(['a', 'b']) })
const after = kafkaEvent({ 'lines-0': lines(['f'], { from: 5, at: 500 }) })

const written = async ({ objects }: MemoryEnvironment): Promise<string> =>
  [...(await readObjects(objects, 'results')).values()].join('')

const headOf = ({ table, objects }: MemoryEnvironment) =>
  new TaskLog(ref, table, objects, 'state', isSourceCommit).head()

describe('offsets that were declared missing', () => {
  it('are passed over, counted, and said in the log', async () => {
    const environment = memoryEnvironment()
    const handler = copy(environment)
    await handler(before)
    await expect(handler(after)).rejects.toMatchObject({
      code: 'OFFSET_GAP',
      message: expect.stringContaining(
        'millrace offsets skip copy --topic lines --partition 0 --at 2 --until 5 --execute',
      ),
    })
    await declareHole(environment.table, ref, { from: 2, until: 5 })
    await handler(after)
    expect(await written(environment)).toBe('a\nb\nf\n')
    expect((await headOf(environment))?.record).toMatchObject({
      position: { until: 6 },
      counts: { records: 1, missing: 3 },
      totals: { records: 3, missing: 3 },
    })
    expect(environment.logged).toContainEqual({
      level: 'warn',
      facts: { stage: 'source', task: 'lines-0', holes: [{ from: 2, until: 5 }] },
      message: expect.stringContaining('declared missing'),
    })
    // The same once more is a duplicate, not a hole.
    await copy(environment.another())(after)
    expect(await written(environment)).toBe('a\nb\nf\n')
  })

  it('inside of an event too, and before the first error', async () => {
    const environment = memoryEnvironment()
    await declareHole(environment.table, ref, { from: 1, until: 2 })
    await copy(environment)(kafkaEvent({ 'lines-0': [...lines(['a']), ...lines(['c'], { from: 2, at: 200 })] }))
    expect(await written(environment)).toBe('a\nc\n')
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
    const environment = memoryEnvironment()
    await copy(environment)(before)
    for (const hole of holes) await declareHole(environment.table, ref, hole)
    await expect(copy(environment)(after)).rejects.toMatchObject({ code: 'OFFSET_GAP', from, until })
    expect(await written(environment)).toBe('a\nb\n')
  })

  it('do not keep away what comes after all', async () => {
    const environment = memoryEnvironment()
    await declareHole(environment.table, ref, { from: 1, until: 9 })
    await copy(environment)(kafkaEvent({ 'lines-0': lines(['a', 'b', 'c']) }))
    expect(await written(environment)).toBe('a\nb\nc\n')
  })

  it('are of one partition and one job', async () => {
    const environment = memoryEnvironment()
    await copy(environment)(before)
    await declareHole(environment.table, { job: 'copy', task: 'lines-1' }, { from: 2, until: 5 })
    await declareHole(environment.table, { job: 'other', task: 'lines-0' }, { from: 2, until: 5 })
    await expect(copy(environment)(after)).rejects.toMatchObject({ code: 'OFFSET_GAP' })
  })

  it('cost nothing where nothing is missing', async () => {
    const environment = memoryEnvironment()
    const handler = copy(environment)
    await handler(before)
    let reads = 0
    const { table } = environment
    const counted = {
      ...table,
      getRow(job: string, name: string) {
        reads++
        return table.getRow(job, name)
      },
    }
    const warm = copy({ ...environment, table: counted })
    await warm(kafkaEvent({ 'lines-0': lines(['c'], { from: 2, at: 200 }) }))
    reads = 0
    await warm(kafkaEvent({ 'lines-0': lines(['d'], { from: 3, at: 300 }) }))
    expect(reads).toBe(0)
  })

  it('that nobody can read stop the task with a name', async () => {
    const environment = memoryEnvironment()
    await copy(environment)(before)
    await environment.table.putRow('copy', 'hole#lines-0', { rev: 1, data: { holes: 'all' } })
    await expect(copy(environment)(after)).rejects.toMatchObject({ code: 'UNREADABLE_STATE' })
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
  const environment = memoryEnvironment()
  const odd = job("Bob's job", { batch: seconds(1) }, ({ kafka }) => {
    kafka('a-b', { value: text() })
      .map(({ value }) => value)
      .saveAsTextFiles('s3://results/odd')
  })
  const handler = lambda(odd, { environment })
  await handler(kafkaEvent({ 'a-b-3': lines(['a']) }))
  await expect(handler(kafkaEvent({ 'a-b-3': lines(['c'], { from: 2, at: 200 }) }))).rejects.toMatchObject({
    message: expect.stringContaining(
      `millrace offsets skip 'Bob'\\''s job' --topic a-b --partition 3 --at 1 --execute`,
    ),
  })
})
