// Step 4 of the commit protocol: the operators, one batch time after the other, and what to do when a record breaks them.

import { ValueChangedError } from '../errors/operator-errors.ts'
import { OperatorError, TransientFailureError } from '../errors/runtime-errors.ts'
import type { PoisonPolicy } from '../graph/job.ts'
import { pack } from '../log/codec.ts'
import type { BatchPartial } from '../log/commit-record.ts'
import { partOfRecords } from '../names/outputs.ts'
import type { TaskRef } from '../names/tasks.ts'
import { allAlike, isTransient } from '../operators/transient.ts'
import type { Program } from '../plan/plan.ts'
import { exchange } from '../programs/exchange.ts'
import { Guard } from '../programs/guard.ts'
import { runTraced } from '../programs/program.ts'
import type { Write } from '../sinks/sink.ts'
import { kindOf, type SourceRecord } from '../sources/source.ts'
import { collectOutputs } from './outputs.ts'
import { checkPartials } from './savable.ts'

/** The records of one batch time. */
export interface BatchRecords {
  readonly time: number
  readonly records: readonly SourceRecord[]
  /** The same with those that were set aside. */
  readonly read?: readonly SourceRecord[]
}

/** A record that was set aside, and why. */
export interface Poison {
  readonly record: SourceRecord
  readonly error: unknown
}

export interface RunResult {
  readonly objects: readonly Write[]
  readonly partials: readonly BatchPartial[]
  /** Elements that reached outputs which write. */
  readonly written: number
  /** Set aside by policy; under `fail` the first one stands here and nothing from it on was run. */
  readonly poison: readonly Poison[]
}

/**
 * Runs a task's program on its batches. When it throws, the records are tried one by one to find out which are to blame.
 * Under `fail` the result covers the records before the first bad one, so that they can be committed before the task stops.
 *
 * @param suspect what came of these records could not be saved: a record of which something unsavable comes is bad, too.
 * @param strict freezes what user code must not change
 * @param position where the task stands before them
 * @param patient when all records fail alike in calls elsewhere, the calls are taken to be to blame.
 * @throws OperatorError when the batches fail although every record passes alone.
 * @throws TransientFailureError when something is away: whatever the policy, no record is to blame.
 */
export async function runBatches(
  task: TaskRef,
  program: Program,
  batches: readonly BatchRecords[],
  policy: PoisonPolicy,
  suspect = false,
  patient = false,
  strict = false,
  position?: unknown,
): Promise<RunResult> {
  try {
    return savable(await runAll(task, program, batches, [], strict, position), suspect)
  } catch (cause) {
    if (cause instanceof ValueChangedError) throw cause // no record is to blame
    const all = batches.flatMap(({ records }) => records)
    const span = kindOf(program.sources).spanOf(all)
    const away = (error: unknown, alike: boolean): TransientFailureError =>
      new TransientFailureError(task, span, error, alike)
    if (isTransient(cause)) throw away(cause, false)
    const poison = await findPoison(task, program, batches, policy === 'fail', suspect)
    const trouble = poison.find(({ error }) => isTransient(error))
    if (trouble) throw away(trouble.error, false)
    const alike = poison.length === all.length && allAlike(poison.map(({ error }) => error))
    if (alike && patient) throw away(cause, true)
    if (poison.length === 0) throw new OperatorError(task, span, cause)
    const left = policy === 'fail' ? upTo(batches, poison) : without(batches, poison)
    return runAll(task, program, left, poison, strict, position)
  }
}

/** @throws UnsavableValueError when asked to look, which costs as much as the commit's own encoding. */
function savable(result: RunResult, look: boolean): RunResult {
  if (look) {
    checkPartials(result.partials)
    pack(result.partials)
  }
  return result
}

async function runAll(
  task: TaskRef,
  program: Program,
  batches: readonly BatchRecords[],
  poison: readonly Poison[],
  strict = false,
  position?: unknown,
): Promise<RunResult> {
  const objects: Write[] = []
  const partials: BatchPartial[] = []
  const { nameOf, markOf, rangeOf } = kindOf(program.sources)
  let written = 0
  for (const { time, records, read = records } of batches) {
    const [first, from, until] = [records[0], read[0], read.at(-1)]
    if (!first || !from || !until) continue
    const { slots, leaving } = await runTraced(program, records, strict ? new Guard() : undefined)
    const part = partOfRecords(task.task, nameOf(first, position))
    const span = rangeOf && { read: [markOf(from), markOf(until)] as const }
    const outputs = collectOutputs(program.outputs, slots, { time, part, ...span })
    objects.push(...outputs.objects)
    written += outputs.written
    partials.push({ time, samples: outputs.samples, shuffle: exchange(program.edges, slots, leaving) })
  }
  return { objects, partials, written, poison }
}

/** Runs every record alone, encoders included, and collects those that throw. */
async function findPoison(
  task: TaskRef,
  program: Program,
  batches: readonly BatchRecords[],
  firstOnly: boolean,
  suspect: boolean,
): Promise<Poison[]> {
  const poison: Poison[] = []
  for (const { time, records } of batches) {
    for (const record of records) {
      try {
        savable(await runAll(task, program, [{ time, records: [record] }], []), suspect)
      } catch (error) {
        poison.push({ record, error })
        if (firstOnly) return poison
      }
    }
  }
  return poison
}

function without(batches: readonly BatchRecords[], poison: readonly Poison[]): BatchRecords[] {
  const bad = new Set(poison.map(({ record }) => record))
  return batches.map(({ time, records }) => ({
    time,
    records: records.filter((record) => !bad.has(record)),
    read: records,
  }))
}

function upTo(batches: readonly BatchRecords[], [first]: readonly Poison[]): BatchRecords[] {
  if (!first) return []
  const at = batches.findIndex(({ records }) => records.includes(first.record))
  return batches.slice(0, at + 1).map(({ time, records }) => ({ time, records: recordsBefore(first.record, records) }))
}

/** Of records in their order, those that come before one of them. */
export function recordsBefore(record: SourceRecord, records: readonly SourceRecord[]): readonly SourceRecord[] {
  const at = records.indexOf(record)
  return at < 0 ? records : records.slice(0, at)
}
