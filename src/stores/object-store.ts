// The port behind which objects live (results, spilled commits, snapshots). What matters for I3: an object is either
// put whole, or staged out of every reader's sight and completed after the commit that promised it.
// Implementations: `memory-objects.ts`, `directory-objects.ts`, `s3-objects.ts`; test/contract/object-store.contract.ts runs on all.

import type { ObjectRef } from '../names/objects.ts'

export { type ObjectRef, objectUrl } from '../names/objects.ts'

/** What completes a staged object: plain data that survives in a commit record. */
export interface StagedObject {
  readonly ref: ObjectRef
  /** S3's upload id; of a directory the name of the staged file. */
  readonly token: string
  /** S3's ETags by part, in order; empty where the store needs none. */
  readonly parts: readonly string[]
  readonly bytes: number
}

export interface ObjectSummary {
  readonly key: string
  readonly bytes: number
}

export interface ObjectStore {
  /** Writes a whole object, visible at once; the same again changes nothing (publishing is idempotent). */
  put(ref: ObjectRef, body: Uint8Array, options?: ObjectOptions): Promise<void>

  /** Writes an object that no reader can get or list until `complete`. */
  stage(ref: ObjectRef, body: Uint8Array, options?: ObjectOptions): Promise<StagedObject>

  /**
   * Makes a staged object visible, whole. Idempotent: completing again, also from another process, is no error.
   *
   * @throws StagedObjectLostError when neither the staged nor the finished object exists (aborted by a lifecycle rule, deleted by hand): I7.
   */
  complete(staged: StagedObject): Promise<void>

  /** Throws a staged object away; nothing happens when it is gone or completed already. */
  abort(staged: StagedObject): Promise<void>

  /** `undefined` when there is no such object. */
  get(ref: ObjectRef): Promise<Uint8Array | undefined>
  /** Of a bucket that does not exist `false` as well: S3 does not tell the two apart here. */
  exists(ref: ObjectRef): Promise<boolean>
  /** Nothing happens when it is gone already. */
  delete(ref: ObjectRef): Promise<void>

  /** Every visible object whose key starts with `prefix`, in the order of keys (UTF-8 bytes, as S3 does). */
  list(bucket: string, prefix: string): AsyncIterable<ObjectSummary>

  close(): void
}

export interface ObjectOptions {
  /** Default `application/octet-stream`. */
  readonly contentType?: string
}
