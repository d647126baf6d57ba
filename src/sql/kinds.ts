// What a value is to DuckDB. A column is of one kind: nothing is made to fit.

import { describeValue } from '../errors/describe-value.ts'
import { formOf, isComposite, standIn } from '../values/value.ts'
import { type Declared, isName } from './columns.ts'
import { Misfit } from './misfit.ts'

const [LEAST, GREATEST] = [-(2n ** 63n), 2n ** 63n - 1n]
/** Of HUGEINT: -2^127 is there as well, but DuckDB does not read it back from text. */
const HUGEST = 2n ** 127n - 1n

const [TEXT, NUMBER, BIGINT, HUGEINT]: readonly Declared[] = [
  { is: 'text' },
  { is: 'number' },
  { is: 'bigint' },
  { is: 'hugeint' },
]
const [BOOLEAN, DATE, BYTES]: readonly Declared[] = [{ is: 'boolean' }, { is: 'date' }, { is: 'bytes' }]

/**
 * The kind of a column with one more value.
 *
 * @param known of those before, or as declared
 * @throws Misfit
 */
export function kindOf(known: Declared | undefined, value: unknown): Declared | undefined {
  if (value === undefined || value === null) {
    if (known?.strict === 'no null') throw new Misfit(`${value} in a column that is declared as ${named(known)}`)
    return known
  }
  if (known?.strict) return declaredKind(known, value)
  const found = scalarKind(value) ?? nestedKind(known, value)
  if (known === undefined || known.is === found.is) return found
  if (known.is === 'hugeint' && found.is === 'bigint') return known
  if (known.is === 'bigint' && found.is === 'hugeint') return found
  throw new Misfit(`${describeValue(value)} in a column of ${named(known)}: one column holds one kind of values`)
}

function scalarKind(value: unknown): Declared | undefined {
  switch (typeof value) {
    case 'string':
      // DuckDB keeps text as UTF-8, which has no halves of surrogate pairs.
      if (!value.isWellFormed()) throw new Misfit(`${describeValue(value)} has half of a surrogate pair`)
      return TEXT
    case 'number':
      return NUMBER
    case 'boolean':
      return BOOLEAN
    case 'bigint':
      if (value < -HUGEST || value > HUGEST) throw new Misfit(`${value} has more than the 127 bits that DuckDB has`)
      return value < LEAST || value > GREATEST ? HUGEINT : BIGINT
  }
  if (value instanceof Date) {
    if (Number.isNaN(value.getTime())) throw new Misfit('an invalid Date')
    return DATE
  }
  return value instanceof Uint8Array ? BYTES : undefined
}

/** Lists, maps, and objects as structs; a set is a list. */
function nestedKind(known: Declared | undefined, value: unknown): Declared {
  if (Array.isArray(value) || value instanceof Set) {
    let of = known?.is === 'list' ? known.of : undefined
    for (const item of value) of = kindOf(of, item)
    return { is: 'list', of }
  }
  if (value instanceof Map) {
    let [key, of] = known?.is === 'map' ? [known.key, known.value] : []
    for (const [name, item] of value) {
      if (name === undefined || name === null) throw new Misfit(`a Map with a key that is ${name}`)
      key = kindOf(key, name)
      of = kindOf(of, item)
    }
    return { is: 'map', key, value: of }
  }
  const fields = new Map(known?.is === 'struct' ? known.fields : [])
  const entries = Object.entries(structOf(value))
  if (entries.length === 0) throw new Misfit('an object without fields, and a struct has some')
  for (const [name, item] of entries) {
    if (!fields.has(name)) checkField(name, fields.keys())
    fields.set(name, kindOf(fields.get(name), item))
  }
  return { is: 'struct', fields }
}

/** @throws Misfit for a field of a struct that DuckDB, or an object that comes back from it, cannot hold beside the others. */
function checkField(name: string, others: Iterable<string>): void {
  const said = JSON.stringify(name)
  if (!isName(name) || name === '__proto__')
    throw new Misfit(`a field ${said}, which is no name in SQL: rename it with map`)
  for (const other of others) {
    if (other.toLowerCase() !== name.toLowerCase()) continue
    throw new Misfit(
      `fields ${JSON.stringify(other)} and ${said} are one name in SQL, which knows no case: rename one with map`,
    )
  }
}

/** @throws Misfit for what is no plain object, and does not stand for one. */
export function structOf(value: unknown): object {
  const form = isComposite(value) ? formOf(value) : undefined
  const meant = form === 'stand-in' && isComposite(value) ? standIn(value) : value
  if (isComposite(meant) && (form === 'plain' || form === 'stand-in')) return meant
  throw new Misfit(`${describeValue(value)} has no form in a column`)
}

/** @returns what was declared; of bigints whether they need more than 64 bits. */
function declaredKind(known: Declared, value: unknown): Declared {
  const refuse = (): never => {
    throw new Misfit(`${describeValue(value)} in a column that is declared as ${named(known)}`)
  }
  if (known.is === 'list') {
    if (!Array.isArray(value) && !(value instanceof Set)) return refuse()
    let of = known.of
    for (const item of value) of = kindOf(of, item)
    return { ...known, of }
  }
  if (known.is === 'struct') {
    const struct = structOf(value)
    const fields = [...known.fields].map(([name, of]) => {
      return [name, kindOf(of, Object.hasOwn(struct, name) ? Reflect.get(struct, name) : undefined)] as const
    })
    return { ...known, fields: new Map(fields) }
  }
  if (known.is === 'decimal') return decimalDigits(value, known) === undefined ? refuse() : known
  const found = scalarKind(value)
  if (known.is === 'bigint' || known.is === 'hugeint') {
    if (found === HUGEINT) return { ...known, is: 'hugeint' }
    return found === BIGINT || Number.isSafeInteger(value) ? known : refuse()
  }
  return found?.is === known.is ? known : refuse()
}

/** The digits of a decimal as one whole number; undefined: it is none, or does not fit exactly. */
export function decimalDigits(value: unknown, { width, scale }: { width: number; scale: number }): bigint | undefined {
  const isNumeric = typeof value === 'string' || typeof value === 'bigint' || typeof value === 'number'
  const [, sign, whole = '', fraction = ''] = (isNumeric && /^([+-]?)(\d+)(?:\.(\d+))?$/.exec(String(value))) || []
  const kept = fraction.replace(/0+$/, '')
  if (sign === undefined || kept.length > scale) return undefined
  const digits = BigInt(whole + kept.padEnd(scale, '0'))
  if (digits >= 10n ** BigInt(width)) return undefined
  return sign === '-' ? -digits : digits
}

export function named(kind: Declared): string {
  if (kind.is === 'list') return `a list${kind.of ? ` of ${named(kind.of)}` : ''}`
  if (kind.is === 'struct') return `objects with ${[...kind.fields.keys()].join(', ')}`
  if (kind.is === 'decimal') return `decimal(${kind.width},${kind.scale})`
  return kind.is === 'hugeint' ? 'bigint' : kind.is
}
