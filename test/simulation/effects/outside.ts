// What kinds of jobs that do something after their commits share: what is outside, and how it is written.

import type { Batch, Job, JobOptions, OffsetRange } from '../../../src/index.ts'
import type { Random } from '../../../src/testing/simulation/random.ts'

/** A table outside, with a key: by id of the batch its values, and which offsets it says that they are from. */
export type Outside = Map<string, { readonly values: readonly string[]; readonly read: readonly OffsetRange[] }>

export interface EffectKind {
  /** @param own what one process draws from. @param version 2 means the same */
  define(options: JobOptions, outside: Outside, own: Random, version: number): Job
  /** Records at most. Default 60. */
  readonly most?: number
}

/** Under the id of the operator. */
export const TOLD = 'told'

export const upsert = (outside: Outside) => (batch: Batch<string>) => {
  const names = batch.map((value) => value.split(' ')[0] ?? '')
  outside.set(batch.id, { values: names.collect().sort(), read: names.offsetRanges })
}
