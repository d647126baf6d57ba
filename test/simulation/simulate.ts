// One seed from beginning to end.

import { checkAtRest } from './checks.ts'
import type { Fault } from './faults.ts'
import { seededRandom } from './random.ts'
import { drawScenario, type Scenario } from './scenario.ts'
import { Simulation } from './simulation.ts'

export interface Report {
  readonly scenario: Scenario
  /** What broke; empty when everything held. */
  readonly violations: readonly string[]
  readonly faults: ReadonlyMap<Fault, number>
  readonly objects: ReadonlyMap<string, string>
}

export interface SimulateOptions {
  /** The same records in the same order, without faults, cut differently. */
  readonly undisturbed?: boolean
  /** Gets a line for every call to a service. */
  readonly trace?: (line: string) => void
}

export async function simulate(seed: number, { undisturbed = false, trace }: SimulateOptions = {}): Promise<Report> {
  const scenario = drawScenario(seed, seededRandom(seed))
  const random = seededRandom(undisturbed ? ~seed : seed + 0x40000000)
  const simulation = new Simulation(scenario, random, !undisturbed)
  const { world } = simulation
  world.faults.trace = trace
  if (!undisturbed) await simulation.run()
  await simulation.quiesce()
  await checkAtRest(scenario, simulation, scenario.pace === 'exact')
  const objects = await world.results()
  if (random.chance(0.3)) {
    await simulation.resume()
    await checkAtRest(scenario, simulation, false) // some have been silent for days
  }
  return { scenario, violations: world.monitor.violations, faults: world.faults.counts, objects }
}
