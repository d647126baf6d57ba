// Shapes of functions are told apart by their number of parameters, of which `length` counts only those before the first default.

import { describe, expect, it } from 'vitest'
import { type DStream, job, StateSpec, text } from '../../src/index.ts'
import { namesMoreParameters } from '../../src/options/parameters.ts'

type Pairs = DStream<readonly [string, number]>

function define(use: (pairs: Pairs) => DStream<unknown>): void {
  job('counts', { batch: 1000 }, ({ kafka }) => {
    use(kafka('t', { value: text() }).map(({ value }) => [value, 1] as const)).print()
  })
}

describe('a parameter with a default value', () => {
  it.each<[string, (pairs: Pairs) => DStream<unknown>]>([
    ['state', (s) => s.updateStateByKey((all, state: Map<string, number> = new Map()) => state.set('n', all.length))],
    [
      'state of the timed shape',
      (s) =>
        s.updateStateByKey((_time: number, _key: string, all: readonly number[], sum: number = 0) => sum + all.length),
    ],
    [
      'value',
      (s) =>
        s.mapWithState(
          StateSpec.function((key: string, value: number | undefined = 0, state) => {
            state.update(value)
            return key
          }),
        ),
    ],
  ])('%s: is refused at the definition, and the message says why', (_, use) => {
    expect(() => define(use)).toThrow(/default value is not counted/)
  })

  it.each<[boolean, (...args: never) => unknown]>([
    [true, (a: number, b = 1) => a + b],
    [true, (a: number, ...b: number[]) => a + b.length],
    [true, function named(a: number, b = Math.max(1, 2)) { return a + b }], // biome-ignore format: one line
    [true, { method(a: number, b = ') , (') { return `${a}${b}` } }.method], // biome-ignore format: one line
    [false, (a: number) => a],
    [false, (a: number, b: number) => a + b],
    [false, ([a, b]: readonly number[]) => [a, b]],
    [false, ({ a = 1, b = [2, 3] }) => [a, b]],
    // biome-ignore format: the comma at the end
    [false, (a: number, b: number,) => a + b],
    [false, Math.max],
    [false, ((a: number, b: number) => a + b).bind(undefined)],
  ])('%s: %s', (more, f) => {
    expect(namesMoreParameters(f)).toBe(more)
  })
})
