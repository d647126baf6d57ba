// An environment in memory whose clock stands still until it is moved, and which remembers what a job did.

import type { Environment } from '../runtime/environment.ts'
import { type MemoryObjects, memoryObjects } from '../stores/memory-objects.ts'
import { type MemoryTable, memoryTable } from '../stores/memory-table.ts'
import type { ObjectStore } from '../stores/object-store.ts'

export interface MemoryEnvironment extends Environment {
  readonly table: MemoryTable
  readonly objects: MemoryObjects
  /** Times of the wake-ups that were armed, in order. */
  readonly armed: number[]
  readonly printed: string[]
  readonly logged: { level: string; facts: Readonly<Record<string, unknown>>; message: string }[]
  /** Moves the clock. */
  setTime(now: number): void
  /** Another process of the same job: the same services, nothing remembered. */
  another(changes?: Partial<Omit<Environment, 'table' | 'objects'>>): MemoryEnvironment
}

export function memoryEnvironment(start = 1_000_000_000_000): MemoryEnvironment {
  const shared = { now: start, instances: 0 }
  const [table, objects] = [memoryTable(), memoryObjects()]
  const armed: number[] = []
  const printed: string[] = []
  const logged: MemoryEnvironment['logged'] = []
  function make(changes: Partial<Omit<Environment, 'table' | 'objects'>>): MemoryEnvironment {
    const log = (level: string) => (facts: Readonly<Record<string, unknown>>, message: string) =>
      void logged.push({ level, facts, message })
    return {
      objects,
      bucket: 'state',
      clock: { now: () => shared.now },
      waker: { arm: async (_job, at) => void armed.push(at) },
      log: { info: log('info'), warn: log('warn'), error: log('error') },
      print: (text) => void printed.push(text),
      code: 'v1',
      owner: 'test',
      partitions: new Map(),
      instance: `instance-${++shared.instances}`,
      ...changes,
      table,
      armed,
      printed,
      logged,
      setTime: (now) => {
        shared.now = now
      },
      another: (more = {}) => make(more),
    }
  }
  return make({})
}

/** Every object of a bucket as text, by key. */
export async function readObjects(objects: ObjectStore, bucket: string, prefix = ''): Promise<Map<string, string>> {
  const found = new Map<string, string>()
  for await (const { key } of objects.list(bucket, prefix)) {
    found.set(key, new TextDecoder().decode(await objects.get({ bucket, key })))
  }
  return found
}
