// Watches every write that reaches the services, and says at once when an invariant is broken: that commit records
// go on from each other (I1), that nothing shows that is not committed, and that what has shown never changes (I3).

import { zstdDecompressSync } from 'node:zlib'
import { CLOSE_STAGE } from '../../src/plan/plan.ts'
import { decode } from '../../src/state/codec.ts'
import {
  type BucketCommit,
  type CloseCommit,
  type Effect,
  isBucketCommit,
  isCloseCommit,
  isSourceCommit,
  type SourceCommit,
} from '../../src/state/commit-record.ts'
import type { ObjectRef, ObjectStore, StagedObject } from '../../src/state/object-store.ts'
import type { LogItem, StateTable } from '../../src/state/table.ts'
import type { TaskRef } from '../../src/state/task.ts'
import { entryPlace } from '../../src/state/task-log.ts'

const SUCCESS = '/_SUCCESS'

type Head = SourceCommit | CloseCommit | BucketCommit

export class Monitor {
  readonly violations: string[] = []
  /** Everything that commits have promised, by key of the object: its contents. */
  readonly #promised = new Map<string, string>()
  readonly #visible = new Map<string, string>()
  readonly #staged = new Map<string, string>()
  /** "Directories" that have their `_SUCCESS`. */
  readonly #sealed = new Set<string>()
  readonly #heads = new Map<string, { version: number; record: Head }>()
  #closedUntil = 0
  /** Snapshots that commits have named, other than those at the end of a log. */
  snapshots = 0

  violation(what: string): void {
    this.violations.push(what)
  }

  watchTable(table: StateTable, objects: ObjectStore): StateTable {
    return {
      ...table,
      append: async (task, item) => {
        const record = await read(task, item, objects)
        if (isBucketCommit(record)) await this.#checkSnapshot(task, item.version, record, objects)
        const outcome = await table.append(task, item)
        if (outcome === 'committed') this.#committed(task, item.version, record)
        return outcome
      },
    }
  }

  watchObjects(objects: ObjectStore): ObjectStore {
    return {
      ...objects,
      put: async (ref, body, options) => {
        this.#show(ref, text(body))
        await objects.put(ref, body, options)
      },
      stage: async (ref, body, options) => {
        const staged = await objects.stage(ref, body, options)
        this.#staged.set(staged.token, text(body))
        return staged
      },
      complete: async (staged) => {
        await objects.complete(staged)
        this.#show(staged.ref, this.#staged.get(staged.token) ?? '')
      },
      delete: async (ref) => {
        if (ref.bucket === 'results') this.violation(`${ref.key} was deleted`)
        await objects.delete(ref)
      },
    }
  }

  #committed(task: TaskRef, version: number, record: unknown): void {
    const name = `${task.stage} ${task.task}`
    const before = this.#heads.get(name)
    if (version !== (before?.version ?? 0) + 1) this.violation(`${name}: version ${version} is not dense`)
    if (isBucketCommit(record)) {
      this.#checkBucket(name, before?.record, record)
      this.#heads.set(name, { version, record })
    } else if (isSourceCommit(record) && task.stage !== CLOSE_STAGE) {
      this.#checkSource(name, before?.record, record)
      this.#heads.set(name, { version, record })
    } else if (isCloseCommit(record) && task.stage === CLOSE_STAGE) {
      if (record.closedUntil < this.#closedUntil) this.violation(`closedUntil moves back to ${record.closedUntil}`)
      this.#closedUntil = record.closedUntil
      this.#heads.set(name, { version, record })
    } else {
      this.violation(`${name}: version ${version} is no commit record`)
      return
    }
    for (const effect of record.outbox) this.#promise(name, effect)
  }

  async #checkSnapshot(
    { stage, task }: TaskRef,
    version: number,
    { snapshot, kind }: BucketCommit,
    objects: ObjectStore,
  ): Promise<void> {
    if (!snapshot) return
    if (kind === 'bucket' && snapshot.version === version - 1) this.snapshots++
    if (!(await objects.exists(snapshot.ref))) this.violation(`${stage} ${task}: names a snapshot that is not there`)
  }

  #checkBucket(name: string, before: Head | undefined, { closedUntil, ran }: BucketCommit): void {
    const done = before && isBucketCommit(before) ? before.closedUntil : 0
    if (closedUntil < done) this.violation(`${name}: moves back from ${done} to ${closedUntil}`)
    if (closedUntil > this.#closedUntil) this.violation(`${name}: ${closedUntil} is not closed yet`)
    for (const [i, time] of ran.entries()) {
      if (time <= (ran[i - 1] ?? done)) this.violation(`${name}: runs ${time} again`)
      if (time > closedUntil) this.violation(`${name}: runs ${time}, but only ${closedUntil} is closed`)
    }
  }

  #checkSource(name: string, before: Head | undefined, record: SourceCommit): void {
    const previous = before && isSourceCommit(before) ? before : undefined
    if (record.frontier < (previous?.frontier ?? 0)) this.violation(`${name}: the frontier moves back`)
    const until = previous?.position?.until
    if (record.position && until !== undefined && record.position.from !== until)
      this.violation(`${name}: a commit goes on from ${record.position.from}, but ${until} was reached`)
    for (const { time } of record.partials)
      if (time <= this.#closedUntil) this.violation(`${name}: adds to T = ${time}, which is closed`)
  }

  #promise(by: string, effect: Effect): void {
    if (effect.kind !== 'put' && effect.kind !== 'complete') return
    const ref = effect.kind === 'put' ? effect.ref : effect.staged.ref
    const contents = effect.kind === 'put' ? text(unpacked(effect)) : this.#contentsOf(effect.staged)
    if (this.#promised.has(urlOf(ref))) this.violation(`${by}: ${ref.key} is promised twice`)
    this.#promised.set(urlOf(ref), contents)
    if (this.#sealed.has(directoryOf(ref.key))) this.violation(`${by}: ${ref.key} comes after _SUCCESS`)
  }

  /** Whether the batch of this `_SUCCESS` is closed. */
  #isClosed(key: string): boolean {
    const time = Number(/-(\d+)(?:\.\w+)?\/_SUCCESS$/.exec(key)?.[1])
    return time <= this.#closedUntil
  }

  #contentsOf({ token, ref }: StagedObject): string {
    const contents = this.#staged.get(token)
    if (contents === undefined) this.violation(`${ref.key} was promised but never staged`)
    return contents ?? ''
  }

  #show(ref: ObjectRef, contents: string): void {
    const url = urlOf(ref)
    if (/^_millrace\/(spill|snapshots)\//.test(ref.key)) return
    // What closes the outputs of a shuffle stage is no effect of a commit: it follows from those of all buckets.
    const follows = ref.key.endsWith(SUCCESS) && this.#isClosed(ref.key) && contents === ''
    if (!follows && this.#promised.get(url) !== contents)
      this.violation(`${ref.key} shows, but no commit promises this`)
    if ((this.#visible.get(url) ?? contents) !== contents) this.violation(`${ref.key} changes after it has shown`)
    const directory = directoryOf(ref.key)
    if (this.#sealed.has(directory) && !this.#visible.has(url)) this.violation(`${ref.key} shows after _SUCCESS`)
    this.#visible.set(url, contents)
    if (!ref.key.endsWith(SUCCESS)) return
    this.#sealed.add(directory)
    for (const promised of this.#promised.keys()) {
      if (promised.startsWith(`${ref.bucket}/${directory}/`) && !this.#visible.has(promised))
        this.violation(`_SUCCESS of ${directory} shows before ${promised}`)
    }
  }
}

async function read(task: TaskRef, { version, body }: LogItem, objects: ObjectStore): Promise<unknown> {
  const { spilled, value } = decode(`version ${version}`, body, entryPlace(task, version))
  if (!spilled) return value
  const ref = value as ObjectRef
  const bytes = await objects.get(ref)
  return bytes && decode('a spilled record', bytes, ref.key).value
}

function unpacked({ body, packed }: Extract<Effect, { kind: 'put' }>): Uint8Array {
  return packed ? zstdDecompressSync(body) : body
}

const text = (bytes: Uint8Array): string => Buffer.from(bytes).toString('latin1')
const urlOf = ({ bucket, key }: ObjectRef): string => `${bucket}/${key}`
const directoryOf = (key: string): string => key.slice(0, key.lastIndexOf('/'))
