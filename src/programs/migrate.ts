// Values that an older version of the code has left become values of this version when they are loaded: cells of state, and
// elements on their way to an operator that keeps them. What newer code has left is never guessed at (I7).

import { describeValue, MigrationError, StateVersionError } from '../errors/operator-errors.ts'
import { stageOfEdge } from '../names/edges.ts'
import type { Migrate } from '../operators/cells.ts'
import type { ValueVersion } from '../options/state-version.ts'
import type { Edge } from '../plan/plan.ts'
import { copy } from '../values/copy.ts'
import { pairOf } from '../values/pairs.ts'

/**
 * What brings values of version `from` up to this code's; undefined when they are.
 *
 * @throws StateVersionError when they are newer, or there is no way.
 */
export function migrationOf(operator: string, values: ValueVersion | undefined, from: number): Migrate | undefined {
  const version = values?.version ?? 1
  if (from === version) return undefined
  const migrate = values?.migrate
  if (from > version || !migrate) throw new StateVersionError(operator, from, version)
  return (value, at) => {
    try {
      return copy(migrate.apply(value, from)) // what a function of the user gives may be held by it
    } catch (cause) {
      throw new MigrationError(operator, from, version, at && describeValue(at.key), cause)
    }
  }
}

/** Elements that came over an edge, as this code's version has them. @throws as `migrationOf` */
export function migrateItems(edge: Edge, items: readonly unknown[], from: number): readonly unknown[] {
  const migrate = migrationOf(stageOfEdge(edge.id), edge.values, from)
  if (!migrate) return items
  if (edge.how !== 'key') return items.map((item) => migrate(item))
  return items.map((item) => {
    const [key, value] = pairOf(item)
    return [key, migrate(value, { key })]
  })
}
