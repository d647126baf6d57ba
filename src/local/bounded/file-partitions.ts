// Files of lines as the partitions of a topic. A file is a partition, so files that cover the same time are read side by side; with a number
// of partitions asked for, files are dealt out by their names, and those of one partition follow each other in the order of names. Offsets
// count the lines.

import { pipeline, Readable } from 'node:stream'
import { createGunzip } from 'node:zlib'
import type { S3Client } from '@aws-sdk/client-s3'
import { NoTimeError } from '../../errors/batch-run-errors.ts'
import { describeCause, InvalidOptionError } from '../../errors/errors.ts'
import type { KafkaEventRecord } from '../../sources/kafka/event.ts'
import { bucketOf } from '../../values/hash.ts'
import { type Entry, entryFor, type Position } from '../offset-language.ts'
import {
  type BoundedPartition,
  type BoundedSource,
  type PieceLimits,
  Pieces,
  pieceLimits,
} from './bounded-partition.ts'
import { type LineFile, listFiles } from './file-list.ts'
import type { LineTime } from './line-time.ts'
import { linesOf } from './lines.ts'

export interface FileTopic {
  readonly topic: string
  /** A file, a directory, or `s3://bucket/prefix`. */
  readonly place: string
}

export interface FilesOptions {
  readonly topics: readonly FileTopic[]
  /** Undefined: that of its file. */
  readonly time: LineTime | undefined
  /** How a message calls it. */
  readonly timePlace: string
  /** Default: one for each file. */
  readonly partitions: number | undefined
  readonly from: readonly Entry<Position>[]
  readonly until: readonly Entry<Position>[]
  readonly s3: () => S3Client
}

/** All are opened at once, and each is a task of its own, which closing asks. */
const MOST_FILES = 500

/** @throws InvalidOptionError when there is nothing to read, too much at once, or a range that files do not have. */
export async function openFiles(options: FilesOptions): Promise<BoundedSource> {
  const { topics, partitions: asked } = options
  const dealt: { topic: string; partition: number; files: LineFile[] }[] = []
  for (const { topic, place } of topics) {
    const files = await listFiles(place, options.s3)
    if (asked === undefined && files.length > MOST_FILES) {
      throw new InvalidOptionError(
        `${place} has ${files.length} files, and as partitions of their own ${MOST_FILES} can be read side by side. Say --partitions 1 ` +
          'when their names follow their times, or how many rows of them do so.',
      )
    }
    const count = asked ?? files.length
    for (let partition = 0; partition < count; partition++) {
      const own = files.filter((file, i) => (asked === undefined ? i : bucketOf(file.name, count)) === partition)
      dealt.push({ topic, partition, files: own })
    }
  }
  const limits = pieceLimits(dealt.length)
  const opened = dealt.map(({ topic, partition, files }) => {
    const bounds = { from: boundOf(options.from, topic, partition), until: boundOf(options.until, topic, partition) }
    return new FilePartition(topic, partition, files, bounds, options, limits)
  })
  return {
    partitions: opened,
    warnings: () => opened.flatMap(({ untimed, topic }) => (untimed ? [`${topic}: ${untimed}`] : [])),
    close: async () => void (await Promise.all(opened.map((one) => one.close()))),
  }
}

interface Bounds {
  readonly from: Position | undefined
  readonly until: Position | undefined
}

/** @throws InvalidOptionError: nobody knows how many lines there are before they are read. */
function boundOf(entries: readonly Entry<Position>[], topic: string, partition: number): Position | undefined {
  const position = entryFor(entries, topic, partition)
  if (position?.kind !== 'end') return position
  if (position.minus === 0) return undefined
  throw new InvalidOptionError(
    `${topic}-${partition} is files, of which nobody knows the end beforehand: say start, +n, n or @t instead of -${position.minus}.`,
  )
}

class FilePartition implements BoundedPartition {
  readonly topic: string
  readonly partition: number
  readonly #files: readonly LineFile[]
  readonly #bounds: Bounds
  readonly #options: FilesOptions
  readonly #pieces: Pieces
  readonly #bytes: number
  #read = 0
  #lines: AsyncGenerator<readonly KafkaEventRecord[]> | undefined
  #offset = 0
  #began = false
  #over = false
  #firstUntimed = ''
  #untimed = 0
  /** Of the last line that had one. */
  #lastTime = 0

  constructor(
    topic: string,
    partition: number,
    files: readonly LineFile[],
    bounds: Bounds,
    options: FilesOptions,
    limits: PieceLimits,
  ) {
    this.topic = topic
    this.partition = partition
    this.#files = files
    this.#bounds = bounds
    this.#options = options
    this.#pieces = new Pieces(limits)
    this.#bytes = files.reduce((sum, { bytes }) => sum + bytes, 0)
  }

  get done(): number {
    return this.#over || this.#bytes === 0 ? 1 : Math.min(1, this.#read / this.#bytes)
  }

  get untimed(): string | undefined {
    const { timePlace } = this.#options
    if (this.#untimed === 0) return undefined
    return `${this.#untimed} lines have no time at ${timePlace} and were taken to be of the time of the line before, the first at ${this.#firstUntimed}`
  }

  async next(): Promise<readonly KafkaEventRecord[] | undefined> {
    this.#lines ??= this.#records()
    while (!this.#pieces.ready && !this.#over) {
      const { done, value } = await this.#lines.next()
      if (done) {
        this.#over = true
        this.#pieces.end()
      } else for (const record of value) this.#pieces.add(record)
    }
    return this.#pieces.take()
  }

  async close(): Promise<void> {
    this.#over = true
    await this.#lines?.return(undefined)
  }

  async *#records(): AsyncGenerator<readonly KafkaEventRecord[]> {
    for (const file of this.#files) {
      let number = 0
      for await (const lines of linesOf(await this.#open(file), () => notLines(file, number + 1))) {
        const records: KafkaEventRecord[] = []
        for (const line of lines) {
          const record = this.#record(file, ++number, line)
          if (record === 'over') {
            yield records
            return
          }
          if (record) records.push(record)
        }
        yield records
      }
    }
  }

  async #open(file: LineFile): Promise<AsyncIterable<Uint8Array>> {
    const counted = this.#counted(await file.open())
    return file.name.endsWith('.gz') ? unzipped(file, counted) : counted
  }

  async *#counted(stream: AsyncIterable<Uint8Array>): AsyncIterable<Uint8Array> {
    for await (const bytes of stream) {
      this.#read += bytes.length
      yield bytes
    }
  }

  #record(file: LineFile, number: number, line: Buffer): KafkaEventRecord | 'over' | undefined {
    const { topic, partition } = this
    const timestamp = this.#timeOf(file, number, line)
    const offset = this.#offset++
    if (!this.#began) {
      this.#began = isReached(this.#bounds.from, offset, timestamp)
      if (!this.#began) return undefined
    }
    if (this.#bounds.until && isReached(this.#bounds.until, offset, timestamp)) return 'over'
    return { topic, partition, offset, timestamp, timestampType: 'CREATE_TIME', value: line.toString('base64') }
  }

  /** A line without a time joins what came before it: -1, as Kafka has it, would be taken for now. */
  #timeOf(file: LineFile, number: number, line: Buffer): number {
    const { time, timePlace } = this.#options
    if (!time) return file.modified
    const found = time(line)
    if (found !== undefined) {
      this.#lastTime = found
      return found
    }
    if (this.#offset === 0)
      throw new NoTimeError(file.name, number, timePlace, JSON.stringify(line.toString('utf8', 0, 80)))
    this.#firstUntimed ||= `${file.name}, line ${number}`
    this.#untimed++
    return this.#lastTime
  }
}

/** A place is that of the first line that has its offset or time, or a later one. */
function isReached(position: Position | undefined, offset: number, timestamp: number): boolean {
  switch (position?.kind) {
    case 'start':
      return offset >= position.plus
    case 'offset':
      return offset >= position.offset
    case 'time':
      return timestamp >= position.time
    default:
      return true
  }
}

async function* unzipped(file: LineFile, stream: AsyncIterable<Uint8Array>): AsyncIterable<Uint8Array> {
  const gunzip = createGunzip()
  pipeline(Readable.from(stream), gunzip, () => {}) // what goes wrong, who reads is told
  try {
    for await (const bytes of gunzip) yield bytes
  } catch (cause) {
    const isOfZip = cause instanceof Error && 'code' in cause && String(cause.code).startsWith('Z_')
    throw isOfZip
      ? new InvalidOptionError(`${file.name} cannot be unzipped (${describeCause(cause)}).`, { cause })
      : cause
  }
}

function notLines({ name }: LineFile, line: number): Error {
  return new InvalidOptionError(`${name}: line ${line} is over 16 MB. Is it a file of lines?`)
}
