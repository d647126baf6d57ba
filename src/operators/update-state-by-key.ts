// `updateStateByKey`: in every batch that runs, the function sees every key that is in the state or in the batch, and the pairs
// that it gives back are the new state and what is emitted. Spark: `StateDStream`. That many calls are Spark's meaning; what is
// saved follows only the states that changed, which is found by comparing: functions may well change a state in place.
//
// Not due without data: with `idle: 'pause'` time stands still for it, with `idle: 'run'` every empty batch runs it.
//
// Cells: ['initial'], true once the initial state has been applied; ['state', key], the state of a key.

import { STATE_OPTIONS, shuffle } from '../options/shuffle.ts'
import { valueVersion } from '../options/state-version.ts'
import { synchronous } from '../options/synchronous.ts'
import { refuseMissing } from '../values/canonical-key.ts'
import { copyAgain, copyOf, equal } from '../values/copy.ts'
import { groupValues } from '../values/group-values.ts'
import type { KeyMap } from '../values/key-map.ts'
import { type Pair, pairOf } from '../values/pairs.ts'
import type { Flag, Form, Keyed } from './cells.ts'
import { INITIAL, initialState } from './initial-state.ts'
import type { KeptForm } from './kept.ts'
import type { Asked, BatchInfo, BatchOperator, Elements, OperatorContext, RunningOperator } from './operator.ts'
import {
  type GroupsUpdate,
  type KeyUpdate,
  keyFunction,
  type TimedUpdate,
  type UpdateOptions,
  updateFunction,
} from './update-shapes.ts'

/** User functions sit in method signatures, so that operators forget element types. */
interface Update {
  /** Of keys before the first batch. */
  readonly initial: readonly (readonly [unknown, unknown])[]
  /** Gets every key with its new values and its state; a key that is not given back is removed. */
  update(
    time: number,
    groups: Iterable<readonly [key: unknown, values: readonly unknown[], state: unknown]>,
  ): Iterable<readonly [unknown, unknown]>
  /** The same for one key, where the function of the user is one of a key; `undefined` removes it. */
  updateKey?(time: number, key: unknown, values: readonly unknown[], state: unknown): unknown
}

export function updateStateByKey<K, V, S>(
  update: KeyUpdate<V, S> | GroupsUpdate<K, V, S> | TimedUpdate<K, V, S>,
  options: UpdateOptions<K, S>,
): Asked {
  const general = updateFunction<K, V, S>(update)
  const updateKey = keyFunction<K, V, S>(update)
  const who = shuffle('updateStateByKey', options, STATE_OPTIONS)
  const values = valueVersion('updateStateByKey', options)
  return updating(
    { initial: [...(options.initialState ?? [])], update: general, ...(updateKey && { updateKey }) },
    who,
    values,
  )
}

function updating(how: Update, who: Partial<Asked>, values: BatchOperator['values']): Asked {
  const operator: BatchOperator = {
    runs: 'on batches',
    kind: 'updateStateByKey',
    said: 'updateStateByKey',
    keys: 'made',
    spread: 'by key',
    values,
    state: { initial: how.initial.length > 0, whole: true },
    walks: true,
    create: (context) => new UpdateState(how, context),
  }
  return { operator, ...who }
}

interface Entry {
  state: unknown
  /** The run that last gave the key back; a key that this run did not give back is removed. */
  run: number
}

type Group = readonly [key: unknown, values: readonly unknown[], state: unknown]

const NO_VALUES: readonly unknown[] = Object.freeze([])

const stateForm: Form<Entry> = {
  save: ({ state }) => state,
  load: (saved, loading) => ({ state: loading.ofKey(saved), run: 0 }),
}

export const UPDATE_STATE_KEPT: KeptForm = {
  byKey: true,
  cells: { [INITIAL]: 'flag', state: 'by key' },
  edit: { cell: 'state', save: (value) => value },
}

class UpdateState implements RunningOperator {
  readonly #how: Update
  readonly #context: OperatorContext
  readonly #born: Flag
  readonly #states: Keyed<Entry>
  #run = 0

  constructor(how: Update, context: OperatorContext) {
    this.#how = how
    this.#context = context
    this.#born = context.cells.flag(INITIAL)
    this.#states = context.cells.keyed('state', stateForm)
  }

  run({ time }: BatchInfo, [elements = []]: readonly (Elements | undefined)[]): Elements {
    if (!this.#born.isSet) this.#applyInitialState()
    this.#run++
    const values = groupValues(elements)
    const emitted = this.#how.updateKey ? this.#updateKeys(time, values) : this.#updateGroups(time, values)
    this.#keep(emitted, values)
    this.#dropOthers()
    return emitted
  }

  /** A key that fails keeps its state, and gives nothing in this batch. */
  #updateKeys(time: number, values: KeyMap<unknown[]>): Pair[] {
    const pairs: Pair[] = []
    for (const [key, ofKey, state] of this.#groups(values)) {
      try {
        const next = synchronous('updateStateByKey', this.#how.updateKey?.(time, key, ofKey, state))
        if (next !== undefined) pairs.push([key, next])
      } catch (error) {
        this.#context.aside({ key, values: ofKey, error })
        const entry = this.#states.get(key)
        if (entry) entry.run = this.#run
      }
    }
    return pairs
  }

  /** One function for all keys: when it fails, all of them keep their state. */
  #updateGroups(time: number, values: KeyMap<unknown[]>): Pair[] {
    try {
      return Array.from(synchronous('updateStateByKey', this.#how.update(time, this.#groups(values))), pairOf)
    } catch (error) {
      this.#context.aside({ values: [...values], error })
      for (const entry of this.#states.values()) entry.run = this.#run
      return []
    }
  }

  #applyInitialState(): void {
    this.#born.set()
    for (const [key, state] of initialState(this.#how.initial, this.#context.owns)) this.#set(key, state)
  }

  /** Keys in state in the order in which they were born, then new keys in the order in which they were first seen. */
  *#groups(values: KeyMap<unknown[]>): Generator<Group, undefined> {
    for (const [key, { state }] of this.#states) yield [copyAgain(key), values.get(key) ?? NO_VALUES, copyAgain(state)]
    for (const [key, ofKey] of values) if (!this.#states.has(key)) yield [key, ofKey, undefined]
  }

  /** Of a key that is given back twice the first counts, as in Spark. */
  #keep(pairs: readonly Pair[], values: KeyMap<unknown>): void {
    for (const [key, state] of pairs) {
      const entry = this.#states.get(key)
      if (entry === undefined) {
        if (!values.has(key)) refuseMissing(key) // the function made this key itself
        this.#set(key, state)
      } else if (entry.run !== this.#run) {
        entry.run = this.#run
        if (!equal(entry.state, state)) this.#set(key, state)
      }
    }
  }

  #set(key: unknown, state: unknown): void {
    this.#states.set(key, { state: copyOf(key, state), run: this.#run })
  }

  #dropOthers(): void {
    for (const [key, { run }] of this.#states) if (run !== this.#run) this.#states.delete(key)
  }
}
