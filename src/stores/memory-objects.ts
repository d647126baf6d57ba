// Objects in memory, for tests and the simulator. A crash of a process is simulated by going on with the same store.

import { StagedObjectLostError } from '../errors/object-errors.ts'
import { checkObjectRef, compareUtf8 } from './object-keys.ts'
import { type ObjectRef, type ObjectStore, objectUrl } from './object-store.ts'

export interface MemoryObjects extends ObjectStore {
  /** How many objects are staged and neither completed nor aborted. */
  stagedCount(): number
}

export function memoryObjects(): MemoryObjects {
  const buckets = new Map<string, Map<string, Uint8Array>>()
  const staged = new Map<string, Uint8Array>()
  let stagings = 0

  const bucketOf = (bucket: string): Map<string, Uint8Array> => {
    const objects = buckets.get(bucket) ?? new Map<string, Uint8Array>()
    buckets.set(bucket, objects)
    return objects
  }
  const find = (ref: ObjectRef): Uint8Array | undefined => {
    checkObjectRef(ref)
    return bucketOf(ref.bucket).get(ref.key)
  }

  return {
    async put(ref, body) {
      checkObjectRef(ref)
      bucketOf(ref.bucket).set(ref.key, new Uint8Array(body))
    },

    async stage(ref, body) {
      checkObjectRef(ref)
      const token = `staged-${++stagings}`
      staged.set(tokenKey(ref, token), new Uint8Array(body))
      return { ref, token, parts: [], bytes: body.byteLength }
    },

    async complete(object) {
      const { ref, token } = object
      const body = staged.get(tokenKey(ref, token))
      if (body) {
        staged.delete(tokenKey(ref, token))
        bucketOf(ref.bucket).set(ref.key, body)
      } else if (!find(ref)) {
        throw new StagedObjectLostError(object)
      }
    },

    async abort({ ref, token }) {
      staged.delete(tokenKey(ref, token))
    },

    async get(ref) {
      const body = find(ref)
      return body && new Uint8Array(body)
    },

    async exists(ref) {
      return find(ref) !== undefined
    },

    async delete(ref) {
      checkObjectRef(ref)
      bucketOf(ref.bucket).delete(ref.key)
    },

    async *list(bucket, prefix) {
      const found = [...bucketOf(bucket)].filter(([key]) => key.startsWith(prefix))
      found.sort(([a], [b]) => compareUtf8(a, b))
      for (const [key, body] of found) yield { key, bytes: body.byteLength }
    },

    stagedCount: () => staged.size,
    close() {},
  }
}

// A token is good for its own object only, as S3's upload ids are.
function tokenKey(ref: ObjectRef, token: string): string {
  return `${token} ${objectUrl(ref)}`
}
