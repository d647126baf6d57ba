import fc from 'fast-check'
import { expect, it } from 'vitest'
import { testStream } from '../../src/testing/index.ts'
import { KeyMap } from '../../src/values/key-map.ts'
import { someKey } from './keys.ts'

it('gives each element of a batch once, by value', async () => {
  const inputs = [
    [
      [
        ['a', 1],
        ['b', 1],
        ['a', 1],
      ],
      [],
      [['a', 1]],
    ],
  ]
  const batches = await testStream({ batch: 1000, inputs, partitions: 2 }, (s) => s.distinct())
  expect(batches.map((batch) => batch.map(String).sort())).toEqual([['a,1', 'b,1'], [], ['a,1']])
})

it('equals the definition, however a batch is cut, restarted or not', async () => {
  const batch = fc.array(
    someKey.filter((key) => key !== undefined),
    { maxLength: 12 },
  )
  await fc.assert(
    fc.asyncProperty(
      fc.array(batch, { maxLength: 3 }),
      fc.integer({ min: 1, max: 3 }),
      fc.constantFrom('never', 'every-batch'),
      async (input, partitions, restart) => {
        const batches = await testStream({ batch: 1000, inputs: [input], partitions, restart }, (s) => s.distinct())
        for (const [i, elements] of input.entries()) {
          const [wanted, got] = [new KeyMap<true>(), new KeyMap<true>()]
          for (const element of elements) wanted.set(element, true)
          for (const element of batches[i] ?? []) got.set(element, true)
          expect(batches[i]).toHaveLength(wanted.size)
          for (const element of wanted.keys()) expect(got.has(element)).toBe(true)
        }
      },
    ),
    { numRuns: 40 },
  )
}, 60_000)
