// An operator at a terminal sets where a partition stands: an entry of its own in the log, which whoever has the task in memory notices (I1, I7).

import { expect, it } from 'vitest'
import { job, text } from '../../src/index.ts'
import { TaskLog } from '../../src/log/task-log.ts'
import { sourceTask } from '../../src/names/tasks.ts'
import type { EditPlace } from '../../src/runtime/edits.ts'
import { movePosition, undoMove } from '../../src/runtime/move.ts'
import { isKafkaCommit } from '../../src/sources/kafka/position.ts'
import { copying, type Driven, driven, records } from '../support/driven.ts'

const LINES = 'lines-0'
const operator = { by: 'alice', why: 'a bad deployment' }

function placeOf({ environment }: Driven): EditPlace {
  const { table, objects, bucket, clock } = environment
  return { logs: { table, objects, bucket }, now: clock.now(), retention: 7 * 86_400_000 }
}

const move = (of: Driven, to: number, name = 'copy') => movePosition(sourceTask(name, LINES), to, operator, placeOf(of))
const undo = (of: Driven, version: number) => undoMove(sourceTask('copy', LINES), version, operator, placeOf(of))

const logOf = ({ environment: { table, objects } }: Driven) =>
  new TaskLog(sourceTask('copy', LINES), table, objects, 'state', isKafkaCommit)

const letters = (from: number, until: number, at = 0) =>
  records(LINES, [...'abcdefghij'].slice(from, until), { from, at: at + from * 100 })

const START = 1_000_000_000_000

/** Of all batches, in the order of the alphabet. */
const written = async (copy: Driven) => (await copy.text()).match(/[a-z]/g)?.sort().join('')

it('counts again what it is moved back over, in another object, though a warm instance would take it for duplicates', async () => {
  const copy = driven(copying())
  await copy.deliver(letters(0, 4, START))
  expect(await move(copy, 2)).toEqual({ version: 3, from: 4, to: 2 })
  await copy.deliver(letters(2, 4, START))
  await copy.deliver(letters(4, 6, START))
  await copy.rest()
  expect(await written(copy)).toBe('abccddef')
  const head = await logOf(copy).at(3)
  expect(head?.record).toMatchObject({ kind: 'idle', edit: { what: 'position', ...operator, before: { until: 4 } } })
})

it('makes another object of what begins where one of the same batch began', async () => {
  const copy = driven(copying())
  await copy.deliver(letters(0, 4, START))
  await move(copy, 0)
  await copy.deliver(letters(0, 2, START))
  await copy.deliver(letters(2, 4, START))
  await copy.rest()
  expect(await written(copy)).toBe('aabbccdd')
})

it('passes over what it is moved forward over', async () => {
  const copy = driven(copying())
  await copy.deliver(letters(0, 2, START))
  await move(copy, 4)
  await copy.deliver(letters(2, 4, START))
  await copy.deliver(letters(2, 6, START))
  await copy.rest()
  expect(await written(copy)).toBe('abef')
  expect(copy.said('warn').map(({ message }) => message)).toContain(
    'passed over records: an operator has moved the position beyond them',
  )
})

it.each([
  ['dense', copying()],
  ['compacted', copying({}, { holes: 'compacted' })],
  ['with gaps that may pass', copying({}, { gaps: 'skip' })],
])('stops at a consumer group that was not moved back as well: offsets are %s', async (_, code) => {
  const copy = driven(code)
  await copy.deliver(letters(0, 4, START))
  await move(copy, 1)
  await expect(copy.deliver(letters(4, 6, START))).rejects.toMatchObject({
    code: 'POSITION_MOVED',
    position: 1,
    offset: 4,
  })
  await expect(copy.deliver(letters(3, 6, START))).rejects.toMatchObject({ code: 'POSITION_MOVED' })
  await copy.deliver(letters(1, 3, START))
  // An invocation that was under way when it was moved.
  await expect(copy.another().deliver(letters(4, 6, START))).rejects.toMatchObject({
    code: 'POSITION_MOVED',
    position: 3,
    offset: 4,
  })
  await copy.deliver(letters(3, 6, START))
  await copy.rest()
  expect(await written(copy)).toBe('abbccddef')
})

it('may go back before the first record that was read', async () => {
  const copy = driven(copying())
  await copy.deliver(letters(4, 6, START))
  await move(copy, 0)
  await copy.another().deliver(letters(0, 6, START))
  await copy.rest()
  expect(await written(copy)).toBe('abcdeeff')
})

it('keeps a job at rest at rest, and its log whole when all before has expired', async () => {
  const copy = driven(copying({ retention: '1h' }))
  await copy.deliver(letters(0, 4, START))
  await copy.rest()
  await move(copy, 2)
  copy.later('3d')
  copy.expire()
  await copy.another().deliver(letters(2, 4, START))
  await copy.rest()
  expect(await written(copy)).toBe('abccdd')
})

it('takes over what the entry before has promised', async () => {
  const code = copying()
  const broken = driven(code, { objects: () => ({ put: () => Promise.reject(new Error('away')) }) })
  await expect(broken.deliver(letters(0, 4, START))).rejects.toThrow('away')
  const copy = broken.another()
  await move(copy, 2)
  expect(await copy.text()).toBe('')
  await copy.deliver(letters(2, 4, START))
  await copy.rest()
  expect(await written(copy)).toBe('abccdd')
})

it('is undone as long as nothing has come since, and once', async () => {
  const copy = driven(copying())
  await copy.deliver(letters(0, 4, START))
  await move(copy, 2)
  expect(await undo(copy, 3)).toEqual({ version: 4, from: 2, to: 4 })
  await expect(undo(copy, 3)).rejects.toMatchObject({
    code: 'REFUSED',
    message: expect.stringContaining('stands at 4 now'),
  })
  await copy.deliver(letters(2, 6, START))
  await copy.rest()
  expect(await written(copy)).toBe('abcdef')

  const moved = await move(copy, 3)
  await copy.deliver(letters(3, 5, START))
  await expect(undo(copy, moved?.version ?? 0)).rejects.toMatchObject({
    code: 'REFUSED',
    message: expect.stringContaining('Records have been counted'),
  })
  await expect(undo(copy, 2)).rejects.toMatchObject({
    code: 'REFUSED',
    message: expect.stringContaining('it is no move of an operator'),
  })
  await expect(undo(copy, 99)).rejects.toMatchObject({ code: 'NOT_FOUND' })
})

it('undoes an undo, which is a move like any other', async () => {
  const copy = driven(copying())
  await copy.deliver(letters(0, 4, START))
  await move(copy, 2)
  await undo(copy, 3)
  expect(await undo(copy, 4)).toEqual({ version: 5, from: 4, to: 2 })
  await copy.deliver(letters(2, 4, START))
  await copy.rest()
  expect(await written(copy)).toBe('abccdd')
})

it('carries the state of operators in place', async () => {
  const counts = job('copy', { batch: '1s' }, ({ kafka }) => {
    kafka('lines', { value: text() })
      .map(({ value }): [string, number] => [value, 1])
      .preservesPartitioning()
      .updateStateByKey((values: readonly number[], state: number | undefined) => (state ?? 0) + values.length)
      .map(([word, count]) => `${word}${count}`)
      .saveAsTextFiles('s3://results/counts')
  })
  const copy = driven(counts, { partitions: { lines: 1 } })
  await copy.deliver(letters(0, 2, START))
  await move(copy, 0)
  await copy.deliver(letters(0, 2, START))
  await copy.rest()
  await move(copy, 0)
  copy.later('30d')
  copy.expire()
  await copy.another().deliver(letters(0, 2, START))
  await copy.rest()
  const last = Object.entries(await copy.published())
    .filter(([key]) => key.includes('part-'))
    .sort()
    .at(-1)?.[1]
  expect(last?.split('\n').filter(Boolean).sort()).toEqual(['a3', 'b3'])
})

it('refuses to undo a move that was made again, though both have set the same offset', async () => {
  const copy = driven(copying())
  await copy.deliver(letters(0, 4, START))
  const first = await move(copy, 2)
  await copy.deliver(letters(2, 4, START))
  await move(copy, 2)
  await expect(undo(copy, first?.version ?? 0)).rejects.toThrow('Cannot undo version')
  await copy.deliver(letters(2, 4, START))
  await copy.rest()
  expect(await written(copy)).toBe('abcccddd')
})
