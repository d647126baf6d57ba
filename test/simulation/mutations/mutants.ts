// Bugs that are planted one at a time, to see that the simulator finds them: each replaces one piece of the runtime.

import type { Kind } from '../job-of.ts'
import { BOUNDARY_MUTANTS } from './boundary-mutants.ts'
import { BUCKET_MUTANTS } from './bucket-mutants.ts'
import { CALL_MUTANTS } from './call-mutants.ts'
import { CLOSING_MUTANTS } from './closing-mutants.ts'
import { DEPLOY_MUTANTS } from './deploy-mutants.ts'
import { EFFECT_MUTANTS } from './effect-mutants.ts'
import { EVENT_TIME_MUTANTS } from './event-time-mutants.ts'
import { EXPIRY_MUTANTS } from './expiry-mutants.ts'
import { OFFSET_MUTANTS } from './offset-mutants.ts'
import { SOURCE_MUTANTS } from './source-mutants.ts'
import { STORE_MUTANTS } from './store-mutants.ts'
import { TIME_MUTANTS } from './time-mutants.ts'
import { VALUE_MUTANTS } from './value-mutants.ts'
import { WAKE_MUTANTS } from './wake-mutants.ts'

export interface Mutant {
  readonly name: string
  /** The invariant that it breaks. */
  readonly breaks: string
  readonly file: string
  /** Stands in the file once. */
  readonly find: string
  readonly replace: string
  /** Kinds of jobs that can show it; default: all. */
  readonly kinds?: readonly Kind[]
  /** A directed test that finds it, where no seed can: what the simulated event source never does. */
  readonly test?: string
}

export const MUTANTS: readonly Mutant[] = [
  ...DEPLOY_MUTANTS,
  ...EVENT_TIME_MUTANTS,
  ...VALUE_MUTANTS,
  ...BOUNDARY_MUTANTS,
  ...OFFSET_MUTANTS,
  ...EXPIRY_MUTANTS,
  ...SOURCE_MUTANTS,
  ...TIME_MUTANTS,
  ...CLOSING_MUTANTS,
  ...WAKE_MUTANTS,
  ...BUCKET_MUTANTS,
  ...STORE_MUTANTS,
  ...CALL_MUTANTS,
  ...EFFECT_MUTANTS,
]
