// A commit in one line, for people and scripts: what it did, taken from the record alone.

import {
  type BucketCommit,
  type CloseCommit,
  type Edit,
  isCloseCommit,
  type SourceCommit,
} from '../log/commit-record.ts'
import type { Entry } from '../log/task-log.ts'
import { placeOfTask, type TaskRef } from '../names/tasks.ts'
import { isPosition } from '../sources/kafka/position.ts'

export type LogRecord = SourceCommit | BucketCommit | CloseCommit

export interface LogLine {
  readonly task: string
  readonly version: number
  /** The clock at the commit. */
  readonly at: number
  /** As the record says it; `edit`: an operator has made it by hand. */
  readonly kind: string
  readonly bytes: number
  readonly code?: string
  /** Offsets `[from, until)` of the records in it. */
  readonly from?: number
  readonly until?: number
  readonly records?: number
  readonly duplicates?: number
  readonly aside?: number
  /** Batch times that it adds something to, has run, or closes. */
  readonly batches?: readonly number[]
  readonly closedUntil?: number
  readonly outbox?: number
  readonly snapshot?: number
  readonly by?: string
  readonly why?: string
  readonly what?: string
  readonly undoes?: number
}

export function lineOf(task: TaskRef, { version, record, bytes }: Entry<LogRecord>): LogLine {
  const { kind, at, code, outbox } = record
  const edit = 'edit' in record ? record.edit : undefined
  return {
    ...{ task: placeOfTask(task), version, at, kind: edit ? 'edit' : kind, bytes, code, outbox: outbox.length },
    ...(isSource(record)
      ? ofSource(record, version)
      : isCloseCommit(record)
        ? ofClosing(record)
        : ofBucket(record, version)),
    ...(edit && ofEdit(edit)),
  }
}

function isSource(record: LogRecord): record is SourceCommit {
  return 'frontier' in record
}

function ofSource({ position, counts, partials, inPlace, edit }: SourceCommit, version: number): Partial<LogLine> {
  const { records, duplicates, skipped, quarantined } = counts
  const before = edit?.what === 'position' && isPosition(edit.before) ? edit.before.until : undefined
  return {
    ...(isPosition(position) && { from: before ?? position.from, until: position.until }),
    ...{ records, duplicates, aside: skipped + quarantined, batches: partials.map(({ time }) => time) },
    ...(inPlace?.snapshot && inPlace.since === version - 1 && { snapshot: inPlace.since }),
  }
}

function ofBucket({ closedUntil, ran, snapshot }: BucketCommit, version: number): Partial<LogLine> {
  return { batches: ran, closedUntil, ...(snapshot?.version === version - 1 && { snapshot: snapshot.version }) }
}

function ofClosing({ closed, closedUntil }: CloseCommit): Partial<LogLine> {
  return { batches: closed, closedUntil }
}

function ofEdit({ what, by, why, undoes, ...more }: Edit): Partial<LogLine> {
  const of = 'operator' in more ? `state of ${more.operator}` : what
  return { what: of, by, ...(why !== undefined && { why }), ...(undoes !== undefined && { undoes }) }
}
