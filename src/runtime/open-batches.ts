// What a source task with operators by key carries: the elements of batches that its partition has not passed yet. In the log
// they are the partials of each commit, in a snapshot one cell per batch; in memory all of a batch together, in the order of commits.

import type { StateChanges } from '../operators/bucket-program.ts'
import { migrateItems } from '../operators/migrate.ts'
import { UnknownCellError } from '../operators/operator-errors.ts'
import type { Edge } from '../plan/plan.ts'
import type { BatchPartial } from '../state/commit-record.ts'
import { isStateShape } from '../state/record-shape.ts'

/** In a snapshot they stand beside the operators' state, under an id that no operator can have. */
const OPEN = ''

export class OpenBatches {
  readonly #edges: ReadonlyMap<string, Edge>
  readonly #batches = new Map<number, Map<string, unknown[]>>()

  /** @param edges over which elements are carried. */
  constructor(edges: readonly Edge[]) {
    this.#edges = new Map(edges.map((edge) => [edge.id, edge]))
  }

  /** The first batch after `time` that had records. */
  firstAfter(time: number): number | undefined {
    let first: number | undefined
    for (const candidate of this.#batches.keys()) {
      if (candidate > time && candidate < (first ?? Number.POSITIVE_INFINITY)) first = candidate
    }
    return first
  }

  /** What came over an edge for one batch. */
  items(time: number, edge: string): readonly unknown[] {
    return this.#batches.get(time)?.get(edge) ?? []
  }

  /** A batch counts also when nothing of its records was left for the operators. */
  add(partials: readonly BatchPartial[]): void {
    for (const { time, shuffle } of partials) {
      const batch = this.#batch(time)
      for (const [edge, , items, version] of shuffle) this.#append(batch, edge, items, version)
    }
  }

  dropUntil(time: number): void {
    for (const passed of this.#batches.keys()) if (passed <= time) this.#batches.delete(passed)
  }

  /** A partial without what was carried. */
  without({ shuffle, ...partial }: BatchPartial): BatchPartial {
    return { ...partial, shuffle: shuffle.filter(([edge]) => !this.#edges.has(edge)) }
  }

  /** As part of a snapshot. */
  state(): StateChanges {
    const ofVersion = ([id, items]: readonly [string, unknown[]]) => {
      const version = this.#edges.get(id)?.values?.version
      return version === undefined ? [id, items] : [id, items, version]
    }
    const cellOf = ([time, batch]: readonly [number, Map<string, unknown[]>]) =>
      ({ cell: time, value: Array.from(batch, ofVersion), deleted: false }) as const
    return [[OPEN, Array.from(this.#batches, cellOf)]]
  }

  /** Puts back what `state` gave, of a whole snapshot. @throws UnknownCellError */
  restore(state: StateChanges): void {
    for (const [id, cells] of state) {
      if (id !== OPEN) continue
      for (const { cell, value } of cells) {
        if (typeof cell !== 'number' || !isCarried(value)) throw new UnknownCellError('open batches', String(cell))
        const batch = this.#batch(cell)
        for (const [edge, items, version] of value) this.#append(batch, edge, items, version)
      }
    }
  }

  #batch(time: number): Map<string, unknown[]> {
    const known = this.#batches.get(time)
    if (known) return known
    const batch = new Map<string, unknown[]>()
    this.#batches.set(time, batch)
    return batch
  }

  #append(batch: Map<string, unknown[]>, id: string, sent: readonly unknown[], version = 1): void {
    const edge = this.#edges.get(id)
    if (!edge) return // to other stages, or to an operator that the job no longer has
    const items = migrateItems(edge, sent, version)
    const list = batch.get(id)
    if (list) for (const item of items) list.push(item)
    else batch.set(id, [...items])
  }
}

/** Per edge its items, and the version of their values where it is not 1. */
type Carried = readonly (readonly [edge: string, items: readonly unknown[], version?: number])[]

function isCarried(value: unknown): value is Carried {
  return isStateShape(value)
}
