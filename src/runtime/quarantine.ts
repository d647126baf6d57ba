// Records that could not be processed, and ranges that never came, as objects that are committed with the batch (I7).

import { describeCause, MillraceError } from '../errors.ts'
import { escapeKeyPart, objectPath, type TaskRef } from '../state/task.ts'
import type { JobSettings } from '../stream/job.ts'
import type { Gap } from './cut.ts'
import type { OutputObject } from './outbox.ts'
import { offsetDigits, type Poison } from './run.ts'

/** One object, one line per record or gap: coordinates, error, and the record's bytes as they came (base64). */
export function quarantineObject(
  task: TaskRef,
  { quarantine }: JobSettings,
  stateBucket: string,
  from: number,
  poison: readonly Poison[],
  gaps: readonly Gap[],
): OutputObject {
  const { bucket, prefix } = quarantine ?? {
    bucket: stateBucket,
    prefix: `_millrace/quarantine/${objectPath(task.job)}`,
  }
  const lines = [
    ...gaps.map((gap) => ({ kind: 'gap', task: task.task, from: gap.from, until: gap.until })),
    ...poison.map(({ record, error }) => ({
      kind: 'record',
      topic: record.topic,
      partition: Number(record.partition),
      offset: record.offset,
      timestamp: record.timestamp,
      key: record.key ?? null,
      value: record.value ?? null,
      headers: record.headers ?? [],
      error: { code: error instanceof MillraceError ? error.code : undefined, message: describeCause(error) },
    })),
  ]
  return {
    ref: { bucket, key: `${prefix}/${escapeKeyPart(task.task)}-${offsetDigits(from)}.ndjson` },
    contentType: 'application/x-ndjson',
    body: Buffer.from(lines.map((line) => `${JSON.stringify(line)}\n`).join('')),
  }
}
