// Services that cost nothing, to measure everything else: a table that keeps the newest entries without copying them, and
// objects that are only counted.

import { logKey } from '../../src/names/table-keys.ts'
import type { Environment } from '../../src/runtime/environment.ts'
import type { ObjectStore } from '../../src/stores/object-store.ts'
import type { JobRow, LogItem, StateTable } from '../../src/stores/table.ts'

/** Enough for every reader of a warm instance, which reads at most what others have just appended. */
const KEPT_ENTRIES = 64

export function freeTable(): StateTable {
  const logs = new Map<string, LogItem[]>()
  const rows = new Map<string, JobRow>()
  return {
    async append(task, item) {
      const key = logKey(task)
      const log = logs.get(key) ?? []
      if ((log.at(-1)?.version ?? 0) >= item.version) return 'conflict'
      log.push(item)
      if (log.length > KEPT_ENTRIES) log.shift()
      logs.set(key, log)
      return 'committed'
    },
    head: async (task) => logs.get(logKey(task))?.at(-1),
    read: async (task, { after }) => (logs.get(logKey(task)) ?? []).filter(({ version }) => version > after),
    setLife: async () => {},
    getRow: async (job, name) => rows.get(`${job}/${name}`),
    createRow: async (job, name, row) => {
      rows.set(`${job}/${name}`, row)
      return 'created'
    },
    putRow: async (job, name, row) => void rows.set(`${job}/${name}`, row),
    replaceRow: async (job, name, row) => {
      rows.set(`${job}/${name}`, row)
      return 'replaced'
    },
    deleteRow: async (job, name) => void rows.delete(`${job}/${name}`),
    listRows: async () => new Map(),
    close() {},
  }
}

export function freeObjects(): ObjectStore {
  return {
    put: async () => {},
    stage: async (ref, body) => ({ ref, token: 'staged', parts: [], bytes: body.byteLength }),
    complete: async () => {},
    abort: async () => {},
    get: async () => undefined,
    exists: async () => true,
    delete: async () => {},
    async *list() {},
    close() {},
  }
}

/** An environment with the real clock whose services cost nothing unless given. */
export function benchEnvironment(services: Partial<Environment> = {}): Environment {
  return {
    table: freeTable(),
    objects: freeObjects(),
    bucket: 'state',
    clock: { now: () => Date.now() },
    waker: { arm: async () => {} },
    log: { info() {}, warn() {}, error() {} },
    print() {},
    code: 'bench',
    owner: 'bench',
    partitions: new Map(),
    instance: 'bench',
    ...services,
  }
}
