// A definition that Spark refuses is refused before anything runs. Spark's checks: WindowedDStream, ReducedWindowedDStream and
// UnionDStream; its tests of them: pyspark's test_reduce_by_invalid_window. The others here follow from the same checks.

import { type DStream, InvalidOptionError } from 'millrace'
import { testStream } from 'millrace/testing'
import { describe, expect, test } from 'vitest'
import { add, one, subtract } from './run.ts'

type Definition = (stream: DStream<number>) => DStream<unknown>

/** What defining it, in a job with a batch of 500 ms, is refused with. */
async function refusal(definition: Definition): Promise<unknown> {
  let defined = false
  try {
    await testStream({ batch: 500, inputs: [[[1], [2], [3], [4]]] }, (s: DStream<number>) => {
      const stream = definition(s)
      defined = true
      return stream
    })
  } catch (error) {
    expect(defined, 'refused while it was defined').toBe(false)
    return error
  }
  return undefined
}

const INVALID: readonly (readonly [name: string, definition: Definition])[] = [
  ['reduceByKeyAndWindow, window and slide', (s) => s.map(one).reduceByKeyAndWindow(add, subtract, 100, 100)],
  ['reduceByKeyAndWindow, slide', (s) => s.map(one).reduceByKeyAndWindow(add, subtract, 1000, 100)],
  ['reduceByKeyAndWindow without inverse, window and slide', (s) => s.map(one).reduceByKeyAndWindow(add, 100, 100)],
  ['reduceByKeyAndWindow without inverse, slide', (s) => s.map(one).reduceByKeyAndWindow(add, 1000, 100)],
]

describe('pyspark/streaming/tests/test_dstream.py', () => {
  describe('test_reduce_by_invalid_window', () => {
    test.each(INVALID)('%s', async (_name, definition) => {
      expect(await refusal(definition)).toBeInstanceOf(InvalidOptionError)
    })
  })
})

const REFUSED: readonly (readonly [name: string, definition: Definition])[] = [
  ['window, window', (s) => s.window(750, 500)],
  ['window, slide', (s) => s.window(1000, 750)],
  ['window of a window, window', (s) => s.window(2000, 1000).window(1500, 1000)],
  ['window of a window, slide', (s) => s.window(2000, 1000).window(2000, 500)],
  ['reduceByWindow, window', (s) => s.reduceByWindow(add, 750, 500)],
  ['reduceByWindow with inverse, slide', (s) => s.reduceByWindow(add, subtract, 1000, 750)],
  ['countByWindow, window', (s) => s.countByWindow(750, 500)],
  ['countByValueAndWindow, slide', (s) => s.countByValueAndWindow(1000, 750)],
  ['groupByKeyAndWindow, window', (s) => s.map(one).groupByKeyAndWindow(750, 500)],
  [
    'reduceByKeyAndWindow of a window, slide',
    (s) => s.window(2000, 1000).map(one).reduceByKeyAndWindow(add, 2000, 500),
  ],
  ['union of different slides', (s) => s.union(s.window(1000, 1000))],
  ['join of different slides', (s) => s.map(one).join(s.window(1000, 1000).map(one))],
]

const ACCEPTED: readonly (readonly [name: string, definition: Definition])[] = [
  ['reduceByKeyAndWindow', (s) => s.map(one).reduceByKeyAndWindow(add, subtract, 1000, 500)],
  ['a slide longer than the window', (s) => s.window(1000, 1500)],
  ['window of a window', (s) => s.window(1000, 1000).window(3000, 2000)],
  ['union of equal slides', (s) => s.window(1500, 1000).union(s.window(2000, 1000))],
]

describe('streaming/dstream/{Windowed,ReducedWindowed,Union}DStream.scala', () => {
  test.each(REFUSED)('%s', async (_name, definition) => {
    expect(await refusal(definition)).toBeInstanceOf(InvalidOptionError)
  })

  test.each(ACCEPTED)('allowed: %s', async (_name, definition) => {
    expect(await refusal(definition)).toBeUndefined()
  })
})
