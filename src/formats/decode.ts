// Decoders turn the base64 text of a Lambda event into a value. They run once per record on the hot path: one scratch
// Buffer for all, no promise, no Buffer per record (measured in bench/: `Buffer.from` per record costs about 40 % more).

import type { StandardSchemaV1 } from '@standard-schema/spec'
import { describeCause } from '../errors/errors.ts'
import { DecodeError } from '../errors/value-errors.ts'

/**
 * Turns the bytes of a record's key or value into a `T`.
 *
 * @example
 * const flags: Decoder<boolean> = { format: 'flags', decode: (base64) => base64 === 'AQ==' }
 */
export interface Decoder<T> {
  /** For messages: `text`, `json` … */
  readonly format: string
  /**
   * Called once per record that is looked at, on the hot path: synchronous, and without a Buffer of its own where that can be.
   *
   * @param base64 as Lambda delivers it; null for an absent key or value (a tombstone).
   * @throws DecodeError, or anything else, when the bytes are not of this format: the record is a poison one.
   */
  decode(base64: string | null): T
}

let scratch = Buffer.allocUnsafe(64 * 1024)

/** Decodes into the scratch buffer; the number of bytes, which are gone at the next call. */
function fill(format: string, base64: string): number {
  const padding = base64.endsWith('==') ? 2 : base64.endsWith('=') ? 1 : 0
  const bytes = Math.floor((base64.length * 3) / 4) - padding
  if (bytes > scratch.length) scratch = Buffer.allocUnsafe(2 ** Math.ceil(Math.log2(bytes)))
  // Buffer skips what is not base64, so lengths are the only sign of a damaged event.
  if (base64.length % 4 !== 0 || scratch.write(base64, 0, 'base64') !== bytes)
    throw new DecodeError(format, 'the event does not hold valid base64')
  return bytes
}

function present(format: string, base64: string | null): string {
  if (base64 !== null) return base64
  throw new DecodeError(
    format,
    `there is no value (a tombstone); declare nullable(${format}()) if records may have none`,
  )
}

const strictUtf8 = new TextDecoder('utf-8', { fatal: true })

function utf8(format: string, base64: string): string {
  const bytes = fill(format, base64)
  const decoded = scratch.toString('utf8', 0, bytes)
  if (!decoded.includes('\ufffd')) return decoded
  try {
    strictUtf8.decode(scratch.subarray(0, bytes)) // U+FFFD may really be in the text
  } catch (cause) {
    throw new DecodeError(format, 'the bytes are not UTF-8; use raw() for binary values', { cause })
  }
  return decoded
}

/**
 * UTF-8 text. Bytes that are not UTF-8 are an error, never replaced in silence.
 *
 * @throws DecodeError (of a record, by policy `onPoison`) for such bytes, and for a tombstone.
 * @example kafka('lines', { value: text() }).map(({ value }) => value.length)
 */
export function text(): Decoder<string> {
  return { format: 'text', decode: (base64) => utf8('text', present('text', base64)) }
}

/**
 * The bytes as they are, in an array of the record's own; never a Buffer, which is no value (it would come back as another class).
 *
 * @throws DecodeError (of a record, by policy `onPoison`) for a tombstone.
 * @example kafka('images', { value: raw() }).map(({ value }) => value.byteLength)
 */
export function raw(): Decoder<Uint8Array> {
  return {
    format: 'raw',
    decode(base64) {
      const bytes = fill('raw', present('raw', base64))
      return new Uint8Array(scratch.buffer, scratch.byteOffset, bytes).slice()
    },
  }
}

/**
 * JSON. With a schema (zod, valibot, arktype: anything that follows https://standardschema.dev) every value is checked
 * and has the schema's output type; without one its type is what the type argument claims.
 *
 * @throws DecodeError (of a record, by policy `onPoison`) for what is no JSON, or not as the schema says.
 * @example
 * import { z } from 'zod'
 * kafka('orders', { value: json(z.object({ id: z.string(), cents: z.int() })) })
 */
export function json<T = unknown>(): Decoder<T>
export function json<S extends StandardSchemaV1>(schema: S): Decoder<StandardSchemaV1.InferOutput<S>>
export function json(schema?: StandardSchemaV1): Decoder<unknown> {
  return {
    format: 'json',
    decode(base64) {
      const parsed = parseJson(utf8('json', present('json', base64)))
      return schema ? validate(schema, parsed) : parsed
    },
  }
}

/**
 * The same decoder, with `null` for an absent key or value (a tombstone) instead of an error.
 *
 * @example kafka('profiles', { value: nullable(json<Shop>()) }).filter(({ value }) => value !== null)
 */
export function nullable<T>(decoder: Decoder<T>): Decoder<T | null> {
  return {
    format: `nullable ${decoder.format}`,
    decode: (base64) => (base64 === null ? null : decoder.decode(base64)),
  }
}

function parseJson(source: string): unknown {
  try {
    return JSON.parse(source)
  } catch (cause) {
    throw new DecodeError('json', describeCause(cause), { cause })
  }
}

function validate(schema: StandardSchemaV1, value: unknown): unknown {
  const result = schema['~standard'].validate(value)
  if (result instanceof Promise) {
    throw new DecodeError('json', 'the schema validates asynchronously; validate with mapAsync() instead')
  }
  if (!result.issues) return result.value
  const problems = result.issues.slice(0, 3).map(({ message, path }) => {
    const place = path?.map((part) => String(typeof part === 'object' ? part.key : part)).join('.')
    return place ? `${place}: ${message}` : message
  })
  throw new DecodeError('json', `the schema says ${problems.join('; ')}`)
}
