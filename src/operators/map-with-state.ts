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

import type { IdentityOptions } from '../options/identity.ts'
import { checkFunction } from '../options/options.ts'
import { identified, shuffle } from '../options/shuffle.ts'
import { synchronous } from '../options/synchronous.ts'
import { copy, copyAgain, copyOf } from '../values/copy.ts'
import { type Pair, pairOf } from '../values/pairs.ts'
import { nextBatch } from './batch-times.ts'
import type { Flag, Form, Keyed } from './cells.ts'
import { INITIAL, initialState } from './initial-state.ts'
import type { KeptForm } from './kept.ts'
import type { Asked, BatchInfo, BatchOperator, Elements, OperatorContext, RunningOperator } from './operator.ts'
import { type State, StateHandle } from './state-handle.ts'
import { checkSpec, type MapWithStateOptions, type StateSpec } from './state-spec.ts'

/** User functions sit in method signatures, so that operators forget element types. */
interface Mapping {
  /** Of keys before the first batch. */
  readonly initial: readonly (readonly [unknown, unknown])[]
  /** Milliseconds; undefined: keys never time out. */
  readonly timeout: number | undefined
  map(time: number, key: unknown, value: unknown, state: State<unknown>): unknown
}

/** @param options count where the spec says something else. */
export function mapWithState<K, V, S, M>(spec: StateSpec<K, V, S, M>, options: MapWithStateOptions<K, S>): Asked {
  const settings = { ...spec.settings, ...checkSpec('mapWithState', options) }
  const { initial = [], timeout, numPartitions, values, ...identity } = settings
  const who = { ...shuffle('mapWithState', numPartitions === undefined ? {} : { numPartitions }), ...identity }
  return mapping({ initial, timeout, map: checkFunction('mapWithState', spec.map) }, who, values)
}

function mapping(how: Mapping, who: Partial<Asked>, values: BatchOperator['values']): Asked {
  const operator: BatchOperator = {
    runs: 'on batches',
    kind: 'mapWithState',
    said: 'mapWithState',
    keys: 'lost',
    spread: 'by key',
    values,
    state: { initial: how.initial.length > 0, alone: how.timeout !== undefined },
    create: (context) => new MapWithState(how, context),
  }
  return { operator, ...who }
}

/** `stateSnapshots`: the whole state of the `mapWithState` that it reads, which has run the batch before. */
export function stateSnapshots(options: IdentityOptions): Asked {
  return { operator: snapshots, ...identified('stateSnapshots', options) }
}

const snapshots: BatchOperator = {
  runs: 'on batches',
  kind: 'stateSnapshots',
  said: 'stateSnapshots',
  keys: 'made',
  spread: 'as it is',
  showsState: true,
  walks: true,
  create({ inputs: [of] }) {
    if (!of?.snapshot) throw new Error('stateSnapshots comes before its mapWithState')
    return { run: () => of.snapshot?.() }
  },
}

interface Entry {
  readonly state: unknown
  readonly usedAt: number
}

const entryForm: Form<Entry> = {
  save: ({ state, usedAt }) => [state, usedAt],
  load(saved, loading) {
    const [state, usedAt]: readonly unknown[] = Array.isArray(saved) ? saved : []
    return typeof usedAt === 'number' ? { state: loading.ofKey(state), usedAt } : loading.refuse()
  },
}

export const MAP_WITH_STATE_KEPT: KeptForm = {
  byKey: true,
  cells: { [INITIAL]: 'flag', state: 'by key' },
  parts(saved) {
    const [value, usedAt]: readonly unknown[] = Array.isArray(saved) ? saved : []
    return { value, ...(typeof usedAt === 'number' && { usedAt }) }
  },
  edit: { cell: 'state', save: (value, usedAt) => [value, usedAt] },
}

class MapWithState implements RunningOperator {
  readonly #how: Mapping
  readonly #context: OperatorContext
  readonly #handle = new StateHandle()
  readonly #born: Flag
  /** With a timeout: in the order of last use, oldest first. */
  readonly #entries: Keyed<Entry>

  constructor(how: Mapping, context: OperatorContext) {
    this.#how = how
    this.#context = context
    this.#born = context.cells.flag(INITIAL)
    this.#entries = context.cells.keyed('state', entryForm, how.timeout === undefined ? 'first set' : 'last set')
  }

  run({ time }: BatchInfo, [elements = []]: readonly (Elements | undefined)[]): Elements {
    if (!this.#born.isSet) this.#applyInitialState(time)
    const emitted: unknown[] = []
    for (const element of elements) {
      const result = this.#record(time, pairOf(element))
      if (result !== undefined) emitted.push(result)
    }
    this.#sweep(time, emitted)
    return emitted
  }

  #applyInitialState(time: number): void {
    this.#born.set()
    for (const [key, state] of initialState(this.#how.initial, this.#context.owns)) this.#put(key, copy(state), time)
  }

  #record(time: number, [key, value]: Pair): unknown {
    const before = this.#entries.get(key)
    this.#handle.show(before)
    let result: unknown
    try {
      result = synchronous('mapWithState', this.#how.map(time, key, value, this.#handle))
    } catch (error) {
      this.#context.aside({ key, values: [value], error })
      return undefined // and the state is what it was
    }
    if (this.#handle.use === 'updated') this.#put(key, copyOf(key, this.#handle.get()), time)
    else if (this.#handle.use === 'removed') this.#entries.delete(key)
    else if (before && this.#how.timeout !== undefined && before.usedAt !== time) this.#put(key, before.state, time)
    return result
  }

  #put(key: unknown, state: unknown, usedAt: number): void {
    this.#entries.set(key, { state, usedAt })
  }

  #sweep(time: number, emitted: unknown[]): void {
    if (this.#how.timeout === undefined) return
    this.#sortByUse()
    for (const [key, entry] of this.#entries) {
      if (entry.usedAt >= time - this.#how.timeout) return
      this.#handle.showTimingOut(entry)
      try {
        const result = synchronous('mapWithState', this.#how.map(time, copyAgain(key), undefined, this.#handle))
        if (result !== undefined) emitted.push(result)
      } catch (error) {
        this.#context.aside({ key, values: [entry.state], error }) // and it goes, or it would be due in every batch
      }
      this.#entries.delete(key)
    }
  }

  snapshot(): Pair[] {
    return Array.from(this.#entries, ([key, { state }]): Pair => [copyAgain(key), copyAgain(state)])
  }

  /** The first time at which the oldest key times out; it need not be a batch time of the job, the next one will do. */
  due(time: number): number | undefined {
    if (this.#how.timeout === undefined) return undefined
    this.#sortByUse()
    for (const { usedAt } of this.#entries.values()) {
      return nextBatch(Math.max(time, usedAt + this.#how.timeout), this.#context.slide)
    }
    return undefined
  }

  #sortByUse(): void {
    this.#entries.sortRestored((a, b) => a.usedAt - b.usedAt)
  }
}
