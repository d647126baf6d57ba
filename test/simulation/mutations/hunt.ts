// Runs seeds of all kinds of jobs, a seed of each in turn, until something breaks. Prints what was found as JSON.

import { ALL_KINDS, type Kind, simulateKind } from '../job-of.ts'

/** What came of a hunt. */
export interface Catch {
  /** Schedules run, the one that found it included. */
  readonly schedules: number
  readonly found?: { readonly kind: Kind; readonly seed: number; readonly violation: string }
}

async function hunt(kinds: readonly Kind[], seeds: number, deadline: number): Promise<Catch> {
  let schedules = 0
  for (let seed = 1; seed <= seeds; seed++) {
    for (const kind of kinds) {
      const violation = await firstViolation(kind, seed)
      schedules++
      if (violation !== undefined) return { schedules, found: { kind, seed, violation } }
    }
    if (Date.now() > deadline) break
  }
  return { schedules }
}

async function firstViolation(kind: Kind, seed: number): Promise<string | undefined> {
  try {
    return (await simulateKind(kind, seed)).violations[0]
  } catch (error) {
    return String(error)
  }
}

const [seeds = '200', seconds = '120', only = ''] = process.argv.slice(2)
const wanted = only.split(',').filter((kind) => kind !== '')
const kinds = ALL_KINDS.filter((kind) => wanted.length === 0 || wanted.includes(kind))
console.log(JSON.stringify(await hunt(kinds, Number(seeds), Date.now() + Number(seconds) * 1000)))
