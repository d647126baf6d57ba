// The longest names of each kind that a job can come to, made as names are made: what `plan/names.ts` holds against the limits of the
// stores. What users name is as long as they have named it, what is added to it as long as it can get. Names of rows are not
// among them: they hold a topic, a bucket or a fingerprint, and none of those is half as long as a row's name may be.

import { offsetDigits, quarantinedRecordsKey, quarantinedValuesKey, type SnapshotName, snapshotKey } from './objects.ts'
import { partOfBucket, partOfRecords } from './outputs.ts'
import { bucketTask, partitionName, sourceTask, type TaskRef } from './tasks.ts'

/** Kafka's greatest partition. */
const PARTITION = 2 ** 31 - 1
/** Versions, times and offsets have 16 digits at most. */
const NUMBER = Number.MAX_SAFE_INTEGER
/** What a source calls a record by which names sort. */
const FIRST = offsetDigits(NUMBER)
const BUCKET = 99_999
/** Of a plan (`plan/shape.ts`). */
const FINGERPRINT = '0'.repeat(8)
/** Milliseconds have 13 digits until the year 2286; ids are UUIDs. */
const SNAPSHOT: SnapshotName = { version: NUMBER, at: 10 ** 13 - 1, previous: '0'.repeat(36), id: '0'.repeat(36) }

/** @param topics those that the job reads. */
export function longestSourceTask(job: string, topics: Iterable<string>): TaskRef {
  return sourceTask(job, partitionName(longestOf(topics), PARTITION))
}

export function longestBucketTask(job: string, stage: string): TaskRef {
  return bucketTask(job, stage, BUCKET)
}

/** A batch's. */
export const LONGEST_TIME = NUMBER

/** @param topics of an output that source tasks write: those that the job reads. */
export function longestPart(topics?: Iterable<string>): string {
  return topics ? partOfRecords(partitionName(longestOf(topics), PARTITION), FIRST) : partOfBucket(BUCKET, FINGERPRINT)
}

export function longestQuarantineKey(prefix: string, task: TaskRef): string {
  return longestOf([quarantinedRecordsKey(prefix, task, FIRST), quarantinedValuesKey(prefix, task, NUMBER)])
}

/** Those of spilled records are shorter. */
export function longestSnapshotKey(task: TaskRef): string {
  return snapshotKey(task, SNAPSHOT)
}

function longestOf(texts: Iterable<string>): string {
  return [...texts].reduce((longest, text) => (text.length > longest.length ? text : longest), '')
}
