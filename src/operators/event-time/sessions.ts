// Sessions: rows of a key that follow each other within a gap. Spark: `MergingSessionsExec` and `SessionWindowStateStoreSaveExec`.
//
// Cells: ['sessions', key], [[start, end, accumulator], …], ascending.

import { copyAgain } from '../../values/copy.ts'
import { KeyMap } from '../../values/key-map.ts'
import { pairOf } from '../../values/pairs.ts'
import type { Form, Keyed } from '../cells.ts'
import type { BatchInfo, BatchOperator, Elements, OperatorContext, RunningOperator } from '../operator.ts'
import { addRow, mergeInto } from './aggregation.ts'
import { Expiry } from './expiry.ts'
import type { TurnsAway } from './late-rows.ts'
import { type Stamped, stampedOf } from './stamp.ts'
import { Watermarks } from './watermark.ts'
import type { SessionWindows } from './windower.ts'
import type { Group, Grouping } from './windows.ts'

type Session = readonly [start: number, end: number, acc: unknown]

const form: Form<readonly Session[]> = {
  save: (sessions) => sessions,
  load(saved, loading) {
    if (!Array.isArray(saved)) return loading.refuse()
    return saved.map((one: unknown): Session => {
      const [start, end, acc]: readonly unknown[] = Array.isArray(one) ? one : []
      if (typeof start !== 'number' || typeof end !== 'number') return loading.refuse()
      return [start, end, loading.ofKey(acc)]
    })
  },
}

export function sessionizing(windows: SessionWindows, grouping: Grouping): BatchOperator {
  return {
    runs: 'on batches',
    kind: 'eventSession',
    said: 'groupBy',
    keys: 'lost',
    spread: 'by key',
    everywhere: 1,
    state: { alone: true },
    create: (context) => new Sessions(windows, grouping, context),
  }
}

class Sessions implements RunningOperator, TurnsAway {
  readonly #windows: SessionWindows
  readonly #grouping: Grouping
  readonly #context: OperatorContext
  readonly #watermarks: Watermarks
  readonly #sessions: Keyed<readonly Session[]>
  readonly #ends: Expiry<readonly Session[]>
  #late: Stamped[] = []

  constructor(windows: SessionWindows, grouping: Grouping, context: OperatorContext) {
    this.#windows = windows
    this.#grouping = grouping
    this.#context = context
    this.#watermarks = new Watermarks(grouping.marks, context)
    this.#sessions = context.cells.keyed('sessions', form)
    this.#ends = new Expiry(this.#sessions, (sessions) => sessions[0]?.[1])
  }

  run({ time }: BatchInfo, [pairs = [], ...seen]: readonly (Elements | undefined)[]): Elements {
    const { mode } = this.#grouping
    const { late, final } = this.#watermarks.judging(time)
    this.#late = []
    const touched = new KeyMap<Set<Session>>()
    for (const pair of pairs) {
      const [key, stamped] = pairOf(pair)
      const [at, row] = stampedOf(stamped)
      if (at !== null) this.#take(key, at, row, mode === 'complete' ? undefined : late, touched)
    }
    const ended = mode === 'complete' || final === undefined ? [] : this.#end(final)
    const changed =
      mode === 'update' ? [...touched].flatMap(([key, some]) => Array.from(some, (one) => [key, one] as const)) : []
    const all =
      mode === 'complete' ? [...this.#sessions].flatMap(([key, some]) => some.map((one) => [key, one] as const)) : []
    this.#watermarks.move(time, seen)
    return [...(mode === 'append' ? ended : []), ...changed, ...all].flatMap(([key, one]) => this.#out(key, one))
  }

  due(time: number): number | undefined {
    return this.#grouping.mode === 'complete' ? undefined : this.#watermarks.due(time, this.#ends.first())
  }

  takeLate(): Elements {
    return this.#late
  }

  #take(key: unknown, at: number, row: unknown, late: number | undefined, touched: KeyMap<Set<Session>>): void {
    const { how } = this.#grouping
    try {
      const gap = this.#windows.gap(row)
      if (gap <= 0) return
      let [start, end] = [at, at + gap]
      if (late !== undefined && end <= late) {
        this.#late.push([at, row])
        this.#context.tooLate(1)
        return
      }
      const known = this.#sessions.get(key) ?? []
      const apart: Session[] = []
      const joined: Session[] = []
      for (const one of known) (one[0] <= end && start <= one[1] ? joined : apart).push(one)
      let acc: { readonly acc: unknown } | undefined
      for (const [from, until, other] of joined) {
        ;[start, end] = [Math.min(start, from), Math.max(end, until)]
        acc = { acc: acc ? mergeInto(how, acc, copyAgain(other)) : other }
      }
      const session: Session = [start, end, addRow(how, acc, row, key)]
      this.#sessions.set(
        key,
        [...apart, session].sort(([a], [b]) => a - b),
      )
      this.#ends.note(key)
      const some = touched.get(key) ?? new Set<Session>()
      for (const one of joined) some.delete(one)
      touched.set(key, some.add(session))
    } catch (error) {
      this.#context.aside({ key, values: [row], error }) // and what is kept stays
    }
  }

  /** Takes out the sessions that end at or before `final`, in the order of their ends. */
  #end(final: number): (readonly [key: unknown, session: Session])[] {
    const ended: (readonly [unknown, Session])[] = []
    for (const key of this.#ends.take(final)) {
      const sessions = this.#sessions.get(key) ?? []
      const left = sessions.filter(([, end]) => end > final)
      for (const one of sessions) if (one[1] <= final) ended.push([key, one])
      if (left.length === 0) this.#sessions.delete(key)
      else {
        this.#sessions.set(key, left)
        this.#ends.note(key)
      }
    }
    return ended.sort(([, a], [, b]) => a[1] - b[1])
  }

  #out(key: unknown, [start, end, acc]: Session): Stamped<Group>[] {
    try {
      const value = copyAgain(this.#grouping.how.finish(copyAgain(acc)))
      return [[end - 1, { key: copyAgain(key), window: { start, end }, value }]]
    } catch (error) {
      this.#context.aside({ key, values: [acc], error })
      return []
    }
  }
}
