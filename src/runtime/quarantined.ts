// What a job has put aside, read again: the objects that runtime/quarantine.ts writes, line by line, and which of their records have
// been produced again. That is a row per object, so that nobody replays a record twice without wanting to.

import { createHash } from 'node:crypto'
import { UnreadableStateError } from '../errors/state-errors.ts'
import { folderOfKey, type ObjectRef, objectUrl, quarantinePrefix } from '../names/objects.ts'
import { REPLAYED } from '../names/rows.ts'
import { partitionName } from '../names/tasks.ts'
import type { ObjectStore } from '../stores/object-store.ts'
import type { JobRow, JobRows } from '../stores/table.ts'

interface Line {
  /** What it is called, in this job. */
  readonly id: string
  readonly ref: ObjectRef
  /** Of the object, from 0. */
  readonly line: number
  readonly error: { readonly code?: string; readonly message: string }
}

/** A record that the job could not process. Bytes are as they came. */
export interface QuarantinedRecord extends Line {
  readonly kind: 'record'
  readonly topic: string
  readonly partition: number
  readonly offset: number
  readonly timestamp: number
  readonly key: Uint8Array | null
  readonly value: Uint8Array | null
  readonly headers: readonly (readonly [name: string, value: Uint8Array])[]
}

/** Values of a closed batch on which a function of the job threw: records no more. */
export interface QuarantinedValues extends Line {
  readonly kind: 'values'
  readonly task: string
  readonly time: number
  readonly operator: string
  readonly key?: unknown
  readonly values: readonly unknown[]
}

/** Offsets that were not in the topic any more. */
export interface QuarantinedGap extends Line {
  readonly kind: 'gap'
  readonly task: string
  readonly from: number
  readonly until: number
}

/** A line that this code cannot read: of newer code, or of a source that it does not know. */
export interface QuarantinedOther extends Line {
  readonly kind: 'other'
  readonly content: unknown
}

export type Quarantined = QuarantinedRecord | QuarantinedValues | QuarantinedGap | QuarantinedOther

/** Where a job's code has it put what it sets aside, unless it says otherwise. */
export function defaultQuarantine(job: string, bucket: string): ObjectRef {
  return { bucket, key: quarantinePrefix(job) }
}

/** Everything that was set aside below a prefix, in the order of names. One object is in memory. */
export async function* quarantined(objects: ObjectStore, below: ObjectRef): AsyncGenerator<Quarantined, undefined> {
  for await (const { key } of objects.list(below.bucket, `${below.key}/`)) {
    if (!key.endsWith('.ndjson') || folderOfKey(key) !== `${below.key}/`) continue
    const ref = { bucket: below.bucket, key }
    const body = await objects.get(ref)
    if (!body) continue // deleted in between
    const lines = new TextDecoder().decode(body).split('\n')
    for (const [line, text] of lines.entries()) if (text !== '') yield quarantinedOf(ref, line, parse(ref, text))
  }
}

function parse(ref: ObjectRef, text: string): unknown {
  try {
    return JSON.parse(text)
  } catch (cause) {
    throw new UnreadableStateError(objectUrl(ref), 'a line of it is not JSON', { cause })
  }
}

type Fields = Readonly<Record<string, unknown>>

function quarantinedOf(ref: ObjectRef, line: number, content: unknown): Quarantined {
  const of: Fields = isFields(content) ? content : {}
  const id = `${ref.key.slice(folderOfKey(ref.key).length, -'.ndjson'.length)}#${line}`
  const common = { ref, line, error: errorOf(of.error) }
  const { task, time, operator, values, from, until } = of
  if (of.kind === 'record') return recordOf(of, common) ?? { ...common, kind: 'other', id, content }
  if (of.kind === 'values' && typeof task === 'string' && typeof time === 'number' && Array.isArray(values)) {
    const key = 'key' in of ? { key: of.key } : {}
    const place = typeof of.stage === 'string' ? `${of.stage}/${task}` : task
    return { ...common, kind: 'values', id, task: place, time, operator: String(operator), ...key, values }
  }
  if (of.kind === 'gap' && typeof task === 'string' && typeof from === 'number' && typeof until === 'number') {
    const gone = {
      message: until - from === 1 ? 'the offset was not in the topic' : 'the offsets were not in the topic',
    }
    return { ...common, kind: 'gap', id: `${task}@${from}-${until - 1}`, task, from, until, error: gone }
  }
  return { ...common, kind: 'other', id, content }
}

function recordOf(of: Fields, common: Omit<Line, 'id'>): QuarantinedRecord | undefined {
  const { topic, partition, offset, timestamp } = of
  if (typeof topic !== 'string' || typeof partition !== 'number') return undefined
  if (typeof offset !== 'number' || typeof timestamp !== 'number') return undefined
  const id = `${partitionName(topic, partition)}@${offset}`
  const headers = headersOf(of.headers)
  const [key, value] = [bytesOf(of.key), bytesOf(of.value)]
  return { ...common, kind: 'record', id, topic, partition, offset, timestamp, key, value, headers }
}

function errorOf(error: unknown): Line['error'] {
  const { code, message }: Fields = isFields(error) ? error : {}
  return { ...(typeof code === 'string' && { code }), message: typeof message === 'string' ? message : 'not said' }
}

function bytesOf(base64: unknown): Uint8Array | null {
  return typeof base64 === 'string' ? new Uint8Array(Buffer.from(base64, 'base64')) : null
}

/** As Lambda's event has them: an object per header, bytes signed or not. */
function headersOf(headers: unknown): [string, Uint8Array][] {
  if (!Array.isArray(headers)) return []
  return headers.flatMap((header) =>
    Object.entries(isFields(header) ? header : {}).flatMap(([name, bytes]): [string, Uint8Array][] =>
      Array.isArray(bytes) ? [[name, Uint8Array.from(bytes, Number)]] : [],
    ),
  )
}

function isFields(value: unknown): value is Fields {
  return typeof value === 'object' && value !== null
}

/** Which lines of an object were produced again, and which of them it is not known of. */
export interface Replayed {
  readonly done: ReadonlySet<number>
  /** A replay of these was begun, and nobody has seen it end. */
  readonly begun: ReadonlySet<number>
  readonly at: string
}

/** By the address of the object. */
export async function replaysOf(table: JobRows, job: string): Promise<Map<string, Replayed>> {
  const rows = await table.listRows(job, REPLAYED.all)
  return new Map([...rows.values()].map((row) => [String(row.data.object), replayedOf(row)]))
}

function replayedOf({ data }: JobRow): Replayed {
  return { done: numbersOf(data.done), begun: numbersOf(data.begun), at: String(data.at) }
}

/**
 * Takes lines of an object for a replay, before anything is produced.
 *
 * @param again lines that have been replayed, or begun to be, are taken as well
 * @returns undefined when somebody else has taken one of them meanwhile
 */
export async function beginReplay(
  table: JobRows,
  job: string,
  ref: ObjectRef,
  lines: readonly number[],
  { at, again }: { readonly at: string; readonly again: boolean },
): Promise<{ done(): Promise<void> } | undefined> {
  const name = REPLAYED.of(createHash('sha256').update(objectUrl(ref)).digest('base64url'))
  const row = await table.getRow(job, name)
  const before = row ? replayedOf(row) : undefined
  if (!again && lines.some((line) => before?.done.has(line) || before?.begun.has(line))) return undefined
  const write = (rev: number, done: Iterable<number>, begun: Iterable<number>) => ({
    rev,
    data: { object: objectUrl(ref), done: textOf(done), begun: textOf(begun), at },
  })
  const rev = row?.rev ?? 0
  const done = new Set(before?.done)
  const begun = new Set([...(before?.begun ?? []), ...lines])
  if ((await table.replaceRow(job, name, write(rev + 1, done, begun), row?.rev)) === 'conflict') return undefined
  return {
    async done() {
      // Somebody may have replayed other lines of the object meanwhile.
      for (let outcome = 'conflict'; outcome === 'conflict'; ) {
        const now = await table.getRow(job, name)
        const known = now ? replayedOf(now) : { done, begun }
        const others = [...known.begun].filter((line) => !lines.includes(line))
        const marked = write((now?.rev ?? 0) + 1, [...known.done, ...lines], others)
        outcome = await table.replaceRow(job, name, marked, now?.rev)
      }
    },
  }
}

/** `0-3,7`: an object may have thousands of lines, and a row is small. */
function textOf(numbers: Iterable<number>): string {
  const sorted = [...new Set(numbers)].sort((a, b) => a - b)
  const ranges: [number, number][] = []
  for (const n of sorted) {
    const last = ranges.at(-1)
    if (last && last[1] === n - 1) last[1] = n
    else ranges.push([n, n])
  }
  return ranges.map(([from, to]) => (from === to ? String(from) : `${from}-${to}`)).join(',')
}

function numbersOf(text: unknown): Set<number> {
  const ranges = typeof text === 'string' && text !== '' ? text.split(',') : []
  return new Set(
    ranges.flatMap((range) => {
      const [from = 0, to = from] = range.split('-').map(Number)
      return Array.from({ length: to - from + 1 }, (_, i) => from + i)
    }),
  )
}
