// What the log remembers of records, so that one which comes again can be told from another under the same offset: a topic
// that was deleted and made again starts at offset 0, and its records must not be dropped as duplicates (I7). The event shows
// neither the topic's id nor a leader epoch, so the records themselves have to tell.

import { crc32 } from 'node:zlib'
import type { KafkaEventRecord } from './event.ts'
import type { Position } from './position.ts'

/** Prints per commit: 17 bytes. Of a commit of up to so many offsets every record has one. */
const MOST_PRINTS = 8

/** What the log knows of a record that comes again. `new`: it was never committed, it lies before the task's beginning. */
export type Verdict = 'same' | 'other' | 'new' | 'unknown'

/** The facts of a position that tell records apart. */
export type Evidence = Pick<Position, 'began' | 'first' | 'prints' | 'printsFrom'>

/** What a commit of these records adds; `before` is where the task stood. */
export function evidenceOf(records: readonly KafkaEventRecord[], before: Position | undefined): Evidence {
  const [first, last] = [records[0], records.at(-1)]
  if (!first || !last) return {}
  const prints = printsOf(records, first.offset, last.offset + 1)
  if (!before) return { began: first.offset, first: crcOf(first), prints }
  const { began, first: crc } = before
  return began === undefined || crc === undefined ? { prints } : { began, first: crc, prints }
}

/** @param position of the commit that may hold the record, or of a later one. */
export function judge(record: KafkaEventRecord, position: Position): Verdict {
  const { offset } = record
  if (position.began !== undefined && offset < position.began) return 'new'
  if (offset === position.began && position.first !== undefined) return sameIf(crcOf(record) === position.first)
  const from = position.printsFrom ?? position.from
  if (!position.prints || offset < from || offset >= position.until) return 'unknown'
  const step = 2 ** (position.prints[0] ?? 0)
  if (offset % step !== 0) return 'unknown'
  const print = readPrint(position.prints, slotOf(offset, from, step))
  return print === 0 ? 'unknown' : sameIf(print === printOf(record))
}

function sameIf(same: boolean): Verdict {
  return same ? 'same' : 'other'
}

/** Byte 0: the logarithm of the step; then, for each multiple of the step in the range, 16 bits: 0 if there is no record. */
function printsOf(records: readonly KafkaEventRecord[], from: number, until: number): Uint8Array {
  let log = 0
  while (slotsOf(from, until, 2 ** log) > MOST_PRINTS) log++
  const step = 2 ** log
  const prints = new Uint8Array(1 + 2 * slotsOf(from, until, step))
  prints[0] = log
  for (const record of records) {
    if (record.offset % step !== 0) continue
    const [at, print] = [1 + 2 * slotOf(record.offset, from, step), printOf(record)]
    prints[at] = print >> 8
    prints[at + 1] = print & 0xff
  }
  return prints
}

function slotsOf(from: number, until: number, step: number): number {
  return Math.ceil(until / step) - Math.ceil(from / step)
}

function slotOf(offset: number, from: number, step: number): number {
  return offset / step - Math.ceil(from / step)
}

function readPrint(prints: Uint8Array, slot: number): number {
  return ((prints[1 + 2 * slot] ?? 0) << 8) | (prints[2 + 2 * slot] ?? 0)
}

function printOf(record: KafkaEventRecord): number {
  const crc = crcOf(record)
  return (crc >>> 16) ^ (crc & 0xffff) || 1
}

/** Of timestamp, key and value as they came; headers may come back in another form. */
function crcOf({ timestamp, key, value }: KafkaEventRecord): number {
  return crc32(value ?? '-', crc32(`${timestamp}\n${key ?? '-'}\n`))
}
