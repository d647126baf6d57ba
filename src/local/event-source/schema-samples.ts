// Values that a JSON Schema allows, for events that are made up: the same for the same seed. As much of the language as schemas of
// messages use; what it cannot keep is refused, so that no value breaks a rule in silence.
// https://json-schema.org/draft/2020-12/json-schema-validation

import { InvalidOptionError } from '../../errors/errors.ts'
import { checkKnownOptions } from '../../options/options.ts'

const KNOWN = [
  ...['type', 'enum', 'const', 'default', 'examples', 'properties', 'required', 'additionalProperties', 'items'],
  ...['minItems', 'maxItems', 'minLength', 'maxLength', 'format', 'minimum', 'maximum', 'exclusiveMinimum'],
  ...['exclusiveMaximum', 'multipleOf', 'anyOf', 'oneOf', '$ref', '$defs', 'definitions', '$schema', '$id', 'title'],
  ...['description', '$comment', 'deprecated', 'readOnly', 'writeOnly'],
]

type Schema = Readonly<Record<string, unknown>>

/** Deeper than any message; a schema that refers to itself would never end. */
const DEEPEST = 20

/**
 * Makes values, one after the other.
 *
 * @throws InvalidOptionError for what it cannot make values of, with the path in the schema
 */
export function sampler(where: string, root: unknown, seed: number): () => unknown {
  const random = mulberry32(seed)
  const made = new SchemaSampler(where, root, random)
  return () => made.value('#', root, 0)
}

/** A generator of 32 bits of state: https://gist.github.com/tommyettinger/46a874533244883189143505d203312c (public domain). */
function mulberry32(seed: number): () => number {
  let state = seed >>> 0
  return () => {
    state = (state + 0x6d2b79f5) >>> 0
    let mixed = Math.imul(state ^ (state >>> 15), state | 1)
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32
  }
}

class SchemaSampler {
  readonly #where: string
  readonly #root: unknown
  readonly #random: () => number

  constructor(where: string, root: unknown, random: () => number) {
    this.#where = where
    this.#root = root
    this.#random = random
  }

  value(path: string, schema: unknown, depth: number): unknown {
    if (schema === true) return null
    if (!isObject(schema)) throw this.#wrong(path, 'it is no schema: an object, or true')
    if (depth > DEEPEST) throw this.#wrong(path, 'it goes deeper than 20; a schema that refers to itself never ends')
    checkKnownOptions(`${this.#where}${path}`, schema, KNOWN)
    const { $ref, anyOf, oneOf, enum: choices, examples, type } = schema
    if (typeof $ref === 'string') return this.value($ref, this.#at(path, $ref), depth + 1)
    if ('const' in schema) return schema.const
    if (isList(choices)) return this.#pick(choices)
    if (isList(examples)) return this.#pick(examples)
    if ('default' in schema) return schema.default
    const alternatives = anyOf ?? oneOf
    if (isList(alternatives)) return this.value(path, this.#pick(alternatives), depth + 1)
    const kind = isList(type) ? this.#pick(type) : (type ?? kindOf(schema))
    switch (kind) {
      case 'object':
        return this.#object(path, schema, depth)
      case 'array':
        return this.#array(path, schema, depth)
      case 'string':
        return this.#string(path, schema)
      case 'integer':
      case 'number':
        return this.#number(path, schema, kind === 'integer')
      case 'boolean':
        return this.#random() < 0.5
      case 'null':
        return null
      default:
        throw this.#wrong(path, `"type" is ${JSON.stringify(kind)}`)
    }
  }

  #object(path: string, { properties = {} }: Schema, depth: number): object {
    if (!isObject(properties)) throw this.#wrong(path, '"properties" is no object')
    const fields = Object.entries(properties).map(([name, one]) => [
      name,
      this.value(`${path}/${name}`, one, depth + 1),
    ])
    return Object.fromEntries(fields)
  }

  #array(path: string, { items = true, minItems = 1, maxItems }: Schema, depth: number): unknown[] {
    const [least, most] = [Number(minItems), Number(maxItems ?? Math.max(3, Number(minItems)))]
    const length = least + Math.floor(this.#random() * (Math.min(most, least + 2) - least + 1))
    return Array.from({ length }, () => this.value(`${path}/items`, items, depth + 1))
  }

  #string(path: string, { format, minLength = 0, maxLength = Number.POSITIVE_INFINITY }: Schema): string {
    const length = Math.min(Number(maxLength), Math.max(8, Number(minLength)))
    const letters = (count: number): string =>
      Array.from({ length: count }, () => 'abcdefghijklmnopqrstuvwxyz'[Math.floor(this.#random() * 26)]).join('')
    const time = new Date(Date.UTC(2026, 0, 1) + Math.floor(this.#random() * 31_536_000) * 1000).toISOString()
    const hex = (count: number): string =>
      Array.from({ length: count }, () => Math.floor(this.#random() * 16).toString(16)).join('')
    switch (format) {
      case undefined:
        return letters(length)
      case 'date-time':
        return time
      case 'date':
        return time.slice(0, 10)
      case 'time':
        return time.slice(11)
      case 'uuid':
        return `${hex(8)}-${hex(4)}-4${hex(3)}-8${hex(3)}-${hex(12)}`
      case 'email':
        return `${letters(6)}@example.com`
      case 'uri':
        return `https://example.com/${letters(6)}`
      case 'hostname':
        return `${letters(6)}.example.com`
      case 'ipv4':
        return `192.0.2.${Math.floor(this.#random() * 256)}`
      default:
        throw this.#wrong(path, `it has the format ${JSON.stringify(format)}; give "examples" to take values from`)
    }
  }

  #number(path: string, schema: Schema, whole: boolean): number {
    const step = Number(schema.multipleOf ?? (whole ? 1 : 0.01))
    const least = Number(
      schema.minimum ??
        schema.exclusiveMinimum ??
        Math.min(0, Number(schema.maximum ?? schema.exclusiveMaximum ?? 0) - 1000),
    )
    const most = Number(schema.maximum ?? schema.exclusiveMaximum ?? least + 1000)
    const from = Math.ceil(least / step - 1e-9) + (schema.exclusiveMinimum === undefined ? 0 : 1)
    const until = Math.floor(most / step + 1e-9) - (schema.exclusiveMaximum === undefined ? 0 : 1)
    if (!(from <= until)) throw this.#wrong(path, 'there is no number between its bounds')
    const steps = from + Math.floor(this.#random() * (until - from + 1))
    // 3 steps of 0.1 are not 0.3 by themselves.
    return Number((steps * step).toPrecision(12))
  }

  #pick(list: readonly unknown[]): unknown {
    return list[Math.floor(this.#random() * list.length)]
  }

  /** `#/$defs/name`. */
  #at(path: string, reference: string): unknown {
    let found: unknown = this.#root
    for (const part of reference.split('/').slice(1)) {
      const name = part.replaceAll('~1', '/').replaceAll('~0', '~')
      found = isObject(found) && Object.hasOwn(found, name) ? found[name] : undefined
    }
    if (reference.startsWith('#') && found !== undefined) return found
    throw this.#wrong(path, `"$ref" ${reference} is not in the schema; references to other files are not followed`)
  }

  #wrong(path: string, what: string): InvalidOptionError {
    return new InvalidOptionError(`${this.#where}${path}: ${what}.`)
  }
}

function kindOf(schema: Schema): string {
  if ('properties' in schema) return 'object'
  if ('items' in schema) return 'array'
  if ('format' in schema || 'minLength' in schema || 'maxLength' in schema) return 'string'
  return 'minimum' in schema || 'maximum' in schema || 'multipleOf' in schema ? 'number' : 'null'
}

const isObject = (value: unknown): value is Schema =>
  typeof value === 'object' && value !== null && !Array.isArray(value)
const isList = (value: unknown): value is readonly unknown[] => Array.isArray(value) && value.length > 0
