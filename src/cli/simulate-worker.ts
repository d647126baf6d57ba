// A worker of `millrace simulate`: runs the seeds of one job that the command asks for.

import { serveSeeds } from '../testing/simulation/seeds.ts'
import { loadSimulated, type SimulatedModule } from './simulated-module.ts'

const what: SimulatedModule = JSON.parse(process.argv[2] ?? '{}')
const run = loadSimulated(what)

serveSeeds(async (seed) => {
  const { violations, coverage, tell } = await (await run)(seed)
  return { violations, coverage, tell }
})
