import { expect, it } from 'vitest'
import { StateSpec } from '../../src/index.ts'
import { testStream } from '../../src/testing/index.ts'

it('StateSpec.timed gives the batch time, and takes nothing else', async () => {
  const batches = await testStream({ batch: 1000, inputs: [[['a', 'b', 'a'], ['a']]] }, (words) =>
    words
      .map((word) => [word, 1])
      .mapWithState(
        StateSpec.timed((time, key, one, sum) => {
          sum.update((sum.getOption() ?? 0) + (one ?? 0))
          return key === 'b' ? undefined : [key, time, sum.get()]
        }),
      ),
  )
  expect(batches).toEqual([
    [
      ['a', 1000, 1],
      ['a', 1000, 2],
    ],
    [['a', 2000, 3]],
  ])
  expect(() => StateSpec.timed((time, key, one) => [time, key, one])).toThrow(
    'StateSpec.timed: expected a function of (time, key, value, state)',
  )
})
