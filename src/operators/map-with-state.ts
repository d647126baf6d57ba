// `mapWithState`: the function is called once per record, in order, with the state of its key, and then once per key that times
// out; what it returns is emitted, but undefined. Spark: `MapWithStateRDDRecord.updateRecordWithData`. Its rules:
//
// - A state changes by `update` or `remove` only. What `get` returns is a copy: changed in place but not given to `update`, it is
//   forgotten. (Spark leaves open whether such a change is kept, or made twice when a partition is computed again.)
// - With a timeout, any record of a key that has state afterwards counts as use, updated or not.
// - A key times out when its last use is strictly older than T - timeout. Keys are kept in the order of their last use, so every
//   batch sweeps exactly those that are due and looks at no other. (Spark sweeps every tenth batch.)
// - The initial state counts as used in the first batch.
//
// A batch costs what it touches: nothing here goes over all keys, except `stateSnapshots`, whose meaning that is.
//
// Cells: ['initial'], true once the initial state has been applied; ['state', key], [state, time of last use].

import { UnknownCellError } from '../errors/operator-errors.ts'
import type { MapWithStateNode, StateSnapshotsNode } from '../graph/wide-nodes.ts'
import { type Aside, stop } from '../programs/aside.ts'
import { copy, copyAgain, copyOf } from '../values/copy.ts'
import { KeyMap } from '../values/key-map.ts'
import { type Pair, pairOf } from '../values/pairs.ts'
import { asIs, type BucketOperator, type CellChange, type Elements, type Migrate } from './bucket-operator.ts'
import { ChangeLog } from './change-log.ts'
import { BORN, initialState, isBorn, keyOfCell, type Owns } from './initial-state.ts'
import { hasBatch, nextBatch, slideOf } from './slide.ts'
import { StateHandle } from './state-handle.ts'
import { describeCell, stateless } from './stateless.ts'
import { synchronous } from './synchronous.ts'

/** @param owns which keys of the initial state belong to this bucket */
export function mapWithState(
  node: MapWithStateNode,
  owns: Owns = () => true,
  aside: Aside = stop,
): MapWithStateOperator {
  return new MapWithState(node, owns, aside)
}

/** The operator of `mapWithState`, which can show its whole state. */
export interface MapWithStateOperator extends BucketOperator {
  /** All keys with their state after the last batch. */
  snapshot(): Pair[]
}

/** `stateSnapshots`: the whole state of the other operator, which must have run this batch before. */
export function stateSnapshots(node: StateSnapshotsNode, of: MapWithStateOperator): BucketOperator {
  return stateless(node, () => of.snapshot())
}

interface Entry {
  readonly state: unknown
  readonly usedAt: number
}

class MapWithState implements MapWithStateOperator {
  readonly #node: MapWithStateNode
  readonly #owns: Owns
  readonly #aside: Aside
  readonly #slide: number
  readonly #changes = new ChangeLog()
  readonly #handle = new StateHandle()
  /** With a timeout: in the order of last use, oldest first. */
  readonly #entries = new KeyMap<Entry>()
  #born = false
  /** Whether restored keys came in the order of last use; they do not where older code of the job had no timeout. */
  #inOrder = true
  #latestRestored = Number.NEGATIVE_INFINITY

  constructor(node: MapWithStateNode, owns: Owns, aside: Aside) {
    this.#node = node
    this.#owns = owns
    this.#aside = aside
    this.#slide = slideOf(node)
  }

  run(time: number, [elements = []]: readonly (Elements | undefined)[]): Elements | undefined {
    if (!hasBatch(time, this.#slide)) return undefined
    if (!this.#born) this.#applyInitialState(time)
    const emitted: unknown[] = []
    for (const element of elements) {
      const result = this.#record(time, pairOf(element))
      if (result !== undefined) emitted.push(result)
    }
    this.#sweep(time, emitted)
    return emitted
  }

  #applyInitialState(time: number): void {
    this.#born = true
    this.#changes.set([BORN], true)
    for (const [key, state] of initialState(this.#node.initial, this.#owns)) this.#put(key, copy(state), time)
  }

  #record(time: number, [key, value]: Pair): unknown {
    const before = this.#entries.get(key)
    this.#handle.show(before)
    let result: unknown
    try {
      result = synchronous('mapWithState', this.#node.map(time, key, value, this.#handle))
    } catch (error) {
      this.#aside({ key, values: [value], error })
      return undefined // and the state is what it was
    }
    if (this.#handle.use === 'updated') this.#put(key, copyOf(key, this.#handle.get()), time)
    else if (this.#handle.use === 'removed') this.#delete(key)
    else if (before && this.#node.timeout !== undefined && before.usedAt !== time) this.#put(key, before.state, time)
    return result
  }

  #put(key: unknown, state: unknown, usedAt: number): void {
    const own = copy(key)
    if (this.#node.timeout !== undefined) this.#entries.delete(own)
    this.#entries.set(own, { state, usedAt })
    this.#changes.set(['state', own], [state, usedAt])
  }

  #delete(key: unknown): void {
    if (this.#entries.delete(key)) this.#changes.delete(['state', copy(key)])
  }

  #sweep(time: number, emitted: unknown[]): void {
    if (this.#node.timeout === undefined) return
    this.#sortByUse()
    for (const [key, entry] of this.#entries) {
      if (entry.usedAt >= time - this.#node.timeout) return
      this.#handle.showTimingOut(entry)
      try {
        const result = synchronous('mapWithState', this.#node.map(time, copyAgain(key), undefined, this.#handle))
        if (result !== undefined) emitted.push(result)
      } catch (error) {
        this.#aside({ key, values: [entry.state], error }) // and it goes, or it would be due in every batch
      }
      this.#delete(key)
    }
  }

  snapshot(): Pair[] {
    return Array.from(this.#entries, ([key, { state }]): Pair => [copyAgain(key), copyAgain(state)])
  }

  /** The first time at which the oldest key times out; it need not be a batch time of the job, the next one will do. */
  due(time: number): number | undefined {
    if (this.#node.timeout === undefined) return undefined
    this.#sortByUse()
    for (const { usedAt } of this.#entries.values()) {
      return nextBatch(Math.max(time, usedAt + this.#node.timeout), this.#slide)
    }
    return undefined
  }

  takeChanges(): CellChange[] {
    return this.#changes.take()
  }

  *cells(): Iterable<readonly [cell: unknown, value: unknown]> {
    if (this.#born) yield [[BORN], true]
    for (const [key, { state, usedAt }] of this.#entries)
      yield [
        ['state', key],
        [state, usedAt],
      ]
  }

  restore({ cell, value, deleted }: CellChange, migrate: Migrate = asIs): void {
    if (isBorn(cell)) {
      this.#born = !deleted
      return
    }
    const found = keyOfCell('state', cell)
    if (found === undefined) throw new UnknownCellError('mapWithState', describeCell(cell))
    if (this.#node.timeout !== undefined || deleted) this.#entries.delete(found.key)
    if (deleted) return
    const { state, usedAt } = entryOf(cell, value)
    this.#entries.set(found.key, { state: migrate(state, found), usedAt })
    this.#inOrder &&= usedAt >= this.#latestRestored
    this.#latestRestored = usedAt
  }

  #sortByUse(): void {
    if (this.#inOrder) return
    this.#inOrder = true
    const sorted = [...this.#entries].sort(([, a], [, b]) => a.usedAt - b.usedAt)
    this.#entries.clear()
    for (const [key, entry] of sorted) this.#entries.set(key, entry)
  }
}

function entryOf(cell: unknown, value: unknown): Entry {
  const [state, usedAt]: readonly unknown[] = Array.isArray(value) ? value : []
  if (typeof usedAt !== 'number') throw new UnknownCellError('mapWithState', describeCell(cell))
  return { state, usedAt }
}
