// A job is closed: what it consists of is had through one function, and what is no job is said to be none.

import { expect, it } from 'vitest'
import { definitionOf } from '../../src/graph/job.ts'
import { InvalidOptionError, type Job, job, text } from '../../src/index.ts'
import { lambda } from '../../src/lambda/index.ts'
import { simulate } from '../../src/testing/index.ts'

const words: Job = job('words', { batch: 1000 }, ({ kafka }) => kafka('lines', { value: text() }).print())

it('shows its name and nothing else', () => {
  expect(Object.keys(words)).toEqual(['name'])
  expect(JSON.parse(JSON.stringify(words))).toEqual({ name: 'words' })
})

it('opens for the runtime', () => {
  expect(definitionOf('test', words)).toMatchObject({ name: 'words', settings: { batch: 1000 } })
})

it.each([undefined, null, 'words', {}, { ...words }, { ...definitionOf('test', words) }, () => words])(
  'is not made by hand: %o',
  async (handmade) => {
    const given = handmade as Job
    const message = /expected a job made by job\(name, options, define\), got/
    expect(() => lambda(given)).toThrow(InvalidOptionError)
    expect(() => lambda(given)).toThrow(message)
    if (typeof handmade === 'function') return // called for each process
    await expect(simulate(given, { seed: 1 })).rejects.toThrow(message)
  },
)

it('opens for another copy of Millrace, unless that makes other definitions', () => {
  const inside = Symbol.for('millrace.definition')
  const definition = definitionOf('test', words)
  expect(definitionOf('test', { name: 'words', [inside]: { form: 1, definition } })).toBe(definition)
  const other = { name: 'words', [inside]: { form: 2, definition } }
  expect(() => definitionOf('test', other)).toThrow("job 'words' was made by another version of Millrace")
})
