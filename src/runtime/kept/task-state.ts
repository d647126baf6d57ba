// The state of one task at a moment, for people: its last snapshot and what its log changed since, whatever code wrote them. Cells of
// the snapshot are read one at a time; only what the log changed is held (DESIGN §3: at most about as much as the state).

import { LogGapError } from '../../errors/log-errors.ts'
import { pack } from '../../log/codec.ts'
import type { StateChange } from '../../log/commit-record.ts'
import type { Logs } from '../../log/kept-state.ts'
import type { PackedOperator } from '../../log/packed-state.ts'
import { openSnapshot } from '../../log/snapshots.ts'
import type { TaskRef } from '../../names/tasks.ts'
import { KeyMap } from '../../values/key-map.ts'
import { type Moment, type Point, Points } from './points.ts'

/** A cell that something is kept in. */
export interface KeptCell {
  readonly cell: readonly unknown[]
  /** Of it and its value, as they are stored. */
  bytes(): number
  value(): unknown
}

/** Why there is no answer: nothing that goes back so far is kept any more. */
export interface Gone {
  readonly task: TaskRef
  /** The first state that can still be seen. */
  readonly earliest: Pick<Point, 'until' | 'at'>
}

export class TaskState {
  readonly task: TaskRef
  /** The entry that had the word; none: the task had not begun. */
  readonly point: Point | undefined
  readonly #saved: ReadonlyMap<string, PackedOperator>
  readonly #later: ReadonlyMap<string, Later>

  constructor(
    task: TaskRef,
    point: Point | undefined,
    saved: readonly PackedOperator[],
    later: ReadonlyMap<string, Later>,
  ) {
    this.task = task
    this.point = point
    this.#saved = new Map(saved.map((one) => [one.operator, one]))
    this.#later = later
  }

  /** The version of an operator's values. */
  versionOf(operator: string): number {
    return this.#later.get(operator)?.version ?? this.#saved.get(operator)?.version ?? 1
  }

  /** All cells of an operator, each once. @param key some of those with another text may be left out */
  *cells(operator: string, key?: string): Generator<KeptCell, undefined> {
    const later = this.#later.get(operator)
    for (const { cell, bytes, value } of this.#saved.get(operator)?.cells(key) ?? []) {
      if (Array.isArray(cell) && !later?.has(cell)) yield { cell, bytes: () => bytes, value }
    }
    for (const { cell, value, deleted } of later?.changes() ?? []) {
      if (Array.isArray(cell) && !deleted) yield { cell, bytes: () => pack([cell, value]).length, value: () => value }
    }
  }
}

/** What the log has changed of one operator since the snapshot: of each cell the last. */
class Later {
  version = 1
  readonly #byName = new Map<unknown, KeyMap<StateChange>>()

  add(change: StateChange): void {
    const [name, key] = Array.isArray(change.cell) ? change.cell : []
    const cells = this.#byName.get(name) ?? new KeyMap<StateChange>()
    this.#byName.set(name, cells)
    cells.delete(key) // what is set last comes last, as in operators that keep that order
    cells.set(key, change)
  }

  has([name, key]: readonly unknown[]): boolean {
    return this.#byName.get(name)?.has(key) ?? false
  }

  *changes(): Generator<StateChange, undefined> {
    for (const cells of this.#byName.values()) yield* cells.values()
  }
}

/**
 * The state of a task, now or at a moment.
 *
 * @param batch the job's interval
 * @throws UnreadableStateError when what is kept now cannot be read
 */
export async function taskState(task: TaskRef, logs: Logs, batch: number, moment?: Moment): Promise<TaskState | Gone> {
  const points = new Points(task, logs, batch)
  const head = await points.head()
  const version = head && moment ? await points.lastBy(moment, head) : head?.version
  if (!head || !version) return new TaskState(task, undefined, [], new Map())
  const point = version === head.version ? head : await points.at(version)
  const isThere = (ref: NonNullable<Point['snapshot']>['ref']): Promise<boolean> => logs.objects.exists(ref)
  const gone = async (): Promise<Gone> => ({ task, earliest: await points.earliest(head, ({ ref }) => isThere(ref)) })
  if (!point) return gone()
  if (point !== head && point.snapshot && !(await isThere(point.snapshot.ref))) return gone()
  const saved = point.snapshot ? await openSnapshot(logs.objects, point.snapshot) : []
  try {
    return new TaskState(task, point, saved, await laterOf(points, point))
  } catch (error) {
    if (error instanceof LogGapError && point !== head) return gone()
    throw error
  }
}

async function laterOf(points: Points, { base, version }: Point): Promise<Map<string, Later>> {
  const byOperator = new Map<string, Later>()
  for await (const state of points.changes(base, version)) {
    for (const [operator, changes, values = 1] of state) {
      const later = byOperator.get(operator) ?? new Later()
      byOperator.set(operator, later)
      later.version = values
      for (const change of changes) later.add(change)
    }
  }
  return byOperator
}
