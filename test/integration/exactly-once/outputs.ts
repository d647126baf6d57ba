// Reads what a run has published, and says what is missing, twice, or out of place.

import type { ObjectStore } from '../../../src/stores/object-store.ts'

export interface Outputs {
  /** How often each id occurs in the output `all`. */
  readonly all: ReadonlyMap<number, number>
  readonly even: ReadonlyMap<number, number>
  readonly parts: number
  /** Batch prefixes with parts but without `_SUCCESS`. */
  readonly unclosed: readonly string[]
  /** Key and size of every object: changes when anything is written that differs. */
  readonly listing: readonly string[]
}

export async function readOutputs(objects: ObjectStore, bucket: string): Promise<Outputs> {
  const keys: { key: string; bytes: number }[] = []
  for await (const object of objects.list(bucket, '')) {
    if (!object.key.startsWith('_millrace/')) keys.push(object)
  }
  const all = new Map<number, number>()
  const even = new Map<number, number>()
  const [open, closed] = [new Set<string>(), new Set<string>()]
  await concurrently(16, keys, async ({ key }) => {
    const [batch = '', name = ''] = key.split('/')
    if (name === '_SUCCESS') {
      closed.add(batch)
      return
    }
    open.add(batch)
    const body = new TextDecoder().decode(await objects.get({ bucket, key }))
    for (const line of body.trimEnd().split('\n')) {
      if (batch.startsWith('all-')) count(all, Number(JSON.parse(line).id))
      else count(even, Number(line))
    }
  })
  return {
    all,
    even,
    parts: keys.length - closed.size,
    unclosed: [...open].filter((batch) => !closed.has(batch)),
    listing: keys.map(({ key, bytes }) => `${key} ${bytes}`),
  }
}

/** Ids of `0 … count - 1` that do not occur exactly once. */
export function notOnce(found: ReadonlyMap<number, number>, count: number): number[] {
  const wrong = [...found].filter(([id, times]) => times !== 1 || id >= count).map(([id]) => id)
  return [...wrong, ...Array.from({ length: count }, (_, id) => id).filter((id) => !found.has(id))]
}

function count(found: Map<number, number>, id: number): void {
  found.set(id, (found.get(id) ?? 0) + 1)
}

async function concurrently<T>(limit: number, items: readonly T[], work: (item: T) => Promise<void>): Promise<void> {
  let next = 0
  const worker = async (): Promise<void> => {
    for (let item = items[next++]; item !== undefined; item = items[next++]) await work(item)
  }
  await Promise.all(Array.from({ length: limit }, worker))
}
