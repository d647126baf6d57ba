// A worker of `npm run simulate`: every seed is one kind of job after the other.

import { serveSeeds } from '../../src/testing/simulation/seeds.ts'
import { ALL_KINDS, type Kind, simulateKind, storyOfKind } from './job-of.ts'

const only = process.argv[2]
const kinds = ALL_KINDS.filter((kind) => !only || kind === only)

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
