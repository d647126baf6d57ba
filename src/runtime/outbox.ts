// Steps 4 and 6 of the commit protocol: large outputs are staged before the commit, promised effects are done after it.
// All are idempotent: whoever reads a commit that may be unpublished publishes it again, and nothing shows twice (I3).

import zlib from 'node:zlib'
import { StagedObjectLostError } from '../errors/object-errors.ts'
import { inflate } from '../log/codec.ts'
import type { Effect } from '../log/commit-record.ts'
import { successBeside } from '../names/outputs.ts'
import type { OutputObject } from '../sinks/sink.ts'
import { type ObjectRef, type ObjectStore, objectUrl } from '../stores/object-store.ts'
import type { JobSettings } from '../stream/job.ts'
import type { Environment } from './environment.ts'

/**
 * Objects up to this size, compressed, ride inside the commit record; larger ones are staged as an uncompleted upload.
 * 64 KiB are 64 write units; staging costs three S3 requests and two round trips before the commit (DESIGN §3, step 4).
 */
const INLINE_BYTES = 64 * 1024

/** Larger ones are staged however small they would be packed: zstd may turn gigabytes into that, and reading must have a bound. */
const INLINE_UNPACKED_BYTES = 64 * 1024 * 1024

/** What this process has packed itself need not be inflated to be published: 4 to 12 % of a micro-batch with large inline parts. */
const unpacked = new WeakMap<Uint8Array, Uint8Array>()

/** What publishing needs. */
export interface Publisher {
  readonly objects: ObjectStore
  readonly print: (text: string) => void
  /** Makes sure that the job is brought back at `at`, or earlier. */
  readonly wake: (at: number) => Promise<void>
  /** Told of an upload that is gone, as its object is, although a commit at this time promised it; throws when it may never have been completed. */
  readonly gone: (lost: StagedObjectLostError, committedAt: number) => void
}

/** No rule for stale uploads may abort them sooner than `retention` and a week after the commit (docs/deploy.md); a day is for clocks and lateness. */
const UPLOADS_OUTLIVE_RETENTION_BY_MS = 6 * 86_400_000

/** An upload that no rule can have aborted was completed, and somebody has taken the object away since: that is their right. */
export function goneJudge({ retention }: JobSettings, { clock, log }: Environment): Publisher['gone'] {
  return (lost, committedAt) => {
    if (clock.now() > committedAt + retention + UPLOADS_OUTLIVE_RETENTION_BY_MS) throw lost
    const facts = { object: objectUrl(lost.staged.ref), bytes: lost.staged.bytes }
    log.warn(facts, 'an object that was published has been taken away: it is not published again')
  }
}

/**
 * Of objects for batches that were closed before, those that nobody has called complete: what operators that code did not have
 * for a while make up for must not show in a batch that readers have taken for whole (I3).
 */
export async function ofOpenBatches(
  late: readonly OutputObject[],
  { objects, log }: Environment,
): Promise<OutputObject[]> {
  const done = await Promise.all(
    late.map(({ ref: { bucket, key } }) => objects.exists({ bucket, key: successBeside(key) })),
  )
  const dropped = late.filter((_, i) => done[i]).map(({ ref }) => objectUrl(ref))
  if (dropped.length > 0)
    log.warn({ dropped }, 'what an operator had due while code did not have it is left out of complete batches')
  return late.filter((_, i) => !done[i])
}

/** Turns outputs into effects, staging the large ones. When one fails, what was staged is thrown away. */
export async function promiseObjects(objects: ObjectStore, outputs: readonly OutputObject[]): Promise<Effect[]> {
  const promises = outputs.map(async (output): Promise<Effect> => {
    const { ref, contentType } = output
    const body = typeof output.body === 'string' ? Buffer.from(output.body) : output.body
    if (body.length <= INLINE_BYTES) return { kind: 'put', ref, contentType, body, packed: false }
    const packed = body.length <= INLINE_UNPACKED_BYTES ? pack(body) : undefined
    if (packed && packed.length <= INLINE_BYTES) return { kind: 'put', ref, contentType, body: packed, packed: true }
    return { kind: 'complete', staged: await objects.stage(ref, body, { contentType }) }
  })
  const settled = await Promise.allSettled(promises)
  const failed = settled.find((result) => result.status === 'rejected')
  const effects = settled.flatMap((result) => (result.status === 'fulfilled' ? [result.value] : []))
  if (!failed) return effects
  await withdraw(objects, effects)
  throw failed.reason
}

function pack(body: Uint8Array): Uint8Array {
  const packed = zlib.zstdCompressSync(body, { params: { [zlib.constants.ZSTD_c_compressionLevel]: 1 } })
  unpacked.set(packed, body)
  return packed
}

function unpack(ref: ObjectRef, packed: Uint8Array): Uint8Array {
  return unpacked.get(packed) ?? inflate(`what was promised for ${objectUrl(ref)}`, packed, INLINE_UNPACKED_BYTES)
}

/** Throws away what was staged for a commit that did not come about. */
export async function withdraw(objects: ObjectStore, effects: readonly Effect[]): Promise<void> {
  await Promise.all(effects.map((effect) => (effect.kind === 'complete' ? objects.abort(effect.staged) : undefined)))
}

/** Does what a commit has promised, right after it. */
export async function publish(publisher: Publisher, effects: readonly Effect[]): Promise<void> {
  await Promise.all(effects.map((effect) => perform(publisher, effect)))
}

/**
 * Does what a commit has promised when it is not known whether that was done. Objects that are there are left alone:
 * looking costs a twelfth of writing, and a reader that watches for changes sees none.
 *
 * @param committedAt the clock at the commit.
 */
export async function heal(publisher: Publisher, effects: readonly Effect[], committedAt: number): Promise<void> {
  await Promise.all(
    effects.map(async (effect) => {
      if (effect.kind === 'put' && (await publisher.objects.exists(effect.ref))) return
      try {
        await perform(publisher, effect)
      } catch (error) {
        if (!(error instanceof StagedObjectLostError)) throw error
        publisher.gone(error, committedAt)
      }
    }),
  )
}

/** The effects that readers of results see. Wake-ups are left to whoever asks: one that handles a wake-up decides on the next. */
export function visible(effects: readonly Effect[]): Effect[] {
  return effects.filter(({ kind }) => kind !== 'wake')
}

/** Does what follows from commits and stands in none: whoever comes again does it again, and leaves alone what is there. */
export async function redo(publisher: Publisher, effect: Effect): Promise<void> {
  const there = effect.kind === 'put' && (await publisher.objects.exists(effect.ref))
  if (there) return
  const done = begin(publisher, effect)
  if (done) await done
}

async function perform(publisher: Publisher, effect: Effect): Promise<void> {
  return begin(publisher, effect)
}

function begin({ objects, print, wake }: Publisher, effect: Effect): Promise<void> | undefined {
  switch (effect.kind) {
    case 'put': {
      const body = effect.packed ? unpack(effect.ref, effect.body) : effect.body
      return objects.put(effect.ref, body, { contentType: effect.contentType })
    }
    case 'complete':
      return objects.complete(effect.staged)
    case 'print':
      print(effect.text)
      return undefined
    case 'wake':
      return wake(effect.at)
  }
}
