// The first row of each key. Spark: `StreamingDeduplicateExec` and `StreamingDeduplicateWithinWatermarkExec`.
//
// Cells: ['seen', key], the event time at which the key may go, or null: never.

import { pairOf } from '../../values/pairs.ts'
import type { Form, Keyed } from '../cells.ts'
import type { BatchInfo, BatchOperator, Elements, OperatorContext, RunningOperator } from '../operator.ts'
import { Expiry } from './expiry.ts'
import type { TurnsAway } from './late-rows.ts'
import { type Stamped, stampedOf } from './stamp.ts'
import { type Mark, Watermarks } from './watermark.ts'

/** How long a key is remembered. */
export interface Deduplication {
  readonly said: string
  readonly marks: readonly Mark[]
  /** How long after its first row a key may go, milliseconds of event time; undefined: it stays for ever, and no row is late. */
  readonly keptFor: number | undefined
  /** Rows without an event time are left out; else they stay for ever. */
  readonly needsTime: boolean
  /** The rows are groups, which stand a millisecond before their end: late is what ends at or below the watermark. */
  readonly ofGroups: boolean
}

const form: Form<{ readonly until: number | null }> = {
  save: ({ until }) => until,
  load: (until, loading) => (until === null || typeof until === 'number' ? { until } : loading.refuse()),
}

export function deduplicating(how: Deduplication): BatchOperator {
  return {
    runs: 'on batches',
    kind: how.said,
    said: how.said,
    keys: 'lost',
    spread: 'by key',
    everywhere: 1,
    state: { alone: true },
    create: (context) => new DropDuplicates(how, context),
  }
}

class DropDuplicates implements RunningOperator, TurnsAway {
  readonly #how: Deduplication
  readonly #context: OperatorContext
  readonly #watermarks: Watermarks
  readonly #seen: Keyed<{ readonly until: number | null }>
  readonly #ends: Expiry<{ readonly until: number | null }>
  #late: Stamped[] = []

  constructor(how: Deduplication, context: OperatorContext) {
    this.#how = how
    this.#context = context
    this.#watermarks = new Watermarks(how.marks, context)
    this.#seen = context.cells.keyed('seen', form)
    this.#ends = new Expiry(this.#seen, ({ until }) => until ?? undefined)
  }

  run({ time }: BatchInfo, [pairs = [], ...seen]: readonly (Elements | undefined)[]): Elements {
    const { keptFor, needsTime, ofGroups } = this.#how
    const after = ofGroups ? 1 : 0
    const { late, final } = this.#watermarks.judging(time)
    this.#late = []
    const firsts: Stamped[] = []
    for (const pair of pairs) {
      const [key, element] = pairOf(pair)
      const stamped = stampedOf(element)
      const [at] = stamped
      if (needsTime && at === null) continue
      if (keptFor !== undefined && at !== null && late !== undefined && at + after <= late) {
        this.#late.push(stamped)
        this.#context.tooLate(1)
      } else if (!this.#seen.has(key)) {
        this.#seen.set(key, { until: keptFor === undefined || at === null ? null : at + keptFor })
        this.#ends.note(key)
        firsts.push(stamped)
      }
    }
    if (final !== undefined) for (const key of this.#ends.take(final)) this.#seen.delete(key)
    this.#watermarks.move(time, seen)
    return firsts
  }

  due(time: number): number | undefined {
    return this.#watermarks.due(time, this.#ends.first())
  }

  takeLate(): Elements {
    return this.#late
  }
}
