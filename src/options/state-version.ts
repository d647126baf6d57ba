// The version of the values that an operator keeps from batch to batch, so that new code may give them another shape (I5,
// docs/decisions/034-state-versions.md).

import { InvalidOptionError } from '../errors/errors.ts'
import { checkFunction } from './options.ts'

/** Options of operators that keep values of the user's. */
export interface VersionOptions<V> {
  /** The version of what is kept, raised whenever its shape changes. Default 1. */
  readonly version?: number
  /**
   * Makes a value of this version of one that an older version has left. Called when state is loaded, for every such value, until
   * each bucket has been saved anew: it must be pure, and know every older version that may still be there. Keys do not change.
   */
  readonly migrate?: (value: unknown, from: number) => V
}

/** What `checkKnownOptions` has to know of {@link VersionOptions}. */
export const VERSION_OPTIONS = ['version', 'migrate'] as const

/** As nodes have it; nodes of version 1 have none. */
export interface ValueVersion {
  readonly version: number
  readonly migrate: { apply(value: unknown, from: number): unknown } | undefined
}

const MAX_VERSION = 65_535

/** @throws InvalidOptionError */
export function valueVersion<V>(
  operator: string,
  { version = 1, migrate }: VersionOptions<V>,
): ValueVersion | undefined {
  if (!Number.isInteger(version) || version < 1 || version > MAX_VERSION) {
    throw new InvalidOptionError(
      `${operator}, version: must be a whole number from 1 to ${MAX_VERSION}, got ${version}.`,
    )
  }
  if (migrate !== undefined) checkFunction(`${operator}, migrate`, migrate)
  if (version > 1) return { version, migrate: migrate && { apply: (value, from) => given(migrate(value, from)) } }
  if (migrate === undefined) return undefined
  throw new InvalidOptionError(
    `${operator}: nothing is older than version 1, so migrate would never be called. Raise version.`,
  )
}

/** Of pairs whose values have a version. */
export function versionOfPairs(values: ValueVersion | undefined): ValueVersion | undefined {
  return lift(values, (pair, apply) => [pair[0], apply(pair[1])])
}

/** Of lists whose values have a version. */
export function versionOfLists(values: ValueVersion | undefined): ValueVersion | undefined {
  return lift(values, (list, apply) => list.map(apply))
}

function lift(
  values: ValueVersion | undefined,
  within: (list: readonly unknown[], apply: (value: unknown) => unknown) => unknown,
): ValueVersion | undefined {
  const { version, migrate } = values ?? {}
  if (version === undefined || migrate === undefined) return values
  const apply = (value: unknown, from: number): unknown => {
    if (!Array.isArray(value)) throw new TypeError('what is kept is no array')
    return within(value, (item) => migrate.apply(item, from))
  }
  return { version, migrate: { apply } }
}

/** `undefined` is most likely a missing `return`, which would lose everything; nobody would wait for a promise. */
function given(migrated: unknown): unknown {
  if (migrated === undefined) throw new TypeError('migrate returned undefined')
  if (migrated instanceof Promise) throw new TypeError('migrate returned a promise; it must be synchronous')
  return migrated
}
