// Groups of rows in windows of event time: tumbling and sliding ones, or none. Spark: `StateStoreSaveExec`.
//
// Cells: ['group', start of the window, key], [accumulator, rows].

import { copyAgain } from '../../values/copy.ts'
import { KeyMap } from '../../values/key-map.ts'
import { type Pair, pairOf } from '../../values/pairs.ts'
import type { Form } from '../cells.ts'
import type { BatchInfo, BatchOperator, Elements, OperatorContext, RunningOperator } from '../operator.ts'
import type { TimedKeys } from '../timed-keys.ts'
import { type Aggregation, addRow, mergeInto } from './aggregation.ts'
import type { TurnsAway } from './late-rows.ts'
import { type Stamped, stampedOf } from './stamp.ts'
import { type Mark, Watermarks } from './watermark.ts'
import { type EventWindow, type FixedWindows, type NoWindow, startsOf } from './windower.ts'

/**
 * What comes out when: `append`, a group once, when it is final; `update`, what has changed, in each batch; `complete`, all groups in each batch,
 * for ever. Spark: `OutputMode`.
 */
export type OutputMode = 'append' | 'update' | 'complete'

/** How groups are made. */
export interface Grouping {
  readonly how: Aggregation
  readonly mode: OutputMode
  readonly marks: readonly Mark[]
  /** Whether rows that come late are wanted: then they travel one by one. */
  readonly late: boolean
}

/** A group, as it comes out. */
export interface Group<K = unknown, V = unknown, W = EventWindow> {
  /** What `key` of `groupBy` gave; null without one. */
  readonly key: K
  /** Undefined where rows are grouped by key alone. */
  readonly window: W
  /** What has become of the group's rows. */
  readonly value: V
}

interface Entry {
  readonly acc: unknown
}

const form: Form<Entry> = {
  save: ({ acc }) => acc,
  load: (saved, loading) => ({ acc: loading.ofKey(saved) }),
}

/** What travels of rows that were put together: by start of the window. */
type Combined = readonly (readonly [start: number, acc: unknown, rows: number])[]

export function windowing(windows: FixedWindows | NoWindow, grouping: Grouping): BatchOperator {
  return {
    runs: 'on batches',
    kind: 'eventWindow',
    said: 'groupBy',
    keys: 'lost',
    spread: 'by key',
    everywhere: 1,
    ...(!grouping.late && { combine: (pairs) => combineRows(windows, grouping.how, pairs) }),
    ...(!grouping.late && { makes: 'combiners' as const }),
    state: {
      ...(windows.kind === 'fixed' && { fixed: { window: windows.size, slide: windows.slide, keeps: 'combiners' } }),
      alone: true,
    },
    create: (context) => new WindowGroups(windows, grouping, context),
  }
}

/** The source's side: what a micro-batch has of every key, by window. */
function combineRows(windows: FixedWindows | NoWindow, how: Aggregation, pairs: Elements): Pair[] {
  const groups = new KeyMap<Map<number, { acc: unknown; rows: number }>>()
  for (const pair of pairs) {
    const [key, stamped] = pairOf(pair)
    const [at, row] = stampedOf(stamped)
    const starts = startsOf(windows, at)
    if (starts.length === 0) continue
    const ofKey = groups.get(key) ?? new Map<number, { acc: unknown; rows: number }>()
    groups.set(key, ofKey)
    for (const start of starts) {
      const known = ofKey.get(start)
      const acc = addRow(how, known, row, key)
      if (known) {
        known.acc = acc
        known.rows++
      } else ofKey.set(start, { acc, rows: 1 })
    }
  }
  return Array.from(
    groups,
    ([key, ofKey]): Pair => [key, Array.from(ofKey, ([start, { acc, rows }]) => [start, acc, rows]) satisfies Combined],
  )
}

class WindowGroups implements RunningOperator, TurnsAway {
  readonly #windows: FixedWindows | NoWindow
  readonly #grouping: Grouping
  readonly #context: OperatorContext
  readonly #watermarks: Watermarks
  readonly #groups: TimedKeys<Entry>
  #late: Stamped[] = []

  constructor(windows: FixedWindows | NoWindow, grouping: Grouping, context: OperatorContext) {
    this.#windows = windows
    this.#grouping = grouping
    this.#context = context
    this.#watermarks = new Watermarks(grouping.marks, context)
    this.#groups = context.cells.timedKeys('group', form)
  }

  run({ time }: BatchInfo, [pairs = [], ...seen]: readonly (Elements | undefined)[]): Elements {
    const { mode } = this.#grouping
    const { late, final } = this.#watermarks.judging(time)
    const open = mode === 'complete' || late === undefined ? Number.NEGATIVE_INFINITY : late - this.#windows.size
    this.#late = []
    const touched = new Map<number, KeyMap<true>>()
    for (const pair of pairs) this.#take(pairOf(pair), open, touched)
    const emitted = this.#emit(touched, final)
    if (mode !== 'complete' && final !== undefined)
      for (const start of this.#finalAt(final)) this.#groups.deleteAll(start)
    this.#watermarks.move(time, seen)
    return emitted
  }

  due(time: number): number | undefined {
    if (this.#grouping.mode === 'complete' || this.#windows.kind === 'none') return undefined
    let first: number | undefined
    for (const start of this.#groups.times()) first = Math.min(first ?? start, start)
    return this.#watermarks.due(time, first === undefined ? undefined : first + this.#windows.size)
  }

  takeLate(): Elements {
    return this.#late
  }

  /** @param open windows that begin after it still take rows */
  #take([key, came]: Pair, open: number, touched: Map<number, KeyMap<true>>): void {
    const { how } = this.#grouping
    if (this.#context.combined) {
      for (const [start, acc, rows] of combinedOf(came)) {
        if (start <= open) this.#context.tooLate(rows)
        else this.#put(start, key, (known) => mergeInto(how, known, acc), touched, acc)
      }
      return
    }
    const [at, row] = stampedOf(came)
    const starts = startsOf(this.#windows, at)
    const last = starts.at(-1)
    if (last !== undefined && last <= open) {
      this.#late.push([at, row])
      this.#context.tooLate(1)
    }
    for (const start of starts)
      if (start > open) this.#put(start, key, (known) => addRow(how, known, row, key), touched, row)
  }

  #put(
    start: number,
    key: unknown,
    next: (known: Entry | undefined) => unknown,
    touched: Map<number, KeyMap<true>>,
    came: unknown,
  ): void {
    try {
      this.#groups.set(start, key, { acc: next(this.#groups.get(start, key)) })
    } catch (error) {
      this.#context.aside({ key, values: [came], error }) // and what is kept stays
      return
    }
    const keys = touched.get(start) ?? new KeyMap<true>()
    touched.set(start, keys.set(key, true))
  }

  #emit(touched: ReadonlyMap<number, KeyMap<true>>, final: number | undefined): Stamped[] {
    switch (this.#grouping.mode) {
      case 'append':
        return final === undefined ? [] : this.#finalAt(final).flatMap((start) => [...this.#groupsAt(start)])
      case 'complete':
        return [...this.#groups.times()].sort(ascending).flatMap((start) => [...this.#groupsAt(start)])
      case 'update':
        return [...touched.keys()].sort(ascending).flatMap((start) => [...this.#groupsAt(start, touched.get(start))])
    }
  }

  #finalAt(final: number): number[] {
    return [...this.#groups.times()].filter((start) => start + this.#windows.size <= final).sort(ascending)
  }

  *#groupsAt(start: number, only?: KeyMap<true>): Iterable<Stamped> {
    const { kind, size } = this.#windows
    const window = kind === 'fixed' ? { start, end: start + size } : undefined
    for (const [key, { acc }] of this.#groups.at(start)) {
      if (only && !only.has(key)) continue
      try {
        const value = copyAgain(this.#grouping.how.finish(copyAgain(acc)))
        yield [window ? window.end - 1 : null, { key: copyAgain(key), ...(window && { window: { ...window } }), value }]
      } catch (error) {
        this.#context.aside({ key, values: [acc], error })
      }
    }
  }
}

function ascending(a: number, b: number): number {
  return a - b
}

function combinedOf(came: unknown): Combined {
  if (Array.isArray(came)) return came
  throw new Error('what has travelled is no list of windows')
}
