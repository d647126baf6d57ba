// `npm run model [-- words]`: all models and their mutants, or those whose name or rule contains a word. Prints a table; the
// exit code is 0 when every model holds and every mutant violates what it should. `--trace` prints what TLC said,
// `--deep` adds larger models.

import { availableParallelism } from 'node:os'
import { lookAround } from '../infra/machine.ts'
import { installTlc, whyNoTlc } from '../infra/tlc.ts'
import { type Finding, runCheck } from './check.ts'
import { DEEP, MODELS, MUTANTS } from './mutants.ts'

const words = process.argv.slice(2).filter((word) => !word.startsWith('--'))
const deep = process.argv.includes('--deep')
const trace = process.argv.includes('--trace')

const missing = whyNoTlc(await lookAround())
if (missing !== undefined) {
  console.error(missing)
  process.exit(2)
}
const jar = await installTlc()
const all = [...MODELS, ...(deep ? DEEP : []), ...MUTANTS].filter(
  ({ config, without = '' }) => words.length === 0 || words.some((word) => `${config} ${without}`.includes(word)),
)
const findings: Finding[] = []
const waiting = [...all]

async function work(): Promise<void> {
  for (let check = waiting.shift(); check; check = waiting.shift()) {
    const finding = await runCheck(jar, check)
    findings.push(finding)
    console.log(line(finding))
    if (trace || finding.violated === 'TLC failed') console.log(finding.output)
  }
}

function line({ check, states, seconds, violated = 'holds', good }: Finding): string {
  const name = check.without === undefined ? check.config : `${check.config} without '${check.without}'`
  const verdict = good ? 'as expected' : `WRONG, expected ${check.violates ?? 'all to hold'}`
  return `${name.padEnd(64)} ${String(states).padStart(9)} states ${seconds.toFixed(0).padStart(4)} s  ${violated}: ${verdict}`
}

await Promise.all(Array.from({ length: Math.min(2, availableParallelism()) }, work))
const wrong = findings.filter(({ good }) => !good)
console.log(`${findings.length - wrong.length} as expected, ${wrong.length} wrong`)
process.exitCode = wrong.length === 0 && findings.length > 0 ? 0 : 1
