// The other direction of doubt: the random jobs must be able to fail. References that are wrong on purpose, and results that are
// wrong, are told from the right ones.

import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { type Case, checkCase, randomCase } from './check.ts'
import { differences } from './compare.ts'
import { reference, TooLargeError } from './reference.ts'
import type { JobRun } from './run-job.ts'
import { WRONG } from './wrong-references.ts'

/** No more cases than the committed test runs. */
const MOST = 600

describe('the comparison', () => {
  it('tells every wrong reference from the job', async () => {
    const left = new Set(Object.keys(WRONG))
    for (const one of fc.sample(randomCase, { seed: 1, numRuns: MOST })) {
      if (![...left].some((name) => couldShow(one, name))) continue
      const outcome = await checkCase(one)
      if (outcome === undefined) continue
      for (const name of left) if (couldShow(one, name) && isRefuted(one, outcome.run, name)) left.delete(name)
    }
    expect([...left]).toEqual([])
  }, 600_000)

  it('tells a line too many, one too few, another one, and a missing _SUCCESS', async () => {
    let parts = 0
    for (const one of fc.sample(randomCase, { seed: 2, numRuns: 30 })) {
      const outcome = await checkCase(one)
      if (outcome === undefined) continue
      const { run, expected, problems } = outcome
      expect(problems).toEqual([])
      const isNoticed = (key: string, body: string | undefined): boolean => {
        const objects = new Map(run.objects)
        if (body === undefined) objects.delete(key)
        else objects.set(key, body)
        return differences(one.ast, { ...run, objects }, expected).length > 0
      }
      const data = [...run.objects].filter(([key]) => expected.dataTimes.some((time) => key.includes(`-${time}/`)))
      const [success] = data.find(([key]) => key.endsWith('_SUCCESS')) ?? []
      if (success !== undefined) expect(isNoticed(success, undefined), success).toBe(true)
      const [key, body = ''] = data.find(([, text]) => text !== '') ?? []
      if (key === undefined) continue
      const [first = ''] = body.split('\n')
      expect(isNoticed(key, `${body}${first}\n`), 'one too many').toBe(true)
      expect(isNoticed(key, body.slice(first.length + 1)), 'one too few').toBe(true)
      expect(isNoticed(key, `?${body}`), 'another one').toBe(true)
      parts++
    }
    expect(parts).toBeGreaterThan(15)
  }, 300_000)

  it('tells a call that is missing, comes too early, or is not the same as before', async () => {
    let cases = 0
    for (const one of fc.sample(randomCase, { seed: 3, numRuns: 60 })) {
      if (one.ast.told === undefined) continue
      const outcome = await checkCase(one)
      if (outcome === undefined) continue
      const { run, expected, problems } = outcome
      expect(problems).toEqual([])
      const isNoticed = (told: JobRun['told']): boolean => differences(one.ast, { ...run, told }, expected).length > 0
      const full = run.told.find(({ time, elements }) => elements.length > 0 && expected.dataTimes.includes(time))
      const [last] = run.told.filter(({ time }) => time === run.told.at(-1)?.time)
      if (!full || !last || full.time === last.time) continue
      const { time, elements } = full
      expect(isNoticed(run.told.filter((call) => call.time !== time)), 'a missing one').toBe(true)
      expect(isNoticed([last, ...run.told]), 'one that comes too early').toBe(true)
      expect(isNoticed([...run.told, { time, elements: elements.slice(1) }]), 'another one').toBe(true)
      cases++
    }
    expect(cases).toBeGreaterThan(8)
  }, 300_000)
})

/** Whether the mistake is about something that the job does. */
function couldShow({ ast, stream }: Case, name: string): boolean {
  const { operators = {}, batchTimes, neverLate } = WRONG[name] ?? {}
  if (stream.growth === 'learned') return neverLate === true
  return batchTimes !== undefined || ast.nodes.some(({ op }) => op in operators)
}

function isRefuted({ ast }: Case, run: JobRun, name: string): boolean {
  try {
    const expected = reference(ast, run.records, run.until, WRONG[name])
    return differences(ast, run, expected).length > 0
  } catch (error) {
    if (error instanceof TooLargeError) return false
    throw error
  }
}
