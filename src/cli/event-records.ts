// Records for `millrace event` that are in no topic: of lines, or of a JSON Schema.

import { readFile } from 'node:fs/promises'
import { text } from 'node:stream/consumers'
import { describeCause, InvalidOptionError } from '../errors/errors.ts'
import { partitionOfKey } from '../local/event-source/partitioner.ts'
import { sampler } from '../local/event-source/schema-samples.ts'
import type { SourceRecord } from '../local/event-source/topic-source.ts'
import { type Format, type LineRecord, recordOfLine } from './record-lines.ts'

export interface MadeFlags {
  readonly value?: readonly string[]
  readonly file?: string
  readonly format: Format
  readonly separator: string
  readonly schema?: string
  readonly seed: number
  readonly num?: number
  readonly key?: string
  readonly header?: readonly string[]
  readonly partition?: readonly number[]
  readonly firstOffset: number
  readonly timestamp?: number
}

/** @throws InvalidOptionError */
export async function madeRecords(topic: string, flags: MadeFlags): Promise<SourceRecord[]> {
  const sources = [flags.value, flags.file, flags.schema].filter((one) => one !== undefined)
  if (sources.length > 1) throw new InvalidOptionError('--value, --file and --schema: records come from one of them.')
  const lines = flags.schema === undefined ? await linesOf(flags) : await generated(flags.schema, flags)
  const count = flags.num ?? lines.length
  if (lines.length === 0) return []
  const { partition: partitions = [0], firstOffset, header = [] } = flags
  const headers = header.map(headerOf)
  const now = Date.now()
  const next = new Map<number, number>()
  return Array.from({ length: count }, (_, index) => {
    const line = lines[index % lines.length] ?? { value: null }
    const key = bytesOf(line.key ?? flags.key)
    const chosen = key === null ? index % partitions.length : partitionOfKey(Buffer.from(key), partitions.length)
    const partition = line.partition ?? partitions[chosen] ?? 0
    const offset = next.get(partition) ?? firstOffset
    next.set(partition, offset + 1)
    return {
      topic,
      partition,
      offset,
      timestamp: line.timestamp ?? flags.timestamp ?? now,
      timestampType: 'CREATE_TIME',
      key,
      value: bytesOf(line.value),
      headers: [...headers, ...(line.headers ?? [])].map(([name, value]) => [name, bytesOf(value) ?? new Uint8Array()]),
    }
  })
}

async function linesOf({ value, file, format, separator }: MadeFlags): Promise<LineRecord[]> {
  const name = file === '-' ? 'standard input' : `--file ${file}`
  // The end of the last line begins none.
  const lines = value ?? (await contents(name, file ?? '-')).replace(/\r?\n$/, '').split(/\r?\n/)
  return lines.flatMap((line, index) => {
    const where = value === undefined ? `line ${index + 1} of ${name}` : `--value '${line}'`
    return recordOfLine(where, line, format, separator) ?? []
  })
}

async function generated(file: string, { seed, num = 1 }: MadeFlags): Promise<LineRecord[]> {
  const where = `--schema ${file}`
  let schema: unknown
  const json = await contents(where, file)
  try {
    schema = JSON.parse(json)
  } catch (cause) {
    throw new InvalidOptionError(`${where}: it is not JSON (${describeCause(cause)}).`, { cause })
  }
  const next = sampler(where, schema, seed)
  return Array.from({ length: num }, () => ({ value: JSON.stringify(next()) }))
}

async function contents(where: string, file: string): Promise<string> {
  try {
    return file === '-' ? await text(process.stdin) : await readFile(file, 'utf8')
  } catch (cause) {
    throw new InvalidOptionError(`${where}: it cannot be read (${describeCause(cause)}).`, { cause })
  }
}

function headerOf(header: string): [string, string] {
  const at = header.indexOf('=')
  if (at < 1) throw new InvalidOptionError(`--header '${header}' is not of the form name=value.`)
  return [header.slice(0, at), header.slice(at + 1)]
}

function bytesOf(value: string | Uint8Array | null | undefined): Uint8Array | null {
  if (value === null || value === undefined) return null
  return typeof value === 'string' ? Buffer.from(value) : value
}
