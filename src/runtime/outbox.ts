// Steps 4 and 6 of the commit protocol: large outputs are staged before the commit, promised effects are done after it.
// All are idempotent: whoever reads a commit that may be unpublished publishes it again, and nothing shows twice (I3).

import { StagedObjectLostError } from '../errors/object-errors.ts'
import type { JobSettings } from '../graph/job.ts'
import type { Effect } from '../log/commit-record.ts'
import type { TaskRef } from '../names/tasks.ts'
import type { Write } from '../sinks/sink.ts'
import { type ObjectStore, objectUrl } from '../stores/object-store.ts'
import { type Coordinates, type Publisher, performerOf } from './effects.ts'
import type { Environment } from './environment.ts'
import { INLINE_UNPACKED_BYTES, packBody } from './packing.ts'

export type { Publisher }

/**
 * Objects up to this size, compressed, ride inside the commit record; larger ones are staged as an uncompleted upload.
 * 64 KiB are 64 write units; staging costs three S3 requests and two round trips before the commit (DESIGN §3, step 4).
 */
const INLINE_BYTES = 64 * 1024

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
 * Of what is written for batches that were closed before, what nobody has called complete: what operators that code did not have
 * for a while make up for must not show in a batch that readers have taken for whole (I3).
 */
export async function ofOpenBatches(late: readonly Write[], { objects, log }: Environment): Promise<Write[]> {
  const done = await Promise.all(
    late.map((write) => ('completedBy' in write && write.completedBy ? objects.exists(write.completedBy) : false)),
  )
  const dropped = late.flatMap((write, i) => (done[i] && 'ref' in write ? objectUrl(write.ref) : []))
  if (dropped.length > 0)
    log.warn({ dropped }, 'what an operator had due while code did not have it is left out of complete batches')
  return late.filter((_, i) => !done[i])
}

/** Turns what sinks want to write into effects, staging large objects. When one fails, what was staged is thrown away. */
export async function promiseObjects(objects: ObjectStore, outputs: readonly Write[]): Promise<Effect[]> {
  const promises = outputs.map(async (output): Promise<Effect> => {
    if ('kind' in output) return output
    const { ref, contentType } = output
    const body = typeof output.body === 'string' ? Buffer.from(output.body) : output.body
    if (body.length <= INLINE_BYTES) return { kind: 'put', ref, contentType, body, packed: false }
    const packed = body.length <= INLINE_UNPACKED_BYTES ? packBody(body) : undefined
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

/** Throws away what was staged for a commit that did not come about. */
export async function withdraw(objects: ObjectStore, effects: readonly Effect[]): Promise<void> {
  await Promise.all(effects.map((effect) => performerOf(effect).withdraw?.(objects, effect)))
}

/**
 * How large an entry may be, when that is less than an item holds: what calls carry is read by nobody but who makes them, and 65 write
 * units cost as much as eight objects (https://aws.amazon.com/dynamodb/pricing/on-demand/, https://aws.amazon.com/s3/pricing/).
 */
export function entryLimit(outbox: readonly Effect[]): number | undefined {
  const carried = outbox.reduce((sum, effect) => sum + (effect.kind === 'call' ? effect.body.length : 0), 0)
  return carried > INLINE_BYTES ? INLINE_BYTES : undefined
}

/** What an entry of a log has promised. */
export interface Promises {
  readonly task: TaskRef
  readonly version: number
  /** The clock at the commit. */
  readonly at: number
  readonly outbox: readonly Effect[]
}

/** Does what a commit has promised, right after it. */
export async function publish(publisher: Publisher, promises: Promises): Promise<void> {
  const due = standing(promises)
  await Promise.all(atOnce(due).map(({ effect, stands }) => perform(publisher, effect, stands)))
  const lines = linesOf(due)
  if (lines.length > 0) await Promise.all(lines.map((line) => inLine(publisher, line)))
}

/** Most effects may be done in any order. */
function atOnce(due: readonly Standing[]): readonly Standing[] {
  return due.filter(({ effect }) => !performerOf(effect).line)
}

/** The others, by line in the order in which they were promised. */
function linesOf(due: readonly Standing[]): Standing[][] {
  const lines = Map.groupBy(due, ({ effect }) => performerOf(effect).line?.(effect))
  lines.delete(undefined)
  return [...lines.values()]
}

async function inLine(publisher: Publisher, due: readonly Standing[]): Promise<void> {
  for (const { effect, stands } of due) await perform(publisher, effect, stands)
}

/**
 * Does what a commit has promised when it is not known whether that was done. What can be seen to be done is left alone.
 *
 * @param which `visible`: what readers of results see. Wake-ups are left to whoever asks: one that handles a wake-up decides on the next.
 */
export async function heal(publisher: Publisher, promises: Promises, which: Which = 'all'): Promise<void> {
  const due = standing(promises).filter(({ effect }) => isAmong(which, effect))
  await Promise.all(
    atOnce(due).map(async ({ effect, stands }) => {
      const done = performerOf(effect).isDone?.(publisher, effect)
      if (done && (await done)) return
      try {
        await perform(publisher, effect, stands)
      } catch (error) {
        if (!(error instanceof StagedObjectLostError)) throw error
        publisher.gone(error, promises.at)
      }
    }),
  )
  const lines = linesOf(due)
  if (lines.length > 0) await Promise.all(lines.map((line) => inLine(publisher, line)))
}

type Which = 'all' | 'all but wakes' | 'visible'

function isAmong(which: Which, effect: Effect): boolean {
  return which === 'all' || performerOf(effect).visible || (which === 'all but wakes' && effect.kind !== 'wake')
}

/** Whether all that was promised, but wake-ups, is what readers of results see. */
export function seenWhole(outbox: readonly Effect[]): boolean {
  return outbox.every((effect) => isAmong('visible', effect) || !isAmong('all but wakes', effect))
}

interface Standing {
  readonly effect: Effect
  readonly stands: Coordinates
}

function standing({ task: { job, stage, task }, version, outbox }: Promises): Standing[] {
  return outbox.map((effect, index) => {
    const promisedBy = effect.kind === 'call' ? (effect.of ?? version) : version
    return { effect, stands: { job, stage, task, version: promisedBy, index } }
  })
}

/** Does what follows from commits and stands in none: whoever comes again does it again, and leaves alone what is done. */
export async function redo(publisher: Publisher, effect: Effect): Promise<void> {
  const performer = performerOf(effect)
  const isDone = performer.isDone?.(publisher, effect)
  if (isDone !== undefined && (await isDone)) return
  const performed = performer.perform(publisher, effect, undefined)
  if (performed) await performed
}

async function perform(publisher: Publisher, effect: Effect, stands: Coordinates): Promise<void> {
  return performerOf(effect).perform(publisher, effect, stands)
}
