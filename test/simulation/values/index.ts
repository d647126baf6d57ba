// Kinds of jobs whose values are more than texts and numbers.

import { aside } from './aside.ts'
import { eventTime } from './event-time.ts'
import { farTimeouts } from './far.ts'
import { limits } from './limits.ts'
import { lru } from './lru.ts'
import { mixed, order } from './mixed.ts'
import { mutating, mutatingWindows, shared } from './mutating.ts'
import { bytes, records } from './records.ts'
import { top } from './top.ts'
import { whole } from './whole.ts'

export const VALUE_KINDS = {
  mutating,
  mutatingWindows,
  shared,
  records,
  bytes,
  mixed,
  lru,
  order,
  aside,
  farTimeouts,
  top,
  whole,
  limits,
  eventTime,
} as const
export type ValueKind = keyof typeof VALUE_KINDS

/** Kinds that came after those of deployments. */
export const LATER_KINDS: readonly ValueKind[] = ['top', 'whole']

/** Kinds that came after those of effects. */
export const LATEST_KINDS: readonly ValueKind[] = ['limits']

/** Kinds that came after the latest deployments. */
export const NEWEST_KINDS: readonly ValueKind[] = ['eventTime']
