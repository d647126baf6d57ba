// One seed of one kind of stateful job, from beginning to end.

import { seededRandom } from './random.ts'
import type { Scenario } from './scenario.ts'
import type { SimulateOptions } from './simulate.ts'
import { Simulation } from './simulation.ts'
import { checkStatefulAtRest, type Published, published } from './stateful-checks.ts'
import type { StatefulKind } from './stateful-jobs.ts'
import { drawStateful } from './stateful-scenario.ts'

export interface StatefulReport {
  readonly scenario: Scenario
  readonly violations: readonly string[]
  /** How many snapshots were named by commits. */
  readonly snapshots: number
  /** Before records came again after a long time. */
  readonly outputs: Published
}

export async function simulateStateful(
  seed: number,
  kind: StatefulKind,
  { undisturbed = false, trace }: SimulateOptions = {},
): Promise<StatefulReport> {
  const scenario = drawStateful(seed, kind, seededRandom(seed))
  const random = seededRandom(undisturbed ? ~seed : seed + 0x40000000)
  const simulation = new Simulation(scenario, random, !undisturbed)
  const { world } = simulation
  world.faults.trace = trace
  if (!undisturbed) await simulation.run()
  await simulation.quiesce()
  await checkStatefulAtRest(scenario, kind, simulation, scenario.pace === 'exact')
  const { outputs } = published(await world.results())
  if (!undisturbed && random.chance(0.3)) {
    await simulation.resume()
    await checkStatefulAtRest(scenario, kind, simulation, false) // some have been silent for days
  }
  return { scenario, violations: world.monitor.violations, snapshots: world.monitor.snapshots, outputs }
}
