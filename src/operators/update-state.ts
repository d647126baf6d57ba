// `updateStateByKey`: in every batch that runs, the function sees every key that is in the state or in the batch, and the pairs
// that it gives back are the new state and what is emitted. Spark: `StateDStream`. That many calls are Spark's meaning; what is
// saved follows only the states that changed, which is found by comparing: functions may well change a state in place.
//
// Not due without data: with `idle: 'pause'` time stands still for it, with `idle: 'run'` every empty batch runs it.
//
// Cells: ['initial'], true once the initial state has been applied; ['state', key], the state of a key.

import { UnknownCellError } from '../errors/operator-errors.ts'
import type { UpdateStateNode } from '../graph/wide-nodes.ts'
import { type Aside, stop } from '../programs/aside.ts'
import { refuseMissing } from '../values/canonical-key.ts'
import { copy, copyAgain, copyOf, equal } from '../values/copy.ts'
import { KeyMap } from '../values/key-map.ts'
import { type Pair, pairOf } from '../values/pairs.ts'
import { asIs, type BucketOperator, type CellChange, type Elements, type Migrate } from './bucket-operator.ts'
import { ChangeLog } from './change-log.ts'
import { BORN, initialState, isBorn, keyOfCell, type Owns } from './initial-state.ts'
import { hasBatch, slideOf } from './slide.ts'
import { describeCell } from './stateless.ts'
import { synchronous } from './synchronous.ts'

/** @param owns which keys of the initial state belong to this bucket */
export function updateStateByKey(node: UpdateStateNode, owns: Owns = () => true, aside: Aside = stop): BucketOperator {
  return new UpdateState(node, owns, aside)
}

interface Entry {
  state: unknown
  /** The run that last gave the key back; a key that this run did not give back is removed. */
  run: number
}

type Group = readonly [key: unknown, values: readonly unknown[], state: unknown]

const NO_VALUES: readonly unknown[] = Object.freeze([])

class UpdateState implements BucketOperator {
  readonly #node: UpdateStateNode
  readonly #owns: Owns
  readonly #aside: Aside
  readonly #slide: number
  readonly #changes = new ChangeLog()
  readonly #states = new KeyMap<Entry>()
  #run = 0
  #born = false

  constructor(node: UpdateStateNode, owns: Owns, aside: Aside) {
    this.#node = node
    this.#owns = owns
    this.#aside = aside
    this.#slide = slideOf(node)
  }

  run(time: number, [elements = []]: readonly (Elements | undefined)[]): Elements | undefined {
    if (!hasBatch(time, this.#slide)) return undefined
    if (!this.#born) this.#applyInitialState()
    this.#run++
    const values = groupValues(elements)
    const emitted = this.#node.updateKey ? this.#updateKeys(time, values) : this.#updateGroups(time, values)
    this.#keep(emitted, values)
    this.#dropOthers()
    return emitted
  }

  /** A key that fails keeps its state, and gives nothing in this batch. */
  #updateKeys(time: number, values: KeyMap<unknown[]>): Pair[] {
    const pairs: Pair[] = []
    for (const [key, ofKey, state] of this.#groups(values)) {
      try {
        const next = synchronous('updateStateByKey', this.#node.updateKey?.(time, key, ofKey, state))
        if (next !== undefined) pairs.push([key, next])
      } catch (error) {
        this.#aside({ key, values: ofKey, error })
        const entry = this.#states.get(key)
        if (entry) entry.run = this.#run
      }
    }
    return pairs
  }

  /** One function for all keys: when it fails, all of them keep their state. */
  #updateGroups(time: number, values: KeyMap<unknown[]>): Pair[] {
    try {
      return Array.from(synchronous('updateStateByKey', this.#node.update(time, this.#groups(values))), pairOf)
    } catch (error) {
      this.#aside({ values: [...values], error })
      for (const entry of this.#states.values()) entry.run = this.#run
      return []
    }
  }

  #applyInitialState(): void {
    this.#born = true
    this.#changes.set([BORN], true)
    for (const [key, state] of initialState(this.#node.initial, this.#owns)) this.#set(key, state)
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
        if (!equal(entry.state, state)) this.#replace(key, entry, state)
      }
    }
  }

  #set(key: unknown, state: unknown): void {
    const entry: Entry = { state: undefined, run: this.#run }
    this.#states.set(copy(key), entry)
    this.#replace(key, entry, state)
  }

  #replace(key: unknown, entry: Entry, state: unknown): void {
    entry.state = copyOf(key, state)
    this.#changes.set(['state', copy(key)], entry.state)
  }

  #dropOthers(): void {
    for (const [key, { run }] of this.#states) {
      if (run === this.#run) continue
      this.#states.delete(key)
      this.#changes.delete(['state', key])
    }
  }

  due(): undefined {
    return undefined
  }

  takeChanges(): CellChange[] {
    return this.#changes.take()
  }

  *cells(): Iterable<readonly [cell: unknown, value: unknown]> {
    if (this.#born) yield [[BORN], true]
    for (const [key, { state }] of this.#states) yield [['state', key], state]
  }

  restore({ cell, value, deleted }: CellChange, migrate: Migrate = asIs): void {
    if (isBorn(cell)) {
      this.#born = !deleted
      return
    }
    const found = keyOfCell('state', cell)
    if (found === undefined) throw new UnknownCellError('updateStateByKey', describeCell(cell))
    if (deleted) this.#states.delete(found.key)
    else this.#states.set(found.key, { state: migrate(value, found), run: 0 })
  }
}

function groupValues(elements: Elements): KeyMap<unknown[]> {
  const groups = new KeyMap<unknown[]>()
  for (const element of elements) {
    const [key, value] = pairOf(element)
    const group = groups.get(key)
    if (group) group.push(value)
    else groups.set(key, [value])
  }
  return groups
}
