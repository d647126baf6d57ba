// One random case from beginning to end, and many of them; a failure is told as a job that can be read.

import { setImmediate } from 'node:timers/promises'
import fc from 'fast-check'
import { differences } from './compare.ts'
import { describeJob, type JobAst } from './job-ast.ts'
import { randomJob } from './random-job.ts'
import { type RandomStream, randomSchedule, randomStream, type Schedule } from './random-stream.ts'
import { type Expected, reference, TooLargeError } from './reference.ts'
import { type JobRun, runJob } from './run-job.ts'

export interface Case {
  readonly ast: JobAst
  readonly stream: RandomStream
  readonly schedule: Schedule
}

export const randomCase: fc.Arbitrary<Case> = fc.record({
  ast: randomJob,
  stream: randomStream,
  schedule: randomSchedule,
})

export interface Outcome {
  readonly run: JobRun
  readonly expected: Expected
  readonly problems: readonly string[]
}

/** Runs a case and compares it with the reference; undefined when it is too large to be of use. */
export async function checkCase({ ast, stream, schedule }: Case): Promise<Outcome | undefined> {
  await setImmediate() // everything else is in memory: others in this process get their turn here
  const run = await runJob(ast, stream, schedule)
  try {
    const expected = reference(ast, run.records, run.until)
    return { run, expected, problems: [...run.violations, ...differences(ast, run, expected)] }
  } catch (error) {
    if (error instanceof TooLargeError) return undefined
    throw error
  }
}

export interface Report {
  readonly cases: number
  /** Undefined: all is well. */
  readonly failure: string | undefined
}

/** Checks random cases from a seed; the first that fails is made as small as it can be, and described. */
export async function checkCases(seed: number, numRuns: number, path?: string): Promise<Report> {
  let cases = 0
  const property = fc.asyncProperty(randomCase, async (one) => {
    const outcome = await checkCase(one)
    fc.pre(outcome !== undefined)
    cases++
    const problems = outcome?.problems ?? []
    if (problems.length > 0) throw new Error(problems.slice(0, 6).join('\n  '))
  })
  const result = await fc.check(property, { seed, numRuns, ...(path !== undefined && { path }) })
  if (!result.failed) return { cases, failure: undefined }
  const again = `MILLRACE_PROPERTY_SEED=${seed} MILLRACE_PROPERTY_PATH='${result.counterexamplePath}'`
  const [found] = result.counterexample ?? []
  const error = result.errorInstance instanceof Error ? result.errorInstance.message : 'too many cases are too large'
  const description =
    found === undefined
      ? []
      : [`  ${describeJob(found.ast)}`, JSON.stringify(found.stream), JSON.stringify(found.schedule)]
  return { cases, failure: [again, error, ...description].join('\n') }
}
