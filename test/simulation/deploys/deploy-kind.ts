// Kinds of jobs whose code changes in the middle of the run and does not mean the same afterwards (I5, B1 to B6 of issue 8): it
// is refused by name and the code before goes on, or state is carried over, and _SUCCESS stands only over what is whole.

import type { Job, JobOptions } from '../../../src/index.ts'
import type { Ledger } from '../../../src/testing/simulation/ledger.ts'
import type { DetailedReport } from '../../../src/testing/simulation/simulate.ts'
import type { Mishap } from '../../../src/testing/simulation/troubles.ts'
import { withLines } from '../expected.ts'
import { type Expected, folded, tallied } from '../kind.ts'

export interface DeployKind {
  /** One after the other; the first runs from the beginning. */
  readonly versions: readonly ((options: JobOptions) => Job)[]
  readonly inPlace?: boolean
  /** Whether all versions mean the same: then a run of the first without faults is held against it, too. */
  readonly alike?: boolean
  /** Codes with which a version may be refused. */
  readonly refusals?: readonly string[]
  /** What is given up when versions wait for each other. */
  readonly givesUp?: readonly string[]
  /** What may happen besides, if not what happens to others. */
  readonly mishaps?: readonly Mishap[]
  /** The last version mends what those before fail at, with this in their words. */
  readonly mends?: string
  /** Functions of the job fail now and then, with this in their words. */
  readonly fails?: string
  /** Outputs that every version has: whole at every T, whatever was deployed when. */
  readonly carried?: (ledger: Ledger) => Expected
  /** Outputs that some versions have: whole at every T that has its _SUCCESS. */
  readonly partly?: (ledger: Ledger) => Expected
  /** Outputs that some versions have, of running counts by key: they may have missed some, but never fall. */
  readonly growing?: readonly string[]
}

/** What a version meets that does not fit. */
export const REFUSALS = ['INVALID_OPTION', 'INCOMPATIBLE_JOB', 'RECORDS_ON_THE_WAY', 'SUPERSEDED', 'STATE_VERSION']

export function checkDeploys({ carried, partly, growing = [] }: DeployKind, report: DetailedReport): string[] {
  const { ledger, outputs, finished } = report
  const problems: string[] = []
  for (const [name, wanted] of carried?.(ledger) ?? []) {
    const output = `s3://results/${name}`
    const found = new Map(withLines(outputs.get(output)))
    for (const [time, lines] of withLines(wanted)) {
      if (!finished.get(output)?.has(time)) problems.push(`${name} at T = ${time} has no _SUCCESS`)
      if (found.get(time)?.join() !== lines.join())
        problems.push(`${name} at T = ${time}: ${found.get(time) ?? 'nothing'} instead of ${lines}`)
    }
    for (const time of found.keys()) if (!wanted.get(time)) problems.push(`${name} at T = ${time} is too much`)
  }
  for (const [name, wanted] of partly?.(ledger) ?? []) {
    const output = `s3://results/${name}`
    for (const time of finished.get(output) ?? []) {
      const [lines, found] = [wanted.get(time) ?? [], outputs.get(output)?.get(time) ?? []]
      if (found.join() !== lines.join())
        problems.push(`${name} at T = ${time} has its _SUCCESS over ${found.join()} instead of ${lines.join()}`)
    }
  }
  return [...problems, ...growing.flatMap((name) => checkGrowing(name, report))]
}

/** Counts by key: state that some code did not know has missed what that code took in, and is there all the same. */
function checkGrowing(name: string, { outputs }: DetailedReport): string[] {
  const last = new Map<string, number>()
  return withLines(outputs.get(`s3://results/${name}`)).flatMap(([time, lines]) =>
    lines.flatMap((line) => {
      const [word = '', n] = line.split(' ')
      const before = last.get(word) ?? 0
      last.set(word, Number(n))
      return Number(n) < before ? [`${name} at T = ${time}: ${word} falls from ${before} to ${n}`] : []
    }),
  )
}

/** Of every batch the tally of its words. */
export const perBatch =
  (...names: readonly string[]) =>
  (ledger: Ledger): Expected =>
    folded(ledger, false, () => (words) => Object.fromEntries(names.map((name) => [name, tallied(words)])))

/** After every batch the tally of all that has come. */
export const running =
  (inPlace: boolean, ...names: readonly string[]) =>
  (ledger: Ledger): Expected =>
    folded(ledger, inPlace, () => {
      const all = new Map<string, readonly number[]>()
      return (words) => {
        for (const [word, numbers] of words) all.set(word, [...(all.get(word) ?? []), ...numbers])
        return Object.fromEntries(names.map((name) => [name, tallied(all)]))
      }
    })
