// The life of a micro-batch: from the records of one partition in one invocation to a commit and what it promises.
// Read runMicroBatch top to bottom; DESIGN §3 numbers the same steps.

import type { MillraceError } from '../errors/errors.ts'
import { ContentionError } from '../errors/runtime-errors.ts'
import { OffsetGapError } from '../errors/state-errors.ts'
import type { SourceCommit } from '../log/commit-record.ts'
import type { Write } from '../sinks/sink.ts'
import type { KafkaEventRecord } from '../sources/kafka/event.ts'
import { isKafka } from '../sources/kafka/kafka.ts'
import { type Cut, cutRecords, type Gap } from './cut.ts'
import { checkDuplicates } from './duplicates.ts'
import { evidenceOf } from './evidence.ts'
import { knownHoles } from './holes.ts'
import type { Produced, ProducedInPlace } from './in-place.ts'
import { promiseObjects } from './outbox.ts'
import { positionAfter, positionOf } from './position.ts'
import { quarantineObject } from './quarantine.ts'
import { poisonError, type RunResult, runBatches } from './run.ts'
import { checkPartials, checkState, isUnsavable } from './savable.ts'
import type { SourceTask } from './source-task.ts'
import { assignBatchTimes } from './time.ts'
import { wakeTimeFor } from './wake-ups.ts'

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
 * Processes the records of one partition, exactly once (I1).
 *
 * @throws PoisonRecordError, OffsetGapError and whatever the services throw; what was committed stays committed, and
 * delivering the records again goes on from there.
 */
export async function runMicroBatch(task: SourceTask, records: readonly KafkaEventRecord[]): Promise<MicroBatch> {
  const [first] = records
  if (!first) return { records: 0, duplicates: 0, frontierBefore: 0, frontier: 0 }
  let suspect = false // whether something came of the records that cannot be saved
  try {
    for (let attempt = 0; attempt < MAX_CONFLICTS; attempt++) {
      await task.load(first.offset) // 1. version, position and frontier, from memory or from the log
      await task.keepAlive()
      await task.healHead() // 2. what the last commit promised is done
      const frontierBefore = task.head?.frontier ?? 0
      const cut = await cutNew(task, records) // 3. what is new
      await checkDuplicates(task, records)
      if (cut.records.length === 0)
        return { records: 0, duplicates: cut.duplicates, frontierBefore, frontier: frontierBefore }
      await task.rouse()
      const { commit, stop } = await draft(task, cut, suspect) // 4. operators, outputs
      if (commit === 'unsavable') {
        suspect = true // look which record is to blame
        continue
      }
      if (commit) {
        const outcome = await task.commit(commit) // 5. one conditional write
        if (outcome === 'conflict') continue // somebody else got on: look again
        if (outcome === 'unsavable') {
          suspect = true // look which record is to blame
          continue
        }
        await task.publishHead() // 6. what was promised
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

async function cutNew(task: SourceTask, records: readonly KafkaEventRecord[]): Promise<Cut> {
  const { ref, program, settings, environment } = task.parts
  // Sources of one topic share its offsets; the strictest rules among them count.
  const nodes = program.sources.flatMap(({ source }) => (isKafka(source) ? [source] : []))
  const strictest = nodes.find(({ gaps, holes }) => gaps === 'fail' && holes === 'none') ?? nodes[0]
  const rules = strictest ?? { gaps: 'fail', holes: 'none' }
  const position = positionOf(task.head, settings.clockSkew)
  try {
    return cutRecords(ref, records, position, rules)
  } catch (error) {
    if (!(error instanceof OffsetGapError)) throw error
    // Only now, so that it costs no read where nothing is missing: somebody may have declared the hole (docs/decisions/052).
    const cut = cutRecords(ref, records, position, rules, await knownHoles(environment.table, ref))
    const facts = { stage: ref.stage, task: ref.task, holes: cut.gaps }
    environment.log.warn(facts, 'went on without offsets that were declared missing (millrace offsets skip)')
    return cut
  }
}

interface Draft {
  /** `unsavable`: an element that operators by key were to carry is no value. */
  readonly commit: SourceCommit | 'unsavable' | undefined
  /** The error to end with, after what comes before it is committed. */
  readonly stop: MillraceError | undefined
}

/** Runs the operators and writes down what would be committed; large outputs are staged, nothing is visible. */
async function draft(task: SourceTask, cut: Cut, suspect: boolean): Promise<Draft> {
  const { ref, program, settings, environment } = task.parts
  const now = environment.clock.now()
  const frontierBefore = task.head?.frontier ?? 0
  const assigned = assignBatchTimes(cut.records, frontierBefore, now, settings)
  const batches = assigned.segments.map(({ time, start, end }) => ({ time, records: cut.records.slice(start, end) }))
  const run = await task.patiently(cut.records, (patient) =>
    runBatches(ref, program, batches, settings.onPoison, suspect, patient, environment.strict),
  )

  const [poison] = run.poison
  const stop = settings.onPoison === 'fail' && poison ? poisonError(ref, poison) : undefined
  const records = stop ? cut.records.filter(({ offset }) => offset < stop.offset) : cut.records
  const [first, last] = [records[0], records.at(-1)]
  if (!first || !last) return { commit: undefined, stop }

  const { frontier } = stop ? assignBatchTimes(records, frontierBefore, now, settings) : assigned
  const done = await runInPlace(task, run, frontier, suspect) // operators by key that need no shuffle
  if (done === 'unsavable') return { commit: done, stop: undefined }
  if (suspect) checkProduced(done) // no record is to blame any more
  const gaps = cut.gaps.filter(({ until }) => until <= last.offset)
  const objects = [...done.objects, ...quarantined(task, first.offset, gaps, run)]
  const missing = gaps.reduce((sum, gap) => sum + gap.until - gap.from, 0)
  const setAside = stop ? 0 : run.poison.length
  const counts = {
    records: records.length,
    duplicates: cut.duplicates,
    skipped: settings.onPoison === 'skip' ? setAside : 0,
    quarantined: settings.onPoison === 'quarantine' ? setAside : 0,
    missing,
    written: done.written,
  }
  const outbox = await promiseObjects(environment.objects, objects)
  const commit: SourceCommit = {
    kind: 'batch',
    at: now,
    active: now,
    code: environment.code,
    plan: task.parts.plans.own.fingerprint,
    position: {
      ...positionAfter(positionOf(task.head, settings.clockSkew), records, now + settings.clockSkew),
      ...evidenceOf(records, task.head?.position),
    },
    frontier,
    partials: done.partials,
    outbox: [...outbox, { kind: 'wake', at: wakeTimeFor(run.partials, now, settings) }],
    counts,
    totals: task.totalsWith(counts),
    ...('inPlace' in done && { inPlace: done.inPlace }),
  }
  return { commit, stop }
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

function quarantined(task: SourceTask, from: number, missing: readonly Gap[], run: RunResult): Write[] {
  const { ref, program, settings, environment } = task.parts
  const poison = settings.onPoison === 'quarantine' ? run.poison : []
  const gaps = program.sources.some(
    ({ source }) => isKafka(source) && source.gaps === 'quarantine' && source.holes === 'none',
  )
    ? missing
    : []
  if (poison.length === 0 && gaps.length === 0) return []
  return [quarantineObject(ref, settings, environment.bucket, from, poison, gaps)]
}
