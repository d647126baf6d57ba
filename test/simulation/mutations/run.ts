// Plants one bug after the other in a copy of the runtime and runs the simulator on it until it is found.
// npm run mutations -- [--only <part of a name>] [--seeds <per kind>] [--seconds <per bug>] [--write]

import { spawn } from 'node:child_process'
import { cpSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import type { Catch } from './hunt.ts'
import { MUTANTS, type Mutant } from './mutants.ts'
import { plant } from './plant.ts'

const ROOT = join(import.meta.dirname, '../../..')
const DOCUMENT = join(ROOT, 'docs/planted-bugs.md')
const MARKS = ['<!-- mutations -->', '<!-- /mutations -->'] as const
/** What a copy needs of the repository. */
const PARTS = ['src', 'test', 'infra', 'functions', 'package.json', 'vitest.config.ts', 'tsconfig.json']
/** Tests that may find what no seed has found in the time given. */
const DIRECTED = [
  'log',
  'stores',
  'values',
  'operators',
  'sources',
  'sinks',
  'stream',
  'runtime',
  'lambda',
  'hostile',
].map((folder) => `test/${folder}`)
/** Runs side by side: CI has two cores. */
const AT_ONCE = 2

const { values } = parseArgs({
  options: {
    only: { type: 'string', default: '' },
    seeds: { type: 'string', default: '400' },
    seconds: { type: 'string', default: '240' },
    write: { type: 'boolean', default: false },
  },
})

/** `hangs`: a run did not end, and nothing in it said so: not found; `test`: a directed test fails. */
type Outcome = Catch | 'hangs' | { readonly test: string; readonly hunted: Catch | 'hangs' }

interface Result {
  readonly mutant: Mutant
  readonly outcome: Outcome
}

const results: Result[] = []
const queue = MUTANTS.filter(({ name }) => name.includes(values.only))
await Promise.all(Array.from({ length: AT_ONCE }, work))
const rows = MUTANTS.flatMap((mutant) => results.filter((result) => result.mutant === mutant)).map(row)
const missed = results.filter(({ outcome }) => !isCaught(outcome)).length
const HEAD = ['| planted bug | breaks | found after | by |', '|---|---|---|---|']
const table = [...HEAD, ...rows].join('\n')
console.log(`\n${table}\n\n${results.length - missed} found, ${missed} not found`)
if (values.write) writeTable()
process.exitCode = missed === 0 ? 0 : 1

async function work(): Promise<void> {
  for (let mutant = queue.shift(); mutant; mutant = queue.shift()) {
    const outcome = await tryOut(mutant)
    results.push({ mutant, outcome })
    console.log(row({ mutant, outcome }))
  }
}

async function tryOut(mutant: Mutant): Promise<Outcome> {
  const copy = mkdtempSync(join(tmpdir(), 'millrace-mutant-'))
  try {
    for (const part of PARTS) cpSync(join(ROOT, part), join(copy, part), { recursive: true })
    symlinkSync(join(ROOT, 'node_modules'), join(copy, 'node_modules'), 'dir')
    const file = join(copy, mutant.file)
    writeFileSync(file, plant(readFileSync(file, 'utf8'), mutant))
    const hunted = mutant.test === undefined ? await hunt(copy, mutant) : { schedules: 0 }
    if (isCaught(hunted)) return hunted
    const test = await runTests(copy, mutant.test === undefined ? DIRECTED : [mutant.test])
    return test === undefined ? hunted : { test, hunted }
  } finally {
    rmSync(copy, { recursive: true, force: true })
  }
}

function hunt(copy: string, { kinds = [] }: Mutant): Promise<Catch | 'hangs'> {
  const script = join(copy, 'test/simulation/mutations/hunt.ts')
  const flags = ['--conditions=millrace-source', '--no-warnings']
  const child = spawn(process.execPath, [...flags, script, values.seeds, values.seconds, kinds.join(',')], {
    cwd: copy,
  })
  let [out, complaint] = ['', '']
  child.stdout.on('data', (chunk) => (out += chunk))
  child.stderr.on('data', (chunk) => (complaint += chunk))
  return new Promise((resolve, reject) => {
    // A bug may keep a process busy for ever, which nothing within it can notice.
    const patience = setTimeout(() => child.kill('SIGKILL'), (Number(values.seconds) + 60) * 1000)
    child.on('close', (code, signal) => {
      clearTimeout(patience)
      if (signal === 'SIGKILL') resolve('hangs')
      else if (code === 0) resolve(JSON.parse(out))
      else reject(new Error(`the hunt itself failed:\n${complaint}`))
    })
  })
}

/** Whether directed tests fail on the copy, as they should; which is the first. */
function runTests(copy: string, tests: readonly string[]): Promise<string | undefined> {
  const vitest = join(ROOT, 'node_modules/vitest/vitest.mjs')
  const flags = ['run', '--project', 'unit', '--bail', '1', ...tests]
  const env = { ...process.env, NO_COLOR: '1' }
  const child = spawn(process.execPath, [vitest, ...flags], { cwd: copy, env, stdio: ['ignore', 'pipe', 'pipe'] })
  let out = ''
  child.stdout.on('data', (chunk) => (out += chunk))
  child.stderr.on('data', (chunk) => (out += chunk))
  return new Promise((resolve) => child.on('close', () => resolve(/FAIL .*?(test\/\S+\.test\.ts)/.exec(out)?.[1])))
}

function isCaught(outcome: Outcome): boolean {
  return outcome !== 'hangs' && ('test' in outcome || outcome.found !== undefined)
}

function row({ mutant, outcome }: Result): string {
  const { name, breaks } = mutant
  if (outcome === 'hangs') return `| ${name} | ${breaks} | **a run hangs unnoticed** | |`
  if ('test' in outcome) {
    const tried = outcome.hunted === 'hangs' ? 'the simulator hangs' : `not in ${outcome.hunted.schedules}`
    const after = mutant.test === undefined ? `a directed test (${tried})` : 'a directed test'
    return `| ${name} | ${breaks} | ${after} | \`${outcome.test}\` |`
  }
  const { schedules, found } = outcome
  if (!found) return `| ${name} | ${breaks} | **not in ${schedules} schedules** | |`
  const said = found.violation.split('\n', 1)[0]?.replaceAll('|', '\\|').slice(0, 90)
  return `| ${name} | ${breaks} | ${schedules} | ${found.kind}, seed ${found.seed}: ${said} |`
}

/** Rows of bugs that were not tried stay as they are. */
function writeTable(): void {
  const text = readFileSync(DOCUMENT, 'utf8')
  const [start, end] = MARKS.map((mark) => text.indexOf(mark))
  if (start === undefined || end === undefined || start < 0 || end < 0) throw new Error(`${DOCUMENT} lacks ${MARKS}`)
  const kept = text.slice(start, end).split('\n')
  const all = MUTANTS.flatMap((mutant) => {
    const tried = results.find((result) => result.mutant === mutant)
    return tried ? row(tried) : kept.filter((line) => line.startsWith(`| ${mutant.name} |`))
  })
  writeFileSync(
    DOCUMENT,
    `${text.slice(0, start + MARKS[0].length)}\n${[...HEAD, ...all].join('\n')}\n${text.slice(end)}`,
  )
}
