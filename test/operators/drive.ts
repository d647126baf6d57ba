// Runs an operator over batches: without stopping, or thrown away after every batch and built again from what a commit would hold.

import { decode, encode } from '../../src/log/codec.ts'
import { type CellChange, Cells, type Migrate } from '../../src/operators/cells.ts'
import {
  type Asked,
  type Elements,
  type OperatorContext,
  type RunningOperator,
  stop,
} from '../../src/operators/operator.ts'

/** An operator and what it keeps. */
export interface AtWork {
  readonly running: RunningOperator
  run(time: number, inputs: readonly (Elements | undefined)[]): Elements | undefined
  due(time: number): number | undefined
  takeChanges(): CellChange[]
  cells(): Iterable<readonly [cell: unknown, value: unknown]>
  restore(change: CellChange, migrate?: Migrate): void
}

/** Who an operator is does not matter to what it does. */
export const nobody = { id: undefined, numPartitions: undefined }

/** @param every how often its inputs have a batch */
export function atWork({ operator }: Asked, context: Partial<OperatorContext> = {}, every = 1): AtWork {
  if (operator.runs !== 'on batches') throw new Error(`${operator.kind} runs on records`)
  const cells = new Cells(operator.kind)
  const who = { owns: () => true, batchId: String, inputs: [undefined], readers: [] }
  const defaults = { ...who, cells, aside: stop, tooLate: () => {}, combined: false, slide: every }
  const running = operator.create({ ...defaults, ...context })
  return {
    running,
    run(time, inputs) {
      const made = time % every === 0 ? running.run({ time, offsetRanges: [] }, inputs) : undefined
      if (made instanceof Promise) throw new Error(`${operator.kind} is asynchronous`)
      return made
    },
    due: (time) => running.due?.(time),
    takeChanges: () => cells.takeChanges(),
    cells: () => cells.all(),
    restore: (change, migrate) => cells.restore(change, migrate),
  }
}

/** What it makes of elements before they travel. */
export function combinedFirst({ operator }: Asked, elements: Elements): Elements {
  const combined = operator.runs === 'on batches' ? operator.combine?.(elements) : undefined
  if (!combined) throw new Error(`${operator.kind} does not combine`)
  return combined
}

/** The batches of an operator's inputs at one time. */
export interface Batch {
  readonly time: number
  readonly inputs: readonly (Elements | undefined)[]
}

/** `cells`: from a snapshot; `changes`: from all deltas since the beginning. */
export type Restart = 'never' | 'cells' | 'changes'

export const RESTARTS: readonly Restart[] = ['never', 'cells', 'changes']

/** What the operator emits at each batch, as it was at that moment. */
export function drive(create: () => AtWork, batches: readonly Batch[], restart: Restart = 'never'): unknown[] {
  let operator = create()
  const log: CellChange[] = []
  return batches.map(({ time, inputs }) => {
    const emitted = saved(operator.run(time, inputs))
    const changes = saved(operator.takeChanges())
    log.push(...changes)
    if (restart !== 'never') {
      const cells = restart === 'cells' ? snapshot(operator) : log
      const due = operator.due(time)
      operator = create()
      for (const change of saved(cells)) operator.restore(change)
      if (operator.due(time) !== due) throw new Error(`due ${operator.due(time)} after a restart, ${due} before`)
    }
    return emitted
  })
}

export function snapshot(operator: AtWork): CellChange[] {
  return Array.from(operator.cells(), ([cell, value]) => ({ cell, value, deleted: false }))
}

/** Through the codec of commit records and back. */
export function saved<T>(value: T): T
export function saved(value: unknown): unknown {
  return decode('a test', encode(value)).value
}

/** Batches at 1 … n times `interval`, of one input. */
export function batchesOf(interval: number, inputs: readonly (Elements | undefined)[]): Batch[] {
  return inputs.map((elements, i) => ({ time: (i + 1) * interval, inputs: [elements] }))
}

/**
 * Only the batches that must run: those with data and those that the operator says are due. The others emit undefined here, so
 * what is compared with a run of all batches must leave out those that did not run.
 */
export function driveDue(create: () => AtWork, batches: readonly Batch[]): { time: number; emitted: unknown }[] {
  const operator = create()
  let due: number | undefined
  return batches.flatMap(({ time, inputs }) => {
    const hasData = inputs.some((elements) => elements !== undefined && elements.length > 0)
    if (!hasData && (due === undefined || time < due)) return []
    const emitted = saved(operator.run(time, inputs))
    due = operator.due(time)
    return [{ time, emitted }]
  })
}
