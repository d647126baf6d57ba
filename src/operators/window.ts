// `window`: at every multiple of the slide S, the elements of the batches in (T - W, T]. Spark: `WindowedDStream`. The first
// windows are partial, as there are no batches before the first; a window without elements is an empty batch, not none.
//
// Spark emits at every slide for ever. Here a window is due as long as it holds elements, and once more when the last of them
// have left, so that those who read it see it become empty; after that nothing would change until data comes.
//
// Cells: ['batch', time], the elements of that batch; deleted when they leave.

import { UnknownCellError } from '../errors/operator-errors.ts'
import type { WindowNode } from '../graph/wide-nodes.ts'
import { copy, copyAgain } from '../values/copy.ts'
import { asIs, type BucketOperator, type CellChange, type Elements, type Migrate } from './bucket-operator.ts'
import { ChangeLog } from './change-log.ts'
import { hasBatch, nextBatch } from './slide.ts'
import { describeCell } from './stateless.ts'

export function window(node: WindowNode): BucketOperator {
  return new Window(node)
}

class Window implements BucketOperator {
  readonly #node: WindowNode
  readonly #changes = new ChangeLog()
  /** By batch time, ascending; never empty arrays. */
  readonly #batches = new Map<number, Elements>()

  constructor(node: WindowNode) {
    this.#node = node
  }

  run(time: number, [elements = []]: readonly (Elements | undefined)[]): Elements | undefined {
    if (elements.length > 0 && isInAnyWindow(time, this.#node)) this.#keep(time, elements.map(copy))
    if (!hasBatch(time, this.#node.slide)) return undefined
    this.#dropUntil(time - this.#node.window)
    return [...this.#batches.values()].flatMap((batch) => batch.map(copyAgain))
  }

  #keep(time: number, elements: Elements): void {
    this.#batches.set(time, elements)
    this.#changes.set(['batch', time], elements)
  }

  #dropUntil(end: number): void {
    for (const time of this.#batches.keys()) {
      if (time > end) return
      this.#batches.delete(time)
      this.#changes.delete(['batch', time])
    }
  }

  due(time: number): number | undefined {
    return this.#batches.size === 0 ? undefined : nextBatch(time, this.#node.slide)
  }

  takeChanges(): CellChange[] {
    return this.#changes.take()
  }

  *cells(): Iterable<readonly [cell: unknown, value: unknown]> {
    for (const [time, elements] of this.#batches) yield [['batch', time], elements]
  }

  restore({ cell, value, deleted }: CellChange, migrate: Migrate = asIs): void {
    const time = batchOf(cell)
    if (time === undefined) throw new UnknownCellError('window', describeCell(cell))
    if (deleted) this.#batches.delete(time)
    else if (Array.isArray(value))
      this.#batches.set(
        time,
        value.map((element) => migrate(element)),
      )
    else throw new UnknownCellError('window', describeCell(cell))
  }
}

/** The time of a cell `['batch', time]`, undefined for other cells. */
export function batchOf(cell: unknown): number | undefined {
  if (!Array.isArray(cell) || cell[0] !== 'batch') return undefined
  const time: unknown = cell[1]
  return typeof time === 'number' ? time : undefined
}

/** Whether any window will ever hold the batch of this time: when S > W there are gaps between windows. */
export function isInAnyWindow(time: number, { window: length, slide }: { window: number; slide: number }): boolean {
  return time > nextBatch(time - 1, slide) - length
}
