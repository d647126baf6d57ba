// A table and an object store that give back one thing other than it was written.

import { logKey } from '../../src/names/table-keys.ts'
import type { ObjectStore } from '../../src/stores/object-store.ts'
import type { LogItem, StateTable } from '../../src/stores/table.ts'

/** What is done to the bytes; `others`: everything else that was read. */
export type Damage = (bytes: Uint8Array, others: readonly Uint8Array[]) => Uint8Array

export interface DamagedStore {
  readonly table: StateTable
  readonly objects: ObjectStore
  /** Everything that was read of it, by name: log entries and objects of Millrace's own. */
  readonly seen: ReadonlyMap<string, Uint8Array>
}

/** @param damage undefined: nothing is changed, only noted. */
export function damagedStore(
  table: StateTable,
  objects: ObjectStore,
  damage?: { readonly target: string; readonly others: readonly Uint8Array[]; readonly apply: Damage },
): DamagedStore {
  const seen = new Map<string, Uint8Array>()
  const pass = (name: string, bytes: Uint8Array): Uint8Array => {
    seen.set(name, bytes)
    return damage?.target === name ? damage.apply(bytes, damage.others) : bytes
  }
  const passItem = (key: string, item: LogItem): LogItem => ({
    ...item,
    body: pass(`${key} ${item.version}`, item.body),
  })
  return {
    seen,
    table: {
      ...table,
      async head(task) {
        const item = await table.head(task)
        return item && passItem(logKey(task), item)
      },
      async read(task, options) {
        return (await table.read(task, options)).map((item) => passItem(logKey(task), item))
      },
    },
    objects: {
      ...objects,
      async get(ref) {
        const bytes = await objects.get(ref)
        return bytes && ref.key.startsWith('_millrace/') ? pass(ref.key.replace(/[0-9a-f-]{36}/g, ''), bytes) : bytes
      },
    },
  }
}
