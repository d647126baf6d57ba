// Cells as entries: what is kept under a key, or of a batch. One form for get, scan, diff and the session of `millrace dev`.

import type { KeptForm } from '../../operators/kept.ts'
import { canonicalKey, isComposite } from '../../values/canonical-key.ts'
import { KeyMap } from '../../values/key-map.ts'
import type { KeptCell, TaskState } from './task-state.ts'

/** What an operator keeps in one place. */
export interface KeptEntry {
  /** The name of its cell. */
  readonly cell: string
  /** Of a batch that is held, its time. */
  readonly time?: number
  /** Absent where there is none, as of elements that are no pairs. */
  readonly key?: unknown
  /** Of elements without key, which of its batch. */
  readonly index?: number
  /** Of elements of a batch with one key, the list of their values. */
  readonly value: unknown
  /** Of a key with a timeout, the batch that used it last. */
  readonly usedAt?: number
}

/** All entries of an operator, but marks. @param form undefined: its cells as they are */
export function* entriesOf(state: TaskState, operator: string, form: KeptForm | undefined): Generator<KeptEntry> {
  for (const cell of state.cells(operator)) yield* entriesIn(cell, form)
}

/** Entries of one key. Values of other keys are not read. */
export function* entriesOfKey(
  state: TaskState,
  operator: string,
  form: KeptForm | undefined,
  key: unknown,
): Generator<KeptEntry> {
  const isWanted = sameAs(key)
  for (const cell of state.cells(operator, typeof key === 'string' ? key : undefined)) {
    const [name, second] = cell.cell
    const how = formOf(form, name)
    if (how === 'elements by time') yield* entriesIn(cell, form, isWanted)
    else if (how !== 'flag' && how !== 'by time' && cell.cell.length > 1 && isWanted(second))
      yield* entriesIn(cell, form)
  }
}

/** Keys are compared by value. @throws InvalidKeyError */
export function sameAs(key: unknown): (other: unknown) => boolean {
  if (!isComposite(key)) return (other) => Object.is(other, key) || other === key
  const text = canonicalKey(key)
  return (other) => isComposite(other) && canonicalKey(other) === text
}

function formOf(form: KeptForm | undefined, name: unknown): KeptForm['cells'][string] | undefined {
  return form && Object.hasOwn(form.cells, String(name)) ? form.cells[String(name)] : undefined
}

function* entriesIn(
  kept: KeptCell,
  form: KeptForm | undefined,
  isWanted: (key: unknown) => boolean = () => true,
): Generator<KeptEntry> {
  const [name, second] = kept.cell
  const cell = String(name)
  const value = kept.value()
  const how = formOf(form, name)
  if (how === 'flag') return
  if (kept.cell.length === 1) yield { cell, value }
  else if (how === 'by time' && typeof second === 'number') yield { cell, time: second, ...parts(form, value) }
  else if (how === 'elements by time' && typeof second === 'number' && Array.isArray(value))
    yield* elements(cell, second, value, isWanted)
  else yield { cell, key: second, ...parts(form, value) }
}

function parts(form: KeptForm | undefined, saved: unknown): Pick<KeptEntry, 'value' | 'usedAt'> {
  return form?.parts?.(saved) ?? { value: saved }
}

/** Of one key together: a batch may hold it many times. */
function* elements(
  cell: string,
  time: number,
  all: readonly unknown[],
  isWanted: (key: unknown) => boolean,
): Generator<KeptEntry> {
  const byKey = new KeyMap<unknown[]>()
  const others: KeptEntry[] = []
  for (const [index, element] of all.entries()) {
    if (!Array.isArray(element) || element.length !== 2 || !isKey(element[0])) {
      if (isWanted(element)) others.push({ cell, time, index, value: element })
      continue
    }
    const [key, value]: readonly unknown[] = element
    if (!isWanted(key)) continue
    const values = byKey.get(key)
    if (values) values.push(value)
    else byKey.set(key, [value])
  }
  for (const [key, value] of byKey) yield { cell, time, key, value }
  yield* others
}

/** An element of two may be no pair: then its first need not be a key. */
function isKey(first: unknown): boolean {
  try {
    canonicalKey(first)
    return first !== undefined
  } catch {
    return false
  }
}
