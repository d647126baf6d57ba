// Options of operators that shuffle: who they are, and over how many buckets their input is spread.

import { IDENTITY_OPTIONS, type Identity, type IdentityOptions, identityOf } from './identity.ts'
import { checkKnownOptions, checkPartitions } from './options.ts'
import { VERSION_OPTIONS, type VersionOptions } from './state-version.ts'

/** Options of operators that shuffle. */
export interface ShuffleOptions extends IdentityOptions {
  /** How many buckets the keys are spread over. Default: the job's `numPartitions`. */
  readonly numPartitions?: number
}

/** Options of operators that combine or reduce values `V` by key. */
export interface CombineOptions<V> extends ShuffleOptions, VersionOptions<NoInfer<V>> {}

/** Options of operators that keep a state `S` per key, `updateStateByKey` and `mapWithState` alike. */
export interface StateOptions<K, S> extends ShuffleOptions, VersionOptions<NoInfer<S>> {
  /** State of keys before the first batch. With it, keys are in buckets ({@link DStream.preservesPartitioning} ends there). Default: none. */
  readonly initialState?: Iterable<readonly [K, S]>
}

/** What `checkKnownOptions` has to know of {@link StateOptions}, besides those of a shuffle. */
export const STATE_OPTIONS = ['initialState', ...VERSION_OPTIONS] as const

/** The same, as nodes have it. */
export interface Shuffle extends Identity {
  readonly numPartitions: number | undefined
}

/** The checked identity of an operator without other options of a shuffle. @throws InvalidOptionError */
export function identified(operator: string, options: IdentityOptions, known: readonly string[] = []): Identity {
  checkKnownOptions(operator, options, [...IDENTITY_OPTIONS, ...known])
  return identityOf(operator, options)
}

/** The checked options of a shuffle. @throws InvalidOptionError */
export function shuffle(operator: string, options: ShuffleOptions, known: readonly string[] = []): Shuffle {
  checkKnownOptions(operator, options, ['numPartitions', ...IDENTITY_OPTIONS, ...known])
  const { numPartitions } = options
  if (numPartitions !== undefined) checkPartitions(`${operator}, numPartitions`, numPartitions)
  return { numPartitions, ...identityOf(operator, options) }
}
