// Runs a case at 1, 2 and 3 partitions, warm and restarted before every batch. Times are seconds in the tables.

import type { DStream } from 'millrace'
import { testStream } from 'millrace/testing'
import { expect } from 'vitest'
import { everyMode, sorted } from '../run.ts'
import { type Case, caseOf } from './cases.ts'

/** What a case's query makes: its rows, and those that come late. */
export interface Made {
  readonly rows: DStream<unknown>
  readonly late?: DStream<unknown>
}

/** The batches of one input, an empty one after each unless the case says otherwise. */
function batchesOf<T>({ steps, noData }: Case, of: (input: unknown) => readonly T[]): (readonly T[])[] {
  return steps.flatMap((step) => (noData === false ? [of(step.in)] : [of(step.in), []]))
}

function list<T>(input: unknown): readonly T[] {
  if (!Array.isArray(input)) throw new Error('the input of a step is no list')
  return input
}

function compare(one: Case, rows: unknown[][], late: unknown[][] | undefined): void {
  const every = one.noData === false ? 1 : 2
  for (const [i, step] of one.steps.entries()) {
    const came = rows.slice(i * every, (i + 1) * every)
    const all = one.mode === 'complete' ? (came.find((some) => some.length > 0) ?? []) : came.flat()
    expect(sorted(all), `step ${i + 1}`).toEqual(sorted(step.out))
    if (late)
      expect(late.slice(i * every, (i + 1) * every).flat(), `late of step ${i + 1}`).toHaveLength(step.late ?? 0)
  }
}

/** A case with one input. */
export function run<T>(id: string, define: (rows: DStream<T>) => Made): void {
  const one = caseOf(id)
  everyMode(`${id}: ${one.q}`, [1, 2, 3], async ({ partitions, restart }) => {
    const inputs = [batchesOf<T>(one, list)] as const
    const how = { batch: 1000, inputs, partitions, ...(restart && { restart }) }
    const [rows = [], late] = await testStream(how, (stream) => {
      const made = define(stream)
      return made.late ? [made.rows, made.late] : [made.rows]
    })
    compare(one, rows, late)
  })
}

/** A case with two inputs. */
export function run2<A, B>(
  id: string,
  [first, second]: readonly [string, string],
  define: (first: DStream<A>, second: DStream<B>) => Made,
): void {
  const one = caseOf(id)
  everyMode(`${id}: ${one.q}`, [1, 2, 3], async ({ partitions, restart }) => {
    const of = <T>(name: string) => batchesOf<T>(one, (input) => list<T>(Object(input)[name]))
    const inputs = [of<A>(first), of<B>(second)] as const
    const how = { batch: 1000, inputs, partitions, ...(restart && { restart }) }
    const [rows = [], late] = await testStream(how, (a, b) => {
      const made = define(a, b)
      return made.late ? [made.rows, made.late] : [made.rows]
    })
    compare(one, rows, late)
  })
}
