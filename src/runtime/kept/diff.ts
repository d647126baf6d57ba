// What became of the entries of an operator between two moments, task by task: one state of one task is in memory, the other is read
// entry by entry.

import type { KeptForm } from '../../operators/kept.ts'
import { equal } from '../../values/copy.ts'
import { KeyMap } from '../../values/key-map.ts'
import { entriesOf, type KeptEntry } from './entries.ts'
import type { TaskState } from './task-state.ts'

export type EntryChange = Omit<KeptEntry, 'value' | 'usedAt'> &
  (
    | { readonly change: 'added'; readonly after: unknown }
    | { readonly change: 'removed'; readonly before: unknown }
    | { readonly change: 'changed'; readonly before: unknown; readonly after: unknown }
  )

/** Changes in the order of the later state, then what is gone. */
export function* changesOf(
  before: TaskState,
  after: TaskState,
  operator: string,
  form: KeptForm | undefined,
): Generator<EntryChange, undefined> {
  const left = new Map<string, KeyMap<KeptEntry>>()
  for (const entry of entriesOf(before, operator, form)) {
    const place = placeOf(entry)
    const known = left.get(place) ?? new KeyMap<KeptEntry>()
    left.set(place, known.set(entry.key, entry))
  }
  for (const entry of entriesOf(after, operator, form)) {
    const { value, usedAt: _, ...where } = entry
    const known = left.get(placeOf(entry))
    const was = known?.get(entry.key)
    if (!was) yield { change: 'added', ...where, after: value }
    else {
      known?.delete(entry.key)
      // A key may be used again and keep its value: that is no change.
      if (!equal(was.value, value)) yield { change: 'changed', ...where, before: was.value, after: value }
    }
  }
  for (const known of left.values()) {
    for (const { value, usedAt: _, ...where } of known.values()) yield { change: 'removed', ...where, before: value }
  }
}

/** All but the key; an entry with a key has no index. */
function placeOf({ cell, time, index }: KeptEntry): string {
  return `${cell} ${time ?? ''} ${index ?? ''}`
}
