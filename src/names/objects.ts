// Objects, and the keys of those that are Millrace's own. These are below `_millrace/`, where no output may write; there each kind
// has a folder of its own, in it every job, stage and task, escaped. Names in a task's folder hold only what is made here.

import { escapeKeyPart, objectPath } from './escape.ts'
import { versionKey, versionOfKey } from './table-keys.ts'
import type { TaskRef } from './tasks.ts'

/**
 * Names an object: `s3://bucket/key`. The key is used as it is; whoever builds it escapes what comes from data. Any key that S3
 * takes is taken by every store; others (empty, over 1,024 bytes of UTF-8, lone surrogates) are an `InvalidOptionError`.
 */
export interface ObjectRef {
  readonly bucket: string
  readonly key: string
}

/** `s3://bucket/key` of a reference, for messages and listings. */
export function objectUrl({ bucket, key }: ObjectRef): string {
  return `s3://${bucket}/${key}`
}

/** The object that an address names; undefined when it is no address of an object. */
export function refOfUrl(url: string): ObjectRef | undefined {
  const [, bucket, key] = /^s3:\/\/([^/]*)\/(.+)$/.exec(url) ?? []
  return bucket === undefined || key === undefined ? undefined : { bucket, key }
}

/** `s3://bucket` */
export function bucketUrl(bucket: string): string {
  return `s3://${bucket}`
}

/** The bucket that an address names; undefined when it is no address of a bucket. */
export function bucketOfUrl(url: string): string | undefined {
  return /^s3:\/\/([^/]+)\/?$/.exec(url)?.[1]
}

/** The key of the folder that an object is in, its `/` included. */
export function folderOfKey(key: string): string {
  return key.slice(0, key.lastIndexOf('/') + 1)
}

/** What is Millrace's own is below it; no output may be. */
export const OWN_PREFIX = '_millrace/'

const SNAPSHOTS = `${OWN_PREFIX}snapshots/`
/** Records over DynamoDB's limit of an item. */
export const SPILLED = `${OWN_PREFIX}spill/`
const QUARANTINE = `${OWN_PREFIX}quarantine/`

/** What an object below `_millrace/` is; undefined of another. */
export function ownKindOf(key: string): 'snapshot' | 'spill' | 'quarantine' | undefined {
  if (!key.startsWith(OWN_PREFIX)) return undefined
  return key.startsWith(SNAPSHOTS) ? 'snapshot' : key.startsWith(SPILLED) ? 'spill' : 'quarantine'
}

/** Where the snapshots of a task are, or of all tasks of a job. */
export function snapshotFolder(of: TaskRef | { readonly job: string }): string {
  return `${SNAPSHOTS}${pathOf(of)}/`
}

/** Where the spilled records of a task are, or of all tasks of a job. */
export function spillFolder(of: TaskRef | { readonly job: string }): string {
  return `${SPILLED}${pathOf(of)}/`
}

function pathOf(of: TaskRef | { readonly job: string }): string {
  return 'task' in of ? objectPath(of.job, of.stage, of.task) : objectPath(of.job)
}

/** What the name of a snapshot says. */
export interface SnapshotName {
  readonly version: number
  /** Milliseconds. */
  readonly at: number
  /** Id of the one that was in force when it was written, as far as it fits; empty if there was none. */
  readonly previous: string
  readonly id: string
}

/** One of earlier code was named by a whole path. */
const MAX_ID = 36

/** `<version>.<milliseconds>.<id of the one before>.<id>`: a list of names tells what is needed. */
export function snapshotKey(task: TaskRef, { version, at, previous, id }: SnapshotName): string {
  return `${snapshotFolder(task)}${versionKey(version)}.${at}.${previous.slice(-MAX_ID)}.${id}`
}

/** Undefined when the name says nothing, as with earlier code. */
export function snapshotNameOf(key: string): SnapshotName | undefined {
  const [first = '', at = '', previous, id] = key.slice(folderOfKey(key).length).split('.')
  const version = versionOfKey(first)
  if (version === undefined || previous === undefined || id === undefined) return undefined
  return { version, at: Number(at), previous, id }
}

/** The last part of a snapshot's name, by which others refer to it; of earlier code there may be none but the key. */
export function snapshotId(key: string): string {
  return key.slice(key.lastIndexOf('.') + 1)
}

/** Which entry may name a spilled record, and since when. */
export interface SpillName {
  readonly version: number
  /** Milliseconds. */
  readonly at: number
}

/** `<version>.<milliseconds>.<id>`, or the id alone where it is not known which entry it will be. */
export function spillKey(task: TaskRef, id: string, name?: SpillName): string {
  return `${spillFolder(task)}${name ? `${versionKey(name.version)}.${name.at}.` : ''}${id}`
}

/** Undefined when the name does not tell. */
export function spillNameOf(key: string): SpillName | undefined {
  const [, version, at] = /^(\d{16})\.(\d+)\../.exec(key.slice(folderOfKey(key).length)) ?? []
  return version === undefined ? undefined : { version: Number(version), at: Number(at) }
}

/** Where what a job sets aside goes, unless it says where: a prefix, to which `/` and a name below are added. */
export function quarantinePrefix(job: string): string {
  return `${QUARANTINE}${objectPath(job)}`
}

/**
 * Records and gaps of a source task. `first` is what its source calls the first of them, in 20 characters or more. So the name is never
 * one of `quarantinedValuesKey`: that ends in a time, of 16 at most.
 */
export function quarantinedRecordsKey(prefix: string, { task }: TaskRef, first: string): string {
  return `${prefix}/${escapeKeyPart(task)}-${first}.ndjson`
}

/** Values of a closed batch. */
export function quarantinedValuesKey(prefix: string, { stage, task }: TaskRef, time: number): string {
  return `${prefix}/values-${escapeKeyPart(stage)}-${escapeKeyPart(task)}-${time}.ndjson`
}

/**
 * As wide as in Kafka's segment files: names sort by it. An offset has 16 digits at most, so there is room for how often it was told
 * again, because an operator has set the position back: what is made of it then is another object, and stands behind the others.
 */
export function offsetDigits(offset: number, again = 0): string {
  return `${String(again).padStart(4, '0')}${String(offset).padStart(16, '0')}`
}
