// Partitions that fall silent: whoever waits for one moves it on by an empty commit in its own log, under the same
// fence; and a log that stays quiet gets an entry that does not expire (DESIGN §3, §4).

import { errorFacts } from '../../errors/errors.ts'
import { LogLostError } from '../../errors/state-errors.ts'
import { pack } from '../../log/codec.ts'
import { NO_COUNTS, type SourceCommit } from '../../log/commit-record.ts'
import type { SourceKind } from '../../sources/source.ts'
import { isOfCall } from '../calls.ts'
import { FencedLog } from '../fenced-log.ts'
import { carryOn } from '../in-place.ts'
import { promiseObjects } from '../outbox.ts'
import { trustedFor } from '../snapshot-due.ts'
import type { SourceTask } from '../source-task.ts'
import { closedBy, latest } from '../time.ts'
import { endTrouble, troubles } from '../trouble.ts'
import type { CloserParts } from './closer-parts.ts'
import type { LogReader } from './log-reader.ts'

/**
 * Silent by the clock, since its last commit that held records, unless somebody knows whether more will come. What is not known yet counts
 * as silent: the head is checked before anything is done.
 */
function isSilent(task: string, active: number, { environment, settings }: CloserParts): boolean {
  return environment.ended?.(task) ?? environment.clock.now() - active >= settings.idleAfter
}

/**
 * Moves silent tasks on so that they hold nobody back. While others go on, to where those are; when all are silent,
 * to the end of the last batch with data, once the clock has reached it: at its pace for live data, at once for old data.
 *
 * @param due times at which buckets have something to do although nothing came
 * @returns whether any was moved.
 */
export async function moveSilent(
  readers: readonly LogReader[],
  due: readonly number[],
  parts: CloserParts,
): Promise<boolean> {
  const { settings, environment } = parts
  const now = environment.clock.now()
  const awake = readers.filter(({ asleep }) => !asleep)
  const silent = awake.filter(({ task, active = 0 }) => isSilent(task, active, parts) && !parts.isAtWork(task))
  if (silent.length === 0) return false
  const othersGoOn = silent.length < awake.length
  const target = othersGoOn ? furthest(readers) : endOfData(readers, due, now)
  const seemBehind = silent.filter((r) => closedBy(r.frontier, settings.batch) < closedBy(target, settings.batch))
  const behind = await withoutTroubled(seemBehind, parts)
  const moved = await Promise.all(
    behind.map((reader) => {
      const kind = othersGoOn && maySleep(reader, parts) ? 'sleep' : 'idle'
      return appendQuiet(reader, parts, kind, Math.max(reader.frontier, target))
    }),
  )
  // What was appended just now must be seen: on a stale read the look would end here, and the next comes idleAfter later.
  await Promise.all(behind.map((reader) => reader.refresh(true)))
  return moved.includes(true)
}

/** What is reached is closed all the same when a partition waits for a function of the job to which it has promised something. */
function tellOfCall(error: unknown, kind: QuietKind, { task }: LogReader, { job, environment }: CloserParts): void {
  if (kind === 'seal' || !isOfCall(error)) throw error
  environment.log.error({ job, task, ...errorFacts(error) }, 'a call failed after the commit')
}

/**
 * A task with nothing open and nothing due sleeps: one entry, and it costs nothing until it commits again. Before that, its
 * last batches are closed as ever. One that has, or has had, operators by key is moved on: batches run in it.
 */
function maySleep({ task, openTimes, next }: LogReader, parts: CloserParts): boolean {
  return openTimes.length === 0 && next === undefined && !parts.taskInPlace(task)
}

/** A task that is in trouble is waited for, up to a bound. */
async function withoutTroubled(behind: readonly LogReader[], parts: CloserParts): Promise<readonly LogReader[]> {
  if (behind.length === 0) return behind
  const { job, plans, settings, environment } = parts
  const known = await troubles(environment.table, job)
  const held = await Promise.all(
    behind.map(async ({ task, log }) => {
      const trouble = known.get(task)
      if (!trouble) return false
      const position = (await log.head())?.record.position
      if (plans.kinds.of(task).isBeyond(position, trouble.waitingFor)) {
        await endTrouble(environment.table, job, task)
        return false
      }
      if (environment.clock.now() - trouble.since < settings.waitForFailed) return true
      environment.log.warn(
        { job, task, ...trouble },
        'a partition has failed for waitForFailed: time goes on without it, and what it gets later joins a later batch',
      )
      return false
    }),
  )
  return behind.filter((_, i) => !held[i])
}

/** Ends a quiet log with an entry that does not expire, unless it has one. False: it is not quiet, or not all of it is closed. */
export async function sealLog(reader: LogReader, parts: CloserParts): Promise<boolean> {
  const sealed = await appendQuiet(reader, parts, 'seal', reader.frontier)
  await reader.refresh(true)
  return sealed && reader.openTimes.length === 0
}

/**
 * Seals logs that nobody waits for: a partition that is silent, ahead of the others and has nothing open is neither moved on nor put to
 * sleep, and while others catch up for longer than `retention` the job never rests.
 */
export async function sealAhead(readers: readonly LogReader[], parts: CloserParts): Promise<void> {
  const { settings, environment } = parts
  const now = environment.clock.now()
  if (!readers.some(({ openTimes }) => openTimes.length > 0)) return // at rest soon
  const ahead = readers.filter((reader) => {
    const { asleep, active = 0, openTimes, lookedAt } = reader
    const quiet = now - Math.max(active, lookedAt) >= trustedFor(settings) / 4
    return quiet && !asleep && openTimes.length === 0 && !parts.isAtWork(reader.task)
  })
  await Promise.all(
    ahead.map(async (reader) => {
      await sealLog(reader, parts)
      reader.lookedAt = now
    }),
  )
}

function furthest(readers: readonly LogReader[]): number {
  return latest(readers.map(({ known }) => known))
}

function endOfData(readers: readonly LogReader[], due: readonly number[], now: number): number {
  const ends = [...readers.flatMap(({ openTimes }) => openTimes), ...due]
  return Math.max(0, latest(ends.filter((time) => time <= now)))
}

type QuietKind = 'idle' | 'sleep' | 'seal'

/** Appends an entry without records, if the log is as silent as it seemed. True: there is one now. */
async function appendQuiet(reader: LogReader, parts: CloserParts, kind: QuietKind, frontier: number): Promise<boolean> {
  const task = parts.taskInPlace(reader.task)
  // At work in this very process, so it is not silent.
  if (task && !reader.asleep)
    return (await task.mutex.tryRun(() => runQuiet(task, reader, parts, kind, frontier))) ?? false
  const log = new FencedLog({ ...parts, log: reader.log })
  const { entry: head } = await log.read()
  if (!head) throw new LogLostError(reader.log.task) // it is known, so there was a birth
  if (!isSilent(reader.task, head.record.active, parts)) return false
  const asleep = head.record.kind === 'sleep' && !reader.isAwakeAt(head.version)
  const sealed = (head.record.kind === 'seal' || asleep) && head.headUntil === undefined
  if (kind === 'seal' ? sealed : asleep || head.record.frontier >= frontier) return true
  // What is open in entries that were not read, or ran in place, is still to be passed.
  const sleeps = kind === 'sleep' && reader.isAwakeAt(head.version) && !head.record.inPlace
  const still = sleeps || (kind === 'seal' && asleep) // one that sleeps goes on sleeping under its seal
  const source = parts.plans.kinds.of(reader.task)
  log.hold(head, reader.isPublished(head.version))
  try {
    await log.heal(false)
  } catch (error) {
    tellOfCall(error, kind, reader, parts)
    return false
  }
  const quiet = still
    ? quietCommit(source, head.record, 'sleep', reader.frontier, parts)
    : quietCommit(source, head.record, kind === 'sleep' ? 'idle' : kind, frontier, parts)
  const inPlace = await carryOn(
    { ...parts, ref: reader.log.task, log: reader.log },
    head,
    quiet.frontier,
    kind === 'seal',
  )
  const record = { ...quiet, ...inPlace }
  return (await log.append(await log.prepare(record))) === 'committed'
}

/** The same for a task with operators by key: a micro-batch without records, with what closes by it. */
async function runQuiet(
  task: SourceTask,
  reader: LogReader,
  parts: CloserParts,
  kind: QuietKind,
  frontier: number,
): Promise<boolean> {
  const { environment } = parts
  try {
    await task.loadQuiet(reader.frontier)
    const { head } = task
    if (!head || !isSilent(reader.task, head.active, parts)) return false
    if (head.kind === 'sleep' && !reader.isAwakeAt(task.version)) return kind !== 'seal' // by code that ran nothing in place
    if (kind === 'seal' ? task.sealed : head.frontier >= frontier) return true
    await task.healHead(false)
    const quiet = quietCommit(task.parts.source, head, kind, frontier, parts)
    const done = await task.runInPlace(NOTHING, quiet.frontier, kind === 'seal')
    const counts = { ...NO_COUNTS, written: done.written }
    const commit: SourceCommit = {
      ...quiet,
      partials: done.partials,
      outbox: await promiseObjects(environment.objects, done.objects),
      counts,
      totals: task.totalsWith(counts),
      ...('inPlace' in done && { inPlace: done.inPlace }),
    }
    const outcome = await task.commit(commit)
    if (outcome === 'unsavable') pack(commit) // throws, and says what it is
    if (outcome !== 'committed') return false
    await task.publishHead()
    return true
  } catch (error) {
    task.forget()
    tellOfCall(error, kind, reader, parts)
    return false
  }
}

const NOTHING = { partials: [], objects: [], written: 0 }

function quietCommit(
  source: SourceKind,
  { inPlace: _, ...head }: SourceCommit,
  kind: QuietKind,
  frontier: number,
  { environment: { clock, code }, plans }: CloserParts,
): SourceCommit {
  const { position } = head
  return {
    ...head,
    kind,
    at: clock.now(),
    code,
    plan: plans.own.fingerprint,
    position: position === undefined ? undefined : source.rest(position),
    frontier: Math.max(frontier, head.frontier),
    partials: [],
    outbox: [],
    counts: NO_COUNTS,
  }
}
