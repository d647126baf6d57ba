// A worker of `npm run simulate`: every seed is one kind of job after the other.

import { serveSeeds } from '../../src/testing/simulation/seeds.ts'
import { ALL_KINDS, EVERY_KIND, type Kind, simulateKind, storyOfKind } from './job-of.ts'

const only = process.argv[2]
// One that is named runs even when it shows something that is still open.
const kinds = only ? EVERY_KIND.filter((kind) => kind === only) : ALL_KINDS

serveSeeds(async (number) => {
  const kind: Kind = kinds[number % kinds.length] ?? 'plain'
  const seed = Math.floor(number / kinds.length)
  const report = await simulateKind(kind, seed)
  return {
    violations: report.violations.map((violation) => `MILLRACE_SEED=${seed} -t ${kind}: ${violation}`),
    coverage: report.coverage,
    tell: () => storyOfKind(kind, seed, report),
  }
})
