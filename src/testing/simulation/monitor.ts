// Watches every write that reaches the services, and says at once when an invariant is broken: that commit records
// go on from each other (I1), that nothing shows that is not committed, that what has shown never changes (I3), and that
// an entry with a successor is published and done.

import zlib from 'node:zlib'
import { decode } from '../../log/codec.ts'
import {
  type BucketCommit,
  type Effect,
  isBucketCommit,
  isCloseCommit,
  isRef,
  isSourceCommit,
  type SourceCommit,
} from '../../log/commit-record.ts'
import { SUCCESS } from '../../names/outputs.ts'
import { CLAIM_ROW, LOOKOUT_ROW, WAKE_ROW } from '../../names/rows.ts'
import { entryPlace } from '../../names/table-keys.ts'
import { CLOSE_STAGE, SOURCE_STAGE, type TaskRef } from '../../names/tasks.ts'
import { performerOf } from '../../runtime/effects.ts'
import { type ObjectRef, type ObjectStore, objectUrl, type StagedObject } from '../../stores/object-store.ts'
import type { LogItem, StateTable } from '../../stores/table.ts'
import { CallLedger } from './calls.ts'
import { MonitoredLogs, type MonitorParts } from './monitored-logs.ts'
import { kindOf } from './services.ts'

/** An object that a commit has promised. */
interface PromisedObject {
  readonly contents: string
  readonly by: string
  readonly stage: string
  readonly batch: string
}

export class Monitor {
  readonly violations: string[] = []
  readonly logs: MonitoredLogs
  readonly calls = new CallLedger((what) => this.violation(what))
  /** Whether the job belongs to somebody: only then does other code meet what it has left. */
  claimed = false
  /** Everything that commits have promised, by URL of the object: its contents, and by whom it was promised. */
  readonly #promised = new Map<string, PromisedObject>()
  readonly #visible = new Map<string, string>()
  /** Results that have shown. */
  readonly shown: Map<string, ObjectRef> = new Map()
  readonly #staged = new Map<string, string>()
  /** Batches that their outputs have called complete. */
  readonly #sealed = new Set<string>()
  readonly #parts: MonitorParts

  constructor(parts: MonitorParts) {
    this.#parts = parts
    this.logs = new MonitoredLogs(parts, (what) => this.violation(what))
  }

  violation(what: string): void {
    this.violations.push(what)
    this.#parts.trace?.tell(`VIOLATION: ${what}`)
  }

  /** The table as one process has it. */
  watchTable(table: StateTable, objects: ObjectStore, who: string): StateTable {
    const { coverage } = this.#parts
    return {
      ...table,
      append: async (task, item) => {
        const record = await this.#read(task, item, objects)
        if (isBucketCommit(record) || isSourceCommit(record))
          await this.#checkSnapshot(task, item.version, record, objects)
        const outcome = await table.append(task, item)
        if (outcome === 'committed') this.#committed(task, item.version, record, who)
        else coverage.path(conflictOn(task, record))
        return outcome
      },
      createRow: async (job, name, row) => {
        const outcome = await table.createRow(job, name, row)
        if (name === CLAIM_ROW) this.claimed = true
        return outcome
      },
      replaceRow: async (job, name, row, rev) => {
        const outcome = await table.replaceRow(job, name, row, rev)
        if (name === LOOKOUT_ROW && (rev !== undefined || outcome === 'conflict'))
          coverage.path(outcome === 'conflict' ? 'lookout lost to another instance' : 'lookout taken over')
        if (name === WAKE_ROW && outcome === 'conflict') coverage.path('wake-up armed twice at once')
        return outcome
      },
    }
  }

  /** The objects as one process has them. */
  watchObjects(objects: ObjectStore, who: string): ObjectStore {
    const { coverage } = this.#parts
    return {
      ...objects,
      put: async (ref, body, options) => {
        if (kindOf(ref) === 'spill') coverage.path('record spilled')
        this.#show(ref, text(body), who)
        await objects.put(ref, body, options)
      },
      stage: async (ref, body, options) => {
        const staged = await objects.stage(ref, body, options)
        this.#staged.set(staged.token, text(body))
        return staged
      },
      complete: async (staged) => {
        await objects.complete(staged)
        this.#show(staged.ref, this.#staged.get(staged.token) ?? '', who)
      },
      abort: async (staged) => {
        coverage.path('staged upload thrown away')
        await objects.abort(staged)
      },
      get: async (ref) => {
        if (kindOf(ref) === 'snapshot') coverage.path('snapshot read')
        return objects.get(ref)
      },
      delete: async (ref) => {
        if (kindOf(ref) === 'spill') coverage.path('spilled record thrown away')
        else if (kindOf(ref) !== 'snapshot') this.violation(`${ref.key} was deleted (I3)`)
        await objects.delete(ref)
      },
    }
  }

  #committed(task: TaskRef, version: number, record: unknown, who: string): void {
    const name = `${task.stage} ${task.task}`
    if (!isBucketCommit(record) && !isSourceCommit(record) && !isCloseCommit(record)) {
      this.violation(`${name}: version ${version} is no commit record`)
      return
    }
    this.#checkPublished(name, task, version)
    this.logs.take(task, version, record, who)
    if (isBucketCommit(record)) this.#parts.effects.take(task.stage, record)
    for (const effect of record.outbox) {
      if (effect.kind === 'call') this.calls.promise(task, version, effect)
      else this.#promise(name, task.stage, effect, who)
    }
  }

  /** Only the newest entry of a log may be unpublished: nobody looks after those before it. */
  #checkPublished(name: string, task: TaskRef, version: number): void {
    for (const effect of this.logs.head(name)?.record.outbox ?? []) {
      if (effect.kind === 'call' && !this.calls.isMade(task, version - 1, effect))
        this.violation(`${name}: version ${version} follows, but ${effect.output} was not called with the one before`)
      const ref = performerOf(effect).object?.(effect)?.ref
      if (ref && !this.#visible.has(objectUrl(ref)))
        this.violation(`${name}: version ${version} follows, but ${ref.key} of the one before is not published (I3)`)
    }
  }

  async #checkSnapshot(
    { stage, task }: TaskRef,
    version: number,
    record: BucketCommit | SourceCommit,
    objects: ObjectStore,
  ): Promise<void> {
    const snapshot = isBucketCommit(record) ? record.snapshot : record.inPlace?.snapshot
    if (!snapshot) return
    if (record.kind !== 'seal' && snapshot.version === version - 1) this.#parts.coverage.path('snapshot named')
    if (!(await objects.exists(snapshot.ref))) this.violation(`${stage} ${task}: names a snapshot that is not there`)
  }

  #promise(name: string, stage: string, effect: Effect, by: string): void {
    const ref = performerOf(effect).object?.(effect)?.ref
    if (!ref) return
    const contents = effect.kind === 'put' ? text(unpacked(effect)) : this.#contentsOf(effect)
    if (this.#promised.has(objectUrl(ref))) this.violation(`${name}: ${ref.key} is promised twice (I1)`)
    const batch = this.#parts.keys.batchOf(ref)
    this.#promised.set(objectUrl(ref), { contents, by, stage, batch })
    if (this.#sealed.has(batch)) this.violation(`${name}: ${ref.key} comes after _SUCCESS (I3)`)
  }

  /** Whether the batch of this `_SUCCESS` is closed. */
  #isClosed(ref: ObjectRef): boolean {
    const place = this.#parts.keys.parse(ref)
    return place !== undefined && place.time <= this.logs.closedUntil
  }

  #contentsOf(effect: Effect): string {
    if (effect.kind !== 'complete') return ''
    const { token, ref }: StagedObject = effect.staged
    const contents = this.#staged.get(token)
    if (contents === undefined) this.violation(`${ref.key} was promised but never staged`)
    return contents ?? ''
  }

  #show(ref: ObjectRef, contents: string, who: string): void {
    const url = objectUrl(ref)
    const kind = kindOf(ref)
    if (kind === 'spill' || kind === 'snapshot') return
    const completes = this.#parts.keys.completes(ref)
    // What closes the outputs of a shuffle stage is no effect of a commit: it follows from those of all buckets.
    const follows = completes && this.#isClosed(ref) && (kind !== SUCCESS || contents === '')
    const promise = this.#promised.get(url)
    if (!follows && promise?.contents !== contents) this.violation(`${ref.key} shows, but no commit promises this (I3)`)
    if ((this.#visible.get(url) ?? contents) !== contents) this.violation(`${ref.key} changes after it has shown (I3)`)
    if (promise) this.#noteHealing(promise, url, who)
    const batch = this.#parts.keys.batchOf(ref)
    if (this.#sealed.has(batch) && !this.#visible.has(url)) this.violation(`${ref.key} shows after _SUCCESS (I3)`)
    this.#visible.set(url, contents)
    if (kind === 'result' || kind === SUCCESS) this.shown.set(url, ref)
    if (!completes) return
    this.#sealed.add(batch)
    for (const [other, promised] of this.#promised) {
      if (promised.batch === batch && !this.#visible.has(other)) this.violation(`${ref.key} shows before ${other} (I3)`)
    }
  }

  #noteHealing({ by, stage }: PromisedObject, url: string, who: string): void {
    const { coverage } = this.#parts
    const kind = stage === SOURCE_STAGE ? 'source' : stage === CLOSE_STAGE ? 'closing' : 'bucket'
    if (by !== who) coverage.path(`a ${kind} commit published by another instance`)
    else if (this.#visible.has(url)) coverage.path('published again by the same instance')
  }

  async #read(task: TaskRef, { version, body }: LogItem, objects: ObjectStore): Promise<unknown> {
    const { spilled, value } = decode(`version ${version}`, body, entryPlace(task, version))
    if (!spilled) return value
    const bytes = isRef(value) ? await objects.get(value) : undefined
    if (!bytes) this.violation(`version ${version} names a spilled record that is not there`)
    return bytes && isRef(value) ? decode('a spilled record', bytes, value.key).value : undefined
  }
}

function conflictOn({ stage }: TaskRef, record: unknown) {
  if (stage === CLOSE_STAGE) return 'conflict on a closing commit'
  if (stage !== SOURCE_STAGE) return 'conflict on a bucket commit'
  return isSourceCommit(record) && record.kind === 'birth'
    ? 'a birth that another instance was faster with'
    : 'conflict on a source commit'
}

function unpacked({ body, packed }: Extract<Effect, { kind: 'put' }>): Uint8Array {
  return packed ? zlib.zstdDecompressSync(body) : body
}

const text = (bytes: Uint8Array): string => Buffer.from(bytes).toString('latin1')
