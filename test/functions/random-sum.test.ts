// functions/random-sum.ts: sums of numbers that nobody chose.

import { expect, it } from 'vitest'
import { RANDOM_SUM } from '../../demo/programs/random-sum.ts'
import { randomSum, sums, wholeNumber } from '../../functions/random-sum.ts'
import { testStream } from '../../src/testing/index.ts'
import { driven, records } from '../support/driven.ts'
import { batched, WAYS, wrongIn } from './streamed.ts'

it.each(WAYS)('adds up what a recount adds up: %j', async (how) => {
  const { placed, values } = batched(RANDOM_SUM)
  const results = await testStream({ batch: RANDOM_SUM.batch, inputs: [values], ...how }, sums)
  expect(results.flat()).toHaveLength(60)
  expect(wrongIn('random-sum', RANDOM_SUM, placed, results)).toEqual([])
})

it('prints each sum as Spark does, and writes it', async () => {
  const numbers = driven(randomSum)
  await numbers.deliver(records('numbers-0', ['1', '2', '39']))
  await numbers.rest()
  const rule = '-'.repeat(43)
  expect(numbers.environment.printed).toEqual([`${rule}\nTime: 2000 ms\n${rule}\n42\n`])
  expect(await numbers.text('random-sum')).toBe('42\n')
})

it.each(['', ' ', 'x', '1.5', '1e3', '0x10', '1'.repeat(16)])('refuses %j, which is no whole number', (line) => {
  expect(() => wholeNumber(line)).toThrow('expected a whole number')
})
