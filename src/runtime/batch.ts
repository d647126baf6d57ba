// The life of a micro-batch: from the records of one partition in one invocation to a commit and what it promises.
// Read runMicroBatch top to bottom; DESIGN §3 numbers the same steps.

import type { MillraceError } from '../errors/errors.ts'
import { ContentionError } from '../errors/runtime-errors.ts'
import type { BatchInput, SourceCommit } from '../log/commit-record.ts'
import type { Write } from '../sinks/sink.ts'
import type { Cut, Missing, SourceKind, SourceRecord } from '../sources/source.ts'
import type { Produced, ProducedInPlace } from './in-place.ts'
import { promiseObjects } from './outbox.ts'
import { quarantineObject } from './quarantine.ts'
import { type RunResult, recordsBefore, runBatches } from './run.ts'
import { checkPartials, checkState, isUnsavable } from './savable.ts'
import type { SourceTask } from './source-task.ts'
import { type Aside, tellNothingNew, tellTaken } from './taken.ts'
import { assignBatchTimes, type Segment } from './time.ts'
import { wakeTimeFor } from './wake-ups.ts'
import { checkDropped, cutNew, pastOf } from './whats-new.ts'

/** More lost races than this in one invocation are no race but a fault: every one means that somebody else got on. */
const MAX_CONFLICTS = 50

export interface MicroBatch {
  /** Records that this invocation committed, and those it dropped as committed before. */
  readonly records: number
  readonly duplicates: number
  /** The task's frontier before and after. */
  readonly frontierBefore: number
  readonly frontier: number
}

/**
 * Processes the records that one task gets in one invocation, exactly once (I1).
 *
 * @throws PoisonRecordError, what the source has to say of its records, such as OffsetGapError, and whatever the services throw; what
 * was committed stays committed, and delivering the records again goes on from there.
 */
export async function runMicroBatch(task: SourceTask, records: readonly SourceRecord[]): Promise<MicroBatch> {
  if (records.length === 0) return { records: 0, duplicates: 0, frontierBefore: 0, frontier: 0 }
  const { positionsStay = false } = task.parts.environment
  let suspect = false // whether something came of the records that cannot be saved
  const lap = task.parts.environment.meter?.laps()
  try {
    for (let attempt = 0; attempt < MAX_CONFLICTS; attempt++) {
      await task.load(records) // 1. version, position and frontier, from memory or from the log
      await task.keepAlive()
      await task.healHead() // 2. what the last commit promised is done
      const frontierBefore = task.head?.frontier ?? 0
      const cut = await cutNew(task, records) // 3. what is new
      await checkDropped(task, records)
      lap?.('load')
      if (cut.records.length === 0) {
        // Nothing will be written, so no condition would tell that an operator has set the position back since.
        if (!positionsStay && (await task.goneOn())) continue
        tellNothingNew(task, cut)
        return { records: 0, duplicates: cut.duplicates, frontierBefore, frontier: frontierBefore }
      }
      await task.rouse()
      const { commit, stop, aside } = await draft(task, cut, suspect) // 4. operators, outputs
      lap?.('run')
      if (commit === 'unsavable') {
        suspect = true // look which record is to blame
        continue
      }
      if (commit) {
        const outcome = await task.commit(commit) // 5. one conditional write
        lap?.('commit')
        if (outcome === 'conflict') continue // somebody else got on: look again
        if (outcome === 'unsavable') {
          suspect = true // look which record is to blame
          continue
        }
        tellTaken(task, commit, aside)
        await task.publishHead() // 6. what was promised
        lap?.('publish')
        task.warnOfTimes(cut.records)
      }
      if (stop) throw stop
      return {
        records: cut.records.length,
        duplicates: cut.duplicates,
        frontierBefore,
        frontier: task.head?.frontier ?? 0,
      }
    }
  } catch (error) {
    task.forget()
    throw error
  }
  throw new ContentionError(task.parts.ref.task, MAX_CONFLICTS)
}

interface Draft {
  /** `unsavable`: an element that operators by key were to carry is no value. */
  readonly commit: SourceCommit | 'unsavable' | undefined
  /** The error to end with, after what comes before it is committed. */
  readonly stop: MillraceError | undefined
  readonly aside: Aside
}

const NOTHING: Aside = { late: 0, poison: [], missing: { count: 0, lines: [] }, newest: -1 }

/** Runs the operators and writes down what would be committed; large outputs are staged, nothing is visible. */
async function draft(task: SourceTask, cut: Cut, suspect: boolean): Promise<Draft> {
  const { ref, program, source, settings, environment } = task.parts
  const now = environment.clock.now()
  const frontierBefore = task.head?.frontier ?? 0
  const assigned = assignBatchTimes(cut.records, source.timeOf, frontierBefore, now, settings)
  const batches = assigned.segments.map(({ time, start, end }) => ({ time, records: cut.records.slice(start, end) }))
  const run = await task.patiently(cut.records, (patient) =>
    runBatches(ref, program, batches, settings.onPoison, suspect, patient, environment.strict, task.head?.position),
  )

  const [poison] = run.poison
  const bad = settings.onPoison === 'fail' ? poison?.record : undefined
  const stop = bad && source.poison(ref, bad, poison?.error)
  const records = bad ? recordsBefore(bad, cut.records) : cut.records
  const [first, last] = [records[0], records.at(-1)]
  if (!first || !last) return { commit: undefined, stop, aside: NOTHING }

  const { frontier, segments, late } = stop
    ? assignBatchTimes(records, source.timeOf, frontierBefore, now, settings)
    : assigned
  const done = await runInPlace(task, run, frontier, suspect) // operators by key that need no shuffle
  if (done === 'unsavable') return { commit: done, stop: undefined, aside: NOTHING }
  if (suspect) checkProduced(done) // no record is to blame any more
  const missing = cut.missingBefore(last)
  const objects = [...done.objects, ...quarantined(task, first, missing, run)]
  const setAside = stop ? 0 : run.poison.length
  const counts = {
    records: records.length,
    duplicates: cut.duplicates,
    skipped: settings.onPoison === 'skip' ? setAside : 0,
    quarantined: settings.onPoison === 'quarantine' ? setAside : 0,
    missing: missing.count,
    written: done.written,
  }
  const outbox = await promiseObjects(environment.objects, objects)
  const commit: SourceCommit = {
    kind: 'batch',
    at: now,
    active: now,
    code: environment.code,
    plan: task.parts.plans.own.fingerprint,
    position: source.after(pastOf(task), records, now + settings.clockSkew),
    frontier,
    partials: done.partials,
    outbox: [...outbox, { kind: 'wake', at: wakeTimeFor(run.partials, now, settings) }],
    counts,
    totals: task.totalsWith(counts),
    ...(program.notesInputs && { inputs: inputsOf(source, records, segments) }),
    ...('inPlace' in done && { inPlace: done.inPlace }),
  }
  const poisonous = stop ? [] : run.poison
  return { commit, stop, aside: { late, poison: poisonous, missing, newest: source.timeOf(last) } }
}

/** What is read for each batch time. */
function inputsOf(
  { markOf }: SourceKind,
  records: readonly SourceRecord[],
  segments: readonly Segment[],
): BatchInput[] {
  return segments.flatMap(({ time, start, end }) => {
    const [first, last] = [records[start], records[end - 1]]
    return first && last ? [[time, end - start, markOf(first), markOf(last)]] : []
  })
}

async function runInPlace(
  task: SourceTask,
  run: RunResult,
  frontier: number,
  suspect: boolean,
): Promise<Produced | ProducedInPlace | 'unsavable'> {
  try {
    return await task.runInPlace(run, frontier)
  } catch (error) {
    if (suspect || !isUnsavable(error)) throw error
    return 'unsavable'
  }
}

function checkProduced(done: Produced | ProducedInPlace): void {
  checkPartials(done.partials)
  if ('inPlace' in done) checkState(done.inPlace.state)
}

function quarantined(task: SourceTask, first: SourceRecord, missing: Missing, run: RunResult): Write[] {
  const { ref, source, settings, environment } = task.parts
  const poison = settings.onPoison === 'quarantine' ? run.poison : []
  if (poison.length === 0 && missing.lines.length === 0) return []
  const name = source.nameOf(first, task.head?.position)
  return [quarantineObject(ref, settings, environment.bucket, source, name, poison, missing.lines)]
}
