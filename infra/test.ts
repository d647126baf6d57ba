// What `npm test` runs: vitest over all projects, or what its arguments select (`npm test -- --project unit`). Says in one
// line each what takes long and which services could not come up. The last line is `N passed, N failed` or `N passed, N failed, N skipped`.

import { parseCLI, startVitest } from 'vitest/node'
import { isGood, summary, Tally } from './tally.ts'
import { Waiting } from './waiting.ts'

const tally = new Tally()
const waiting = new Waiting()
try {
  const { filter, options } = parseCLI(['vitest', 'run', ...process.argv.slice(2)])
  const reporters = [...takeReporters(options), tally, waiting]
  const vitest = await startVitest('test', filter, { ...options, watch: false, run: true, reporters })
  tally.counts.failed += vitest.state.getUnhandledErrors().length
  await vitest.close()
} catch (error) {
  tally.counts.failed++
  console.error(error)
}
// What failed without being a test, such as a setup: a run that fails never says `0 failed`.
if (process.exitCode && tally.counts.failed === 0) tally.counts.failed++
for (const line of (await globalThis.millraceTestServices?.services.complaints()) ?? []) console.log(line)
console.log(summary(tally.counts))
process.exitCode = isGood(tally.counts) ? 0 : 1

/** `--reporter` as it was given: vitest's parser leaves it under that name, where it would win over `reporters`. */
function takeReporters(options: object): string[] {
  const given: unknown = Reflect.get(options, 'reporter')
  Reflect.deleteProperty(options, 'reporter')
  const names = (Array.isArray(given) ? given : [given]).filter((name) => typeof name === 'string')
  return names.length > 0 ? names : ['default']
}
