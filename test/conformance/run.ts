// Runs a table of Spark's suites: the same input and output, with 1 and 3 partitions, warm and restarted before every batch.
//
// Order: Spark compares some tables as lists and some as sets (`useSet = true`). A table marked `ordered` is one of the former:
// with one partition its batches are compared as lists. Spread over several partitions, and for all other tables, a batch is
// compared as a multiset, which is stricter than Spark's sets and leaves open only in which order partitions come out.

import { inspect } from 'node:util'
import type { DStream } from 'millrace'
import { testStream } from 'millrace/testing'
import { describe, expect, test } from 'vitest'

/** A list of batches, each a list of elements. */
export type Batches<T> = readonly (readonly T[])[]
export type Pair<K, V> = readonly [K, V]

/** What is expected of a `T`: arrays and tuples inside may be readonly. */
type Expected<T> = T extends readonly unknown[] ? { readonly [P in keyof T]: Expected<T[P]> } : T

/** One way to run a table. */
export interface Mode {
  readonly partitions: number
  readonly restart: 'every-batch' | undefined
}

interface Run {
  /** Batch interval in milliseconds. Default 1000, as in Spark's TestSuiteBase. */
  readonly batch?: number
  /** Batch intervals to run. Default: the longest input's. */
  readonly batches?: number
  /** Default 1 and 3. */
  readonly partitions?: readonly number[]
}

interface Output<T> extends Run {
  /** Expected batches; a function of the number of partitions where Spark's operator shows them. */
  readonly expected: Batches<T> | ((partitions: number) => Batches<T>)
  /** Whether Spark compares lists. Default: multisets. */
  readonly ordered?: boolean
}

/** A table with one input: as many batches come out as are expected, and with these elements. */
export function table<A, B>(
  name: string,
  t: Output<NoInfer<Expected<B>>> & { readonly input: Batches<A>; readonly of: (stream: DStream<A>) => DStream<B> },
): void {
  everyMode(name, t.partitions, async (mode) => {
    compare(await testStream(options(t, mode, [t.input]), t.of), t, mode)
  })
}

/** A table with two inputs. */
export function table2<A, B, C>(
  name: string,
  t: Output<NoInfer<Expected<C>>> & {
    readonly left: Batches<A>
    readonly right: Batches<B>
    readonly of: (left: DStream<A>, right: DStream<B>) => DStream<C>
  },
): void {
  everyMode(name, t.partitions, async (mode) => {
    compare(await testStream(options(t, mode, [t.left, t.right]), t.of), t, mode)
  })
}

/** A table with two outputs: what a `mapWithState` emits and its snapshots. Spark's MapWithStateSuite compares both as sets. */
export function stateTable<A, T, S>(
  name: string,
  t: Run & {
    readonly input: Batches<A>
    readonly of: (stream: DStream<A>) => readonly [DStream<T>, DStream<S>]
    readonly outputs: Batches<NoInfer<Expected<T>>>
    readonly states: Batches<NoInfer<Expected<S>>>
  },
): void {
  everyMode(name, t.partitions, async (mode) => {
    const [outputs, states] = await testStream(options(t, mode, [t.input]), t.of)
    compare(outputs, { expected: t.outputs }, mode)
    compare(states, { expected: t.states }, mode)
  })
}

/** One test per mode, in a describe of that name. */
export function everyMode(
  name: string,
  partitions: readonly number[] | undefined,
  body: (mode: Mode) => Promise<void>,
): void {
  describe(name, () => {
    for (const restart of [undefined, 'every-batch'] as const) {
      for (const n of partitions ?? [1, 3]) {
        const label = `${n} ${n === 1 ? 'partition' : 'partitions'}${restart === undefined ? '' : ', restarted every batch'}`
        test(label, () => body({ partitions: n, restart }))
      }
    }
  })
}

/** What `testStream` is told, for a table in a mode. */
export function options<I extends readonly Batches<unknown>[]>(run: Run, mode: Mode, inputs: readonly [...I]) {
  return {
    batch: run.batch ?? 1000,
    inputs,
    partitions: mode.partitions,
    ...(run.batches === undefined ? {} : { batches: run.batches }),
    ...(mode.restart === undefined ? {} : { restart: mode.restart }),
  }
}

function compare(actual: Batches<unknown>, t: Output<unknown>, mode: Mode): void {
  const expected = typeof t.expected === 'function' ? t.expected(mode.partitions) : t.expected
  const inOrder = t.ordered === true && mode.partitions === 1
  expect(inOrder ? actual : actual.map(sorted)).toStrictEqual(inOrder ? expected : expected.map(sorted))
}

/** A batch in an order that depends on its elements alone: how multisets are compared. */
export function sorted<T>(batch: readonly T[]): T[] {
  const keyed = batch.map((element) => ({ element, key: inspect(element, { depth: null, sorted: true }) }))
  return keyed.sort((a, b) => (a.key < b.key ? -1 : a.key > b.key ? 1 : 0)).map(({ element }) => element)
}

/** `sc.makeRDD(batch, n)`: slice i is [i * length / n, (i + 1) * length / n). */
export function slices<T>(batch: readonly T[], n: number): T[][] {
  return Array.from({ length: n }, (_, i) =>
    batch.slice(Math.floor((i * batch.length) / n), Math.floor(((i + 1) * batch.length) / n)),
  )
}

/** Whole numbers from `first` to `last`, both included: Scala's `first to last`. */
export function to(first: number, last: number): number[] {
  return Array.from({ length: Math.max(0, last - first + 1) }, (_, i) => first + i)
}

/** Whole numbers below `end`: Python's `range(end)`. */
export function below(end: number): number[] {
  return to(0, end - 1)
}

/** `(x, 1)`, as almost every table of Spark's starts. */
export function one<K>(key: K): [K, number] {
  return [key, 1]
}

export function add(a: number, b: number): number {
  return a + b
}

export function subtract(a: number, b: number): number {
  return a - b
}

/** The update function of Spark's tables: the sum of the new values and the state. */
export function runningSum(values: readonly number[], state: number | undefined): number {
  return values.reduce(add, 0) + (state ?? 0)
}
