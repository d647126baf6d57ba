// Runs TLC on one check and reads what it found.

import { copyFile, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { run } from '../infra/run.ts'
import { makeTempFolder, removeTempFolder } from '../infra/temp.ts'
import type { Check } from './mutants.ts'

export interface Finding {
  readonly check: Check
  /** Distinct states that TLC has seen, until it was done or had found a violation. */
  readonly states: number
  readonly seconds: number
  /** The invariant or property that does not hold; undefined when all do. */
  readonly violated: string | undefined
  /** Whether that is what was expected. */
  readonly good: boolean
  /** What TLC printed, the counterexample included. */
  readonly output: string
}

const HERE = fileURLToPath(new URL('.', import.meta.url))

/** No check takes longer than this, on however loaded a machine. */
const LONGEST_MS = 1_800_000

export async function runCheck(jar: string, check: Check): Promise<Finding> {
  const { module, config, without } = check
  const folder = await makeTempFolder('model')
  try {
    await copyFile(join(HERE, `${module}.tla`), join(folder, `${module}.tla`))
    const proper = await readFile(join(HERE, `${config}.cfg`), 'utf8')
    const changed = without === undefined ? proper : proper.replace('Broken = {}', `Broken = {"${without}"}`)
    if (without !== undefined && !(await hasRule(module, without)))
      throw new Error(`${module} has no rule '${without}'`)
    await writeFile(join(folder, 'check.cfg'), changed)
    const java = ['-Xmx2g', '-XX:+UseSerialGC', `-Djava.io.tmpdir=${folder}`, '-cp', jar, 'tlc2.TLC']
    const tlc = ['-workers', '1', '-metadir', join(folder, 'states'), '-config', 'check.cfg', `${module}.tla`]
    const begun = performance.now()
    // TLC ends with 12 or 13 when it has found a violation; what it says is in the error then.
    const output = await run('java', [...java, ...tlc], { cwd: folder, timeout: LONGEST_MS, both: true }).catch(String)
    return { check, ...read(check, output), seconds: (performance.now() - begun) / 1000, output }
  } finally {
    await removeTempFolder(folder)
  }
}

async function hasRule(module: string, rule: string): Promise<boolean> {
  return (await readFile(join(HERE, `${module}.tla`), 'utf8')).includes(`Holds("${rule}")`)
}

/** TLC does not name a temporal property that is violated: those configurations have one. */
function read(check: Check, output: string): Pick<Finding, 'states' | 'violated' | 'good'> {
  const states = Number([...output.matchAll(/([\d,]+) distinct states found/g)].at(-1)?.[1]?.replaceAll(',', '') ?? 0)
  const invariant = /Invariant (\w+) is violated/.exec(output)?.[1]
  const temporal = /Temporal properties were violated/.test(output) ? temporalOf(check) : undefined
  const action = /Action property (\w+)/.exec(output)?.[1]
  const finished = output.includes('Model checking completed. No error has been found.')
  const violated = invariant ?? temporal ?? action ?? (finished ? undefined : 'TLC failed')
  return { states, violated, good: violated === check.violates }
}

function temporalOf({ module }: Check): string {
  return { Commit: 'Live_BecomesVisible', Close: 'Live_DataCloses', Wake: 'Live_ComesToRest' }[module]
}
