// A windowed reduce that adds what enters and takes off what leaves, so that a batch costs what changed and not what is there.
// Spark: `ReducedWindowedDStream`. Per key that enters or leaves, at a multiple T of the slide S, in Spark's order of calls:
//
//   value = invReduce(value, reduce of the batches that leave)     batches in (T - S - W, T - W]
//   value = reduce(value, reduce of the batches that enter)        batches in (T - S, T]
//   a key without value: reduce of the batches that enter
//
// Keys keep their value when all their batches have left (0, of a count) unless the filter drops them. Where Spark is wrong, this
// is not: a key that the filter dropped although batches in the window hold it is reduced anew from all of those when it is
// touched (Spark throws, or counts only what is new), and batches between windows (S > W) are never counted.
//
// Due as long as a batch is held, so until the last one has left. Spark goes on for ever, with nothing but the same again.
//
// Cells: ['batch', time], its pairs, deleted when it leaves; ['value', key], the windowed value.

import { UnknownCellError } from '../errors/operator-errors.ts'
import type { InverseWindowNode } from '../graph/wide-nodes.ts'
import { copy, copyAgain, copyOf } from '../values/copy.ts'
import { KeyMap } from '../values/key-map.ts'
import { type Pair, pairOf } from '../values/pairs.ts'
import { asIs, type BucketOperator, type CellChange, type Elements, type Migrate } from './bucket-operator.ts'
import { ChangeLog } from './change-log.ts'
import { hasBatch, nextBatch } from './slide.ts'
import { describeCell } from './stateless.ts'
import { synchronous } from './synchronous.ts'
import { batchOf, isInAnyWindow } from './window.ts'

/** @param node its input has one pair per key and batch: reduced already. */
export function inverseWindow(node: InverseWindowNode): BucketOperator {
  return new InverseWindow(node)
}

/** What a slide means for one key: values of the batches that leave and of those that enter, oldest first. */
interface Touched {
  readonly left: unknown[]
  readonly entered: unknown[]
}

class InverseWindow implements BucketOperator {
  readonly #node: InverseWindowNode
  readonly #changes = new ChangeLog()
  /** By batch time, ascending. */
  readonly #batches = new Map<number, KeyMap<unknown>>()
  /** In how many of the batches a key is; only the filter makes this needed. */
  readonly #occurrences = new KeyMap<number>()
  readonly #values = new KeyMap<unknown>()

  constructor(node: InverseWindowNode) {
    this.#node = node
  }

  run(time: number, [elements = []]: readonly (Elements | undefined)[]): Elements | undefined {
    if (elements.length > 0 && isInAnyWindow(time, this.#node)) {
      this.#addBatch(time, elements)
      this.#changes.set(['batch', time], [...(this.#batches.get(time) ?? [])])
    }
    if (!hasBatch(time, this.#node.slide)) return undefined
    for (const [key, touched] of this.#touchedAt(time)) this.#slide(key, touched)
    return this.#emit()
  }

  #addBatch(time: number, elements: Elements): void {
    const batch = new KeyMap<unknown>()
    for (const element of elements) {
      const [key, value] = pairOf(element)
      batch.set(copy(key), copyOf(key, value))
    }
    this.#batches.set(time, batch)
    this.#count(batch, 1)
  }

  #dropBatch(time: number): void {
    this.#count(this.#batches.get(time) ?? new KeyMap(), -1)
    this.#batches.delete(time)
  }

  #count(batch: KeyMap<unknown>, by: number): void {
    if (this.#node.filter === undefined) return
    for (const key of batch.keys()) {
      const count = (this.#occurrences.get(key) ?? 0) + by
      if (count > 0) this.#occurrences.set(key, count)
      else this.#occurrences.delete(key)
    }
  }

  #touchedAt(time: number): KeyMap<Touched> {
    const all = new KeyMap<Touched>()
    const touch = (key: unknown): Touched => {
      const touched = all.get(key) ?? { left: [], entered: [] }
      all.set(key, touched)
      return touched
    }
    for (const [batchTime, batch] of this.#batches) {
      if (batchTime <= time - this.#node.window) {
        for (const [key, value] of batch) touch(key).left.push(copyAgain(value))
        this.#dropBatch(batchTime)
        this.#changes.delete(['batch', batchTime])
      } else if (batchTime > time - this.#node.slide) {
        for (const [key, value] of batch) touch(key).entered.push(copyAgain(value))
      }
    }
    return all
  }

  #slide(key: unknown, { left, entered }: Touched): void {
    const { reduce, invReduce } = this.#node
    let value = this.#values.get(key)
    if (value === undefined && !this.#values.has(key)) {
      const inWindow = this.#isElsewhere(key, entered.length) ? this.#allOf(key) : entered
      if (inWindow.length === 0) return
      value = inWindow.reduce((a, b) => reduce(a, b))
    } else {
      if (left.length > 0)
        value = invReduce(
          value,
          left.reduce((a, b) => reduce(a, b)),
        )
      if (entered.length > 0)
        value = reduce(
          value,
          entered.reduce((a, b) => reduce(a, b)),
        )
    }
    const own = copyOf(key, value)
    this.#values.set(key, own)
    this.#changes.set(['value', key], own)
  }

  /** Whether a key without value is in batches of the window besides those that enter: then the filter has dropped it. */
  #isElsewhere(key: unknown, entered: number): boolean {
    return (this.#occurrences.get(key) ?? 0) > entered
  }

  #allOf(key: unknown): unknown[] {
    return [...this.#batches.values()].flatMap((batch) => (batch.has(key) ? [copyAgain(batch.get(key))] : []))
  }

  #emit(): Pair[] {
    const { filter } = this.#node
    const pairs: Pair[] = []
    for (const [key, value] of this.#values) {
      const pair: Pair = [copyAgain(key), copyAgain(value)]
      if (filter === undefined || synchronous('reduceByKeyAndWindow, filter', filter.test(pair))) pairs.push(pair)
      else {
        this.#values.delete(key)
        this.#changes.delete(['value', key])
      }
    }
    return pairs
  }

  due(time: number): number | undefined {
    return this.#batches.size === 0 ? undefined : nextBatch(time, this.#node.slide)
  }

  takeChanges(): CellChange[] {
    return this.#changes.take()
  }

  *cells(): Iterable<readonly [cell: unknown, value: unknown]> {
    for (const [time, batch] of this.#batches) yield [['batch', time], [...batch]]
    for (const [key, value] of this.#values) yield [['value', key], value]
  }

  restore({ cell, value, deleted }: CellChange, migrate: Migrate = asIs): void {
    const time = batchOf(cell)
    if (time !== undefined) {
      if (deleted) this.#dropBatch(time)
      else if (Array.isArray(value))
        this.#addBatch(
          time,
          value.map((pair) => migratePair(pair, migrate)),
        )
      else throw new UnknownCellError('inverseWindow', describeCell(cell))
      return
    }
    if (!Array.isArray(cell) || cell[0] !== 'value') throw new UnknownCellError('inverseWindow', describeCell(cell))
    if (deleted) this.#values.delete(cell[1])
    else this.#values.set(cell[1], migrate(value, { key: cell[1] }))
  }
}

function migratePair(pair: unknown, migrate: Migrate): Pair {
  const [key, value] = pairOf(pair)
  return [key, migrate(value, { key })]
}
