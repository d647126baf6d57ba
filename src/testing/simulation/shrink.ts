// Makes a failing seed small: leaves out steps, faults and records as long as it goes on failing in the same way.

import type { TakenFault } from './faults.ts'
import type { Scenario } from './scenario.ts'
import type { Omissions } from './simulation.ts'

/** A run: what broke, and what it was made of. */
interface Run {
  readonly violations: readonly string[]
  readonly steps: readonly number[]
  readonly taken: readonly TakenFault[]
  readonly scenario: Scenario
}

/** Runs the seed without some of it. */
export type Rerun = (omit: Omissions) => Promise<Run>

/** How often a seed is run again at most. */
const RUNS = 300

type Part = keyof Omissions

/** The smallest failing run that was found. @param failed the whole run */
export async function shrink(failed: Run, rerun: Rerun): Promise<{ omit: Omissions; report: Run }> {
  const kind = kindOf(failed)
  let omit: Omissions = { steps: new Set(), faults: new Set(), records: new Set() }
  let report = failed
  let runs = 0

  const leaveOut = async (part: Part, names: readonly (string | number)[]): Promise<boolean> => {
    if (part === 'records' && names.length === left(report, part).length) return false // one is needed
    if (runs++ >= RUNS) return false
    const candidate = { ...omit, [part]: new Set([...omit[part], ...names]) }
    const tried = await rerun(candidate)
    if (kindOf(tried) !== kind) return false
    omit = candidate
    report = tried
    return true
  }

  /** Halves, quarters and so on, down to single ones. */
  const shrinkPart = async (part: Part): Promise<void> => {
    for (let size = left(report, part).length; size >= 1; size = Math.floor(size / 2)) {
      let index = 0
      while (index < left(report, part).length && runs < RUNS) {
        const names = left(report, part).slice(index, index + size)
        if (!(await leaveOut(part, names))) index += size
      }
    }
  }

  for (const part of ['steps', 'faults', 'records', 'steps', 'faults'] as const) await shrinkPart(part)
  return { omit, report }
}

/** What can still be left out of a run. */
function left({ steps, taken, scenario }: Run, part: Part): readonly (string | number)[] {
  if (part === 'steps') return steps
  if (part === 'faults') return taken.map(({ id }) => id)
  return scenario.partitions.flatMap(({ original }) => original)
}

/** The first violation without what differs from run to run. */
function kindOf({ violations: [first = ''] }: Run): string {
  return (
    first
      .split('\n')[0]
      ?.slice(0, 200)
      .replace(/\[.*/, '')
      .replace(/process-\d+|[\w.-]+-\d+\b|\d+(, ?\d+)*/g, '#') ?? ''
  )
}
