// Runs a shuffle stage's steps in one bucket, one closed batch after the other, and keeps the state of its operators.

import { describeCause, MillraceError } from '../errors/errors.ts'
import { BatchFailedError, UnknownCellError } from '../errors/operator-errors.ts'
import { UnsavableValueError } from '../errors/value-errors.ts'
import { isNarrow, type NarrowNode, valuesOf } from '../graph/nodes.ts'
import type { MapWithStateNode } from '../graph/wide-nodes.ts'
import type { BucketOperator, CellChange, Elements, Migrate } from '../operators/bucket-operator.ts'
import { makeOperator } from '../operators/make-operator.ts'
import type { MapWithStateOperator } from '../operators/map-with-state.ts'
import { applyNarrow } from '../operators/narrow.ts'
import type { ValueVersion } from '../options/state-version.ts'
import type { BucketStep, ShuffleStage } from '../plan/plan.ts'
import type { PoisonPolicy } from '../stream/job.ts'
import { bucketOf } from '../values/hash.ts'
import { type Aside, asideBy, type SetAside, stop } from './aside.ts'
import { Guard, isChange } from './guard.ts'
import { migrationOf } from './migrate.ts'
import type { Slots } from './program.ts'

/** Changes of state, by the operator's id; with the version of their values where it is not 1. */
export type StateChanges = readonly (readonly [operator: string, changes: readonly CellChange[], version?: number])[]

/** What stands beside the operators' state has an id that no operator can have, and is not theirs. */
export const NO_OPERATOR = ''

export class BucketProgram {
  readonly #stage: ShuffleStage
  readonly #place: string
  readonly #operators = new Map<BucketStep, BucketOperator>()
  readonly #byId = new Map<string, BucketOperator>()
  readonly #versions = new Map<string, ValueVersion>()
  /** State of operators that this code does not have, as it was found: it stays with the bucket, and code that has them reads it. */
  readonly #unread: StateChanges[number][] = []
  #migrated = false
  readonly #policy: PoisonPolicy
  readonly #asideOf: (step: BucketStep) => Aside
  readonly #strict: boolean
  #setAside: SetAside[] = []
  #time = 0

  /** @param place for messages. */
  constructor(
    stage: ShuffleStage,
    bucket: number,
    place = `bucket ${bucket}`,
    policy: PoisonPolicy = 'fail',
    strict = false,
  ) {
    this.#strict = strict
    this.#stage = stage
    this.#place = place
    this.#policy = policy
    this.#asideOf = ({ id }) =>
      asideBy(policy, (failure) => {
        if (strict && isChange(failure.error)) stop(failure)
        this.#setAside.push({ ...failure, operator: id, time: this.#time })
      })
    const owns = (key: unknown): boolean => bucketOf(key, stage.numPartitions) === bucket
    const states = new Map<MapWithStateNode, MapWithStateOperator>()
    for (const step of stage.steps) {
      if (isNarrow(step.node)) continue
      const operator = makeOperator(step, owns, states, this.#asideOf(step))
      this.#operators.set(step, operator)
      this.#byId.set(step.id, operator)
      const values = valuesOf(step.node)
      if (values) this.#versions.set(step.id, values)
    }
  }

  /**
   * @param itemsOf what came over an edge for this time and bucket, in the fixed order of folding.
   * @throws BatchFailedError when a function of the job throws.
   */
  async run(time: number, itemsOf: (edge: string) => readonly unknown[]): Promise<Slots> {
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
        slots[step.slot] = isNarrow(step.node)
          ? await this.#narrow(step, step.node, inputs)
          : this.#operators.get(step)?.run(time, inputs)
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

  /** When a function throws on some of the elements, those are set aside one by one; `mapPartitions` is one call. */
  async #narrow(step: BucketStep, node: NarrowNode, inputs: readonly (Elements | undefined)[]): Promise<Slots[number]> {
    try {
      return await narrow(node, inputs)
    } catch (error) {
      if (this.#policy === 'fail') throw error
      const aside = this.#asideOf(step)
      const elements = inputs.flatMap((input) => input ?? [])
      if (node.kind === 'mapPartitions') {
        aside({ values: elements, error })
        return []
      }
      return await oneByOne(node, elements, aside)
    }
  }

  /** The earliest time after `time` at which something would happen without data. */
  due(time: number): number | undefined {
    const times = [...this.#operators.values()].flatMap((operator) => operator.due(time) ?? [])
    return times.length === 0 ? undefined : Math.min(...times)
  }

  takeChanges(): StateChanges {
    return [...this.#byId].flatMap(([id, operator]) => {
      const changes = operator.takeChanges()
      return changes.length === 0 ? [] : [this.#ofVersion(id, changes)]
    })
  }

  /** The whole state, in the form of changes: what a snapshot holds. */
  state(): StateChanges {
    const own = [...this.#byId].map(([id, operator]) =>
      this.#ofVersion(
        id,
        Array.from(operator.cells(), ([cell, value]) => ({ cell, value, deleted: false })),
      ),
    )
    return [...this.#unread, ...own]
  }

  #ofVersion(id: string, changes: readonly CellChange[]): StateChanges[number] {
    const values = this.#versions.get(id)
    return values ? [id, changes, values.version] : [id, changes]
  }

  /**
   * Puts state back; that of an operator which the job no longer has is kept unread.
   *
   * @throws StateVersionError, MigrationError; UnknownCellError for what the operator has not written.
   */
  restore(state: StateChanges): void {
    for (const [id, changes, version = 1] of state) {
      const operator = this.#byId.get(id)
      if (changes.length === 0 || id === NO_OPERATOR) continue
      if (!operator) {
        this.#unread.push(version === 1 ? [id, changes] : [id, changes, version])
        continue
      }
      const migrate = migrationOf(id, this.#versions.get(id), version)
      this.#migrated ||= migrate !== undefined
      for (const change of changes) restoreCell(id, operator, change, migrate)
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

async function oneByOne(node: NarrowNode, elements: Elements, aside: Aside): Promise<unknown[]> {
  const out: unknown[] = []
  for (const element of elements) {
    try {
      for (const result of await applyNarrow(node, [[element]])) out.push(result)
    } catch (error) {
      aside({ values: [element], error })
    }
  }
  return out
}

function narrow(
  node: Parameters<typeof applyNarrow>[0],
  inputs: readonly (readonly unknown[] | undefined)[],
): readonly unknown[] | undefined | Promise<readonly unknown[]> {
  if (inputs.every((input) => input === undefined)) return undefined
  return applyNarrow(
    node,
    inputs.map((input) => input ?? []),
  )
}

function restoreCell(id: string, operator: BucketOperator, change: CellChange, migrate: Migrate | undefined): void {
  try {
    operator.restore(change, migrate)
  } catch (cause) {
    throw cause instanceof MillraceError ? cause : new UnknownCellError(id, describeCause(cause), { cause })
  }
}
