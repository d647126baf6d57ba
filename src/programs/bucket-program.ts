// Runs a shuffle stage's steps in one bucket, one closed batch after the other, and keeps the state of its operators.

import { describeCause, MillraceError } from '../errors/errors.ts'
import { BatchFailedError, UnknownCellError } from '../errors/operator-errors.ts'
import { UnsavableValueError } from '../errors/value-errors.ts'
import type { PoisonPolicy } from '../graph/job.ts'
import { feedsOf } from '../graph/nodes.ts'
import { batchId } from '../names/outputs.ts'
import { type CellChange, Cells, type Migrate } from '../operators/cells.ts'
import { type Aside, type RecordOperator, type RunningOperator, stop, type Waiting } from '../operators/operator.ts'
import type { ValueVersion } from '../options/state-version.ts'
import type { BatchStep, ShuffleStage } from '../plan/plan.ts'
import type { OffsetRange } from '../sources/source.ts'
import { bucketOf } from '../values/hash.ts'
import { asideBy, type SetAside } from './aside.ts'
import { Guard, isChange } from './guard.ts'
import { migrationOf } from './migrate.ts'
import { inOne, type Slots } from './program.ts'

/** Changes of state, by the operator's id; with the version of their values where it is not 1. */
export type StateChanges = readonly (readonly [operator: string, changes: readonly CellChange[], version?: number])[]

/** What stands beside the operators' state has an id that no operator can have, and is not theirs. */
export const NO_OPERATOR = ''

/** Where the records of a batch stand in some feeds. */
export type RangesOf = (feeds: ReadonlySet<string>) => readonly OffsetRange[]

const NO_INPUTS: readonly (readonly OffsetRange[])[] = []
const NO_RANGES: RangesOf = () => []

interface Running {
  readonly operator: RunningOperator
  readonly cells: Cells
  readonly values: ValueVersion | undefined
}

/** What a bucket's operators do not decide. */
export interface Surroundings {
  readonly job: string
  /** For messages. */
  readonly place?: string
  readonly policy: PoisonPolicy
  /** Nothing that is handed to user code can be changed by it. */
  readonly strict: boolean
}

export class BucketProgram {
  readonly #stage: ShuffleStage
  readonly #place: string
  /** By id, in the order of the steps. */
  readonly #running = new Map<string, Running>()
  /** State of operators that this code does not have, as it was found: it stays with the bucket, and code that has them reads it. */
  readonly #unread: StateChanges[number][] = []
  #migrated = false
  readonly #policy: PoisonPolicy
  readonly #strict: boolean
  #setAside: SetAside[] = []
  #late = new Map<string, number>()
  #time = 0

  constructor(stage: ShuffleStage, bucket: number, { job, place = `bucket ${bucket}`, policy, strict }: Surroundings) {
    this.#strict = strict
    this.#stage = stage
    this.#place = place
    this.#policy = policy
    const owns = (key: unknown): boolean => bucketOf(key, stage.numPartitions) === bucket
    const bySlot = new Map<number, RunningOperator>()
    for (const step of stage.steps) {
      const { operator: kind, slide } = step.node
      if (kind.runs !== 'on batches') continue
      const cells = new Cells(kind.kind)
      const inputs = step.inputs.map((slot) => bySlot.get(slot))
      const aside = this.#asideOf(step)
      const idOf = (time: number): string => batchId(job, step.id, time)
      const { combined } = step
      const readers = readersOf(stage, step.slot)
      const tooLate = (rows: number): void => {
        this.#late.set(step.id, (this.#late.get(step.id) ?? 0) + rows)
      }
      const operator = kind.create({ cells, owns, aside, tooLate, combined, slide, inputs, readers, batchId: idOf })
      bySlot.set(step.slot, operator)
      this.#running.set(step.id, { operator, cells, values: kind.values })
    }
  }

  #asideOf({ id }: BatchStep): Aside {
    return asideBy(this.#policy, (failure) => {
      if (this.#strict && isChange(failure.error)) stop(failure)
      this.#setAside.push({ ...failure, operator: id, time: this.#time })
    })
  }

  /**
   * @param itemsOf what came over an edge for this time and bucket, in the fixed order of folding.
   * @param rangesOf where the records of the batch stand in these feeds
   * @throws BatchFailedError when a function of the job throws.
   */
  async run(
    time: number,
    itemsOf: (edge: string) => readonly unknown[],
    rangesOf: RangesOf = NO_RANGES,
  ): Promise<Slots> {
    const slots: (readonly unknown[] | undefined)[] = new Array(this.#stage.slots)
    for (const { edge, slot } of this.#stage.inputs) {
      slots[slot] = time % edge.slide === 0 ? itemsOf(edge.id) : undefined
    }
    this.#time = time
    const guard = this.#strict ? new Guard() : undefined
    for (const { slot } of this.#stage.inputs) guard?.freezeAll(slots[slot])
    for (const step of this.#stage.steps) {
      const inputs = step.inputs.map((slot) => slots[slot])
      try {
        const { operator } = step.node
        const made =
          operator.runs === 'on records'
            ? await this.#onRecords(step, operator, inputs)
            : this.#onBatch(step, inputs, rangesOf)
        slots[step.slot] = made instanceof Promise ? await made : made
        guard?.check(step.id)
        guard?.freezeAll(slots[step.slot])
      } catch (thrown) {
        const cause = guard ? guard.explain(step.id, thrown) : thrown
        if (cause instanceof UnsavableValueError) throw cause.with({ operator: step.id })
        throw cause instanceof MillraceError ? cause : new BatchFailedError(step.id, time, this.#place, cause)
      }
    }
    return slots
  }

  /** What functions of the job have thrown on since the last call, by policy. */
  takeAside(): readonly SetAside[] {
    const taken = this.#setAside
    this.#setAside = []
    return taken
  }

  /** By operator how many rows have come too late since the last call. */
  takeLate(): ReadonlyMap<string, number> {
    const taken = this.#late
    if (taken.size > 0) this.#late = new Map()
    return taken
  }

  #onBatch(
    { id, every, node }: BatchStep,
    inputs: readonly Slots[number][],
    rangesOf: RangesOf,
  ): ReturnType<RunningOperator['run']> {
    const time = this.#time
    if (time % every !== 0) return undefined
    const told = node.operator.runs === 'on batches' && node.operator.positions
    const offsetRanges = told ? node.inputs.map((input) => rangesOf(feedsOf(input))) : NO_INPUTS
    return this.#running.get(id)?.operator.run({ time, offsetRanges }, inputs)
  }

  /** When a function throws on some of the elements, those are set aside one by one, unless it is one call for all. */
  async #onRecords(
    step: BatchStep,
    operator: RecordOperator,
    inputs: readonly Slots[number][],
  ): Promise<Slots[number]> {
    const elements = inputs.every((input) => input === undefined) ? undefined : inOne(inputs)
    try {
      return await (elements && operator.apply(elements))
    } catch (error) {
      if (this.#policy === 'fail' || !elements) throw error
      const aside = this.#asideOf(step)
      if (!operator.atOnce) return await oneByOne(operator, elements, aside)
      aside({ values: elements, error })
      return []
    }
  }

  /** The earliest time after `time` at which something would happen without data. */
  due(time: number): number | undefined {
    const times = [...this.#running.values()].flatMap(({ operator }) => operator.due?.(time) ?? [])
    return times.length === 0 ? undefined : Math.min(...times)
  }

  /** What waits for what is done after the commit, in a stage of an operator that does something then. */
  get waiting(): Waiting | undefined {
    for (const { operator } of this.#running.values()) if (operator.waiting) return operator.waiting
    return undefined
  }

  takeChanges(): StateChanges {
    return [...this.#running].flatMap(([id, { cells, values }]) => {
      const changes = cells.takeChanges()
      return changes.length === 0 ? [] : [ofVersion(id, changes, values)]
    })
  }

  /** The whole state, in the form of changes: what a snapshot holds. */
  state(): StateChanges {
    const own = Array.from(this.#running, ([id, { cells, values }]) =>
      ofVersion(
        id,
        Array.from(cells.all(), ([cell, value]) => ({ cell, value, deleted: false })),
        values,
      ),
    )
    return [...this.#unread, ...own]
  }

  /**
   * Puts state back; that of an operator which the job no longer has is kept unread.
   *
   * @throws StateVersionError, MigrationError; UnknownCellError for what the operator has not written.
   */
  restore(state: StateChanges): void {
    for (const [id, changes, version = 1] of state) {
      const running = this.#running.get(id)
      if (changes.length === 0 || id === NO_OPERATOR) continue
      if (!running) {
        this.#unread.push(version === 1 ? [id, changes] : [id, changes, version])
        continue
      }
      const migrate = migrationOf(id, running.values, version)
      this.#migrated ||= migrate !== undefined
      for (const change of changes) restoreCell(id, running.cells, change, migrate)
    }
  }

  /** Whether state of an older version has been put back: a snapshot spares the next to load it the work. */
  get migrated(): boolean {
    return this.#migrated
  }

  /** Takes note that such a snapshot is there. */
  saved(): void {
    this.#migrated = false
  }
}

/** What gets the elements of a slot. */
function readersOf({ edges, steps }: ShuffleStage, slot: number): string[] {
  const away = edges.flatMap((one) => (one.slot === slot ? [one.edge.id] : []))
  return [...away, ...steps.flatMap(({ id, inputs }) => (inputs.includes(slot) ? [id] : []))]
}

function ofVersion(id: string, changes: readonly CellChange[], values: ValueVersion | undefined): StateChanges[number] {
  return values ? [id, changes, values.version] : [id, changes]
}

async function oneByOne(operator: RecordOperator, elements: readonly unknown[], aside: Aside): Promise<unknown[]> {
  const out: unknown[] = []
  for (const element of elements) {
    try {
      for (const result of await operator.apply([element])) out.push(result)
    } catch (error) {
      aside({ values: [element], error })
    }
  }
  return out
}

function restoreCell(id: string, cells: Cells, change: CellChange, migrate: Migrate | undefined): void {
  try {
    cells.restore(change, migrate)
  } catch (cause) {
    throw cause instanceof MillraceError ? cause : new UnknownCellError(id, describeCause(cause), { cause })
  }
}
