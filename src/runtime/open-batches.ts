// What a source task with operators by key carries: the elements of batches that its partition has not passed yet. In the log
// they are the partials of each commit, in a snapshot one cell per batch; in memory all of a batch together, in the order of commits.

import { UnknownCellError } from '../errors/operator-errors.ts'
import type { BatchPartial } from '../log/commit-record.ts'
import { isState } from '../log/commit-record.ts'
import { isInPlace } from '../names/edges.ts'
import type { Edge } from '../plan/plan.ts'
import { NO_OPERATOR, type StateChanges } from '../programs/bucket-program.ts'
import { migrateItems } from '../programs/migrate.ts'
import { copy } from '../values/copy.ts'

export class OpenBatches {
  readonly #edges: ReadonlyMap<string, Edge>
  readonly #batches = new Map<number, Map<string, unknown[]>>()
  /** On edges that this code does not have: they stay until code has run them that has. */
  #unread: { readonly time: number; readonly carried: Carried[number] }[] = []

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

  /** What has been read. A batch counts also when nothing of its records was left for the operators. */
  add(partials: readonly BatchPartial[]): void {
    for (const { time, shuffle } of partials) {
      const batch = this.#batch(time)
      for (const [edge, , items, version] of shuffle) this.#append(batch, time, edge, items, version)
    }
  }

  /**
   * What a micro-batch of this process has come to. Others see its elements, too, and they are still to be encoded: copies are what
   * reading them would give (I8).
   *
   * @throws UnsavableValueError
   */
  addOwn(partials: readonly BatchPartial[]): void {
    this.add(
      partials.map((partial) => ({
        ...partial,
        shuffle: partial.shuffle.flatMap(([edge, bucket, items, ...version]) =>
          this.#edges.has(edge) ? [[edge, bucket, items.map(copy), ...version] as const] : [],
        ),
      })),
    )
  }

  /** @param has whether whoever has passed the batches up to `time` has an edge, and so has run what came over it. */
  dropUntil(time: number, has: (edge: string) => boolean = (edge) => this.#edges.has(edge)): void {
    for (const [passed, batch] of this.#batches) {
      if (passed > time) continue
      for (const edge of batch.keys()) if (has(edge)) batch.delete(edge)
      if (batch.size === 0) this.#batches.delete(passed)
    }
    this.#unread = this.#unread.filter((one) => one.time > time || !has(one.carried[0]))
  }

  /**
   * What the partition has passed under code that did not have the edge joins the oldest batch that it has not passed.
   *
   * @returns whether there was any.
   */
  makeUp(passed: number, oldest: number): boolean {
    const late = [...this.#batches].filter(([time]) => time <= passed).sort(([a], [b]) => a - b)
    for (const [time, batch] of late) {
      this.#batches.delete(time)
      for (const [edge, items] of batch) this.#put(this.#batch(oldest), edge, items)
    }
    return late.some(([, { size }]) => size > 0)
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
    const known = Array.from(this.#batches, ([time, batch]) => ({ time, value: Array.from(batch, ofVersion) }))
    const unread = this.#unread.map(({ time, carried }) => ({ time, value: [carried] }))
    return [
      [NO_OPERATOR, [...known, ...unread].map(({ time, value }) => ({ cell: time, value, deleted: false }) as const)],
    ]
  }

  /** Puts back what `state` gave, of a whole snapshot. @throws UnknownCellError */
  restore(state: StateChanges): void {
    for (const [id, cells] of state) {
      if (id !== NO_OPERATOR) continue
      for (const { cell, value } of cells) {
        if (typeof cell !== 'number' || !isCarried(value)) throw new UnknownCellError('open batches', String(cell))
        const batch = this.#batch(cell)
        for (const [edge, items, version] of value) this.#append(batch, cell, edge, items, version)
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

  #append(batch: Map<string, unknown[]>, time: number, id: string, sent: readonly unknown[], version = 1): void {
    const edge = this.#edges.get(id)
    if (edge) this.#put(batch, id, migrateItems(edge, sent, version))
    else if (isInPlace(id)) this.#unread.push({ time, carried: version === 1 ? [id, sent] : [id, sent, version] })
  }

  #put(batch: Map<string, unknown[]>, edge: string, items: readonly unknown[]): void {
    const list = batch.get(edge)
    if (list) for (const item of items) list.push(item)
    else batch.set(edge, [...items])
  }
}

/** Per edge its items, and the version of their values where it is not 1. */
type Carried = readonly (readonly [edge: string, items: readonly unknown[], version?: number])[]

function isCarried(value: unknown): value is Carried {
  return isState(value)
}
