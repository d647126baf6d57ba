// Records that could not be processed, and ranges that never came, as objects that are committed with the batch (I7).

import { causeFacts, describeCause, MillraceError } from '../errors/errors.ts'
import { formatElement } from '../formats/encode.ts'
import type { JobSettings } from '../graph/job.ts'
import { quarantinedRecordsKey, quarantinedValuesKey, quarantinePrefix } from '../names/objects.ts'
import type { TaskRef } from '../names/tasks.ts'
import type { SetAside } from '../programs/aside.ts'
import type { OutputObject } from '../sinks/sink.ts'
import type { SourceKind } from '../sources/source.ts'
import type { Environment } from './environment.ts'
import type { Poison } from './run.ts'

/** One object, one line per key (or record) on which a function of the job threw when batch `time` was run. */
export function valuesObject(
  task: TaskRef,
  settings: JobSettings,
  stateBucket: string,
  time: number,
  failures: readonly SetAside[],
): OutputObject {
  const { bucket, prefix } = placeOf(task, settings, stateBucket)
  const lines = failures.map(({ operator, key, values, error }) => ({
    ...{ kind: 'values', stage: task.stage, task: task.task, time, operator },
    ...(key !== undefined && { key }),
    values,
    error: errorOf(error),
  }))
  return {
    ref: { bucket, key: quarantinedValuesKey(prefix, task, time) },
    contentType: 'application/x-ndjson',
    body: Buffer.from(lines.map((line) => `${JSON.stringify(line, inWords)}\n`).join('')),
  }
}

/** What JSON has no form for, in one that people can read. */
function inWords(_: string, value: unknown): unknown {
  if (typeof value === 'bigint' || (typeof value === 'number' && !Number.isFinite(value))) return String(value)
  const isOther = value instanceof Map || value instanceof Set || ArrayBuffer.isView(value)
  return isOther ? formatElement(value) : value
}

function errorOf(error: unknown): { readonly code: string | undefined; readonly message: string } {
  return { code: error instanceof MillraceError ? error.code : undefined, message: describeCause(error) }
}

function placeOf(
  task: TaskRef,
  { quarantine }: JobSettings,
  stateBucket: string,
): { readonly bucket: string; readonly prefix: string } {
  return quarantine ?? { bucket: stateBucket, prefix: quarantinePrefix(task.job) }
}

/** What runs closed batches of a task is given to keep what was set aside; under `skip` the log alone says it. */
export function keepAside(
  task: TaskRef,
  settings: JobSettings,
  { bucket, log, meter }: Environment,
): (time: number, failures: readonly SetAside[]) => OutputObject[] {
  return (time, failures) => {
    const [first] = failures
    if (!first) return []
    const facts = {
      stage: task.stage,
      task: task.task,
      time,
      operator: first.operator,
      ...causeFacts(first.error),
    }
    log.warn({ ...facts, failures: failures.length }, 'a function of the job threw on values of a closed batch')
    if (settings.onPoison === 'quarantine') meter?.quarantined(failures.length)
    return settings.onPoison === 'quarantine' ? [valuesObject(task, settings, bucket, time, failures)] : []
  }
}

/** One object, one line per record, or per range that is missing: coordinates, error, and the record's bytes as they came (base64). */
export function quarantineObject(
  task: TaskRef,
  settings: JobSettings,
  stateBucket: string,
  source: Pick<SourceKind, 'describe'>,
  first: string,
  poison: readonly Poison[],
  missing: readonly object[],
): OutputObject {
  const { bucket, prefix } = placeOf(task, settings, stateBucket)
  const lines = [
    ...missing,
    ...poison.map(({ record, error }) => ({
      kind: 'record',
      ...source.describe(record),
      error: errorOf(error),
    })),
  ]
  return {
    ref: { bucket, key: quarantinedRecordsKey(prefix, task, first) },
    contentType: 'application/x-ndjson',
    body: Buffer.from(lines.map((line) => `${JSON.stringify(line)}\n`).join('')),
  }
}
