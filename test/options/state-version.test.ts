// Options of versions are checked when a job is defined.

import { expect, it } from 'vitest'
import { type DStream, job, type State, StateSpec, text, type VersionOptions } from '../../src/index.ts'

function define(use: (ones: DStream<readonly [string, number]>) => void): () => unknown {
  return () =>
    job('words', { batch: 1000 }, ({ kafka }) => {
      const ones = kafka('lines', { value: text() }).map(({ value }) => [value, 1] as const)
      use(ones)
      ones.print()
    })
}

const add = (a: number, b: number): number => a + b
const operators: Record<string, (ones: DStream<readonly [string, number]>, options: VersionOptions<number>) => void> = {
  updateStateByKey: (ones, options) =>
    ones.updateStateByKey((_: readonly number[], n: number | undefined) => n, options),
  'StateSpec.version': (_, { version = 1, migrate }) =>
    StateSpec.function((_key: string, _one: number | undefined, _state: { get(): number }) => 0).version(
      version,
      migrate,
    ),
  'StateSpec.function': (_, options) => {
    StateSpec.function((_key: string, _one: number | undefined, _state: State<number>) => 0, options)
  },
  mapWithState: (ones, options) => {
    const spec = StateSpec.function((_key: string, _one: number | undefined, _state: State<number>) => 0)
    ones.mapWithState(spec, { ...options, id: 'counts' })
  },
  reduceByKey: (ones, options) => ones.reduceByKey(add, options),
  combineByKey: (ones, options) => ones.combineByKey((n) => n, add, add, options),
  groupByKey: (ones, options) => ones.groupByKey(options),
  groupByKeyAndWindow: (ones, options) => ones.groupByKeyAndWindow('2s', '1s', options),
  reduceByKeyAndWindow: (ones, options) => ones.reduceByKeyAndWindow(add, add, '2s', '1s', options),
  reduceByWindow: (ones, options) => ones.map(([, n]) => n).reduceByWindow(add, '2s', '1s', options),
  window: (ones, options) => ones.map(([, n]) => n).window('2s', '1s', options),
}

it.each(Object.entries(operators))('%s checks version and migrate', (operator, use) => {
  for (const version of [0, -1, 1.5, Number.NaN, 65_536])
    expect(define((ones) => use(ones, { version }))).toThrow(/version: must be a whole number from 1 to 65535, got/)
  expect(define((ones) => use(ones, { migrate: Number }))).toThrow(
    /: nothing is older than version 1, so migrate would never be called/,
  )
  expect(define((ones) => use(ones, { version: 1 }))).not.toThrow()
  expect(define((ones) => use(ones, { version: 2 }))).not.toThrow()
  expect(define((ones) => use(ones, { version: 2, migrate: Number }))).not.toThrow()
  if (operator === 'StateSpec.version') return
  const slip = { version: 2, migrat: Number }
  expect(define((ones) => use(ones, slip))).toThrow("unknown option 'migrat'. Did you mean 'migrate'?")
})

it('operators without memory of values of their own have no version', () => {
  const slip = { version: 2, numPartitions: 2 }
  expect(define((ones) => ones.cogroup(ones, slip))).toThrow("cogroup: unknown option 'version'")
})
