// Columns as a job declares them, and what TypeScript makes of them.

import { InvalidOptionError } from '../errors/errors.ts'
import { nearest } from '../options/options.ts'

/** What a value that comes out of DuckDB may be. */
export type SqlValue =
  | null
  | boolean
  | number
  | bigint
  | string
  | Date
  | Uint8Array
  | readonly SqlValue[]
  | ReadonlyMap<SqlValue, SqlValue>
  | { readonly [field: string]: SqlValue }

/** A row of which no columns are declared. */
export type SqlRow = Readonly<Record<string, SqlValue>>

interface Words {
  text: string
  number: number
  bigint: bigint
  decimal: string
  boolean: boolean
  date: Date
  bytes: Uint8Array
}

type Word = keyof Words | `decimal(${number},${number})`

/** What a column holds: a word, with `?` when it may be null; `['text']` for a list, `{ city: 'text' }` for a struct. */
export type SqlColumn = Word | `${Word}?` | readonly [SqlColumn] | { readonly [field: string]: SqlColumn }

/** Columns by name. */
export type SqlColumns = Readonly<Record<string, SqlColumn>>

type OfWord<W> = W extends keyof Words ? Words[W] : string
type Typed<C> = C extends string
  ? C extends `${infer W}?`
    ? OfWord<W> | null
    : OfWord<C>
  : C extends readonly [infer E]
    ? readonly Typed<E>[]
    : { readonly [F in keyof C]: Typed<C[F]> }

/** A row with the columns that are declared. */
export type SqlRowOf<C extends SqlColumns> = { readonly [N in keyof C]: Typed<C[N]> }

/** What a column holds, whether it was declared or seen. */
export type Kind =
  | { readonly is: 'text' | 'number' | 'bigint' | 'hugeint' | 'boolean' | 'date' | 'bytes' }
  | { readonly is: 'decimal'; readonly width: number; readonly scale: number }
  | { readonly is: 'list'; readonly of: Declared | undefined }
  | { readonly is: 'struct'; readonly fields: ReadonlyMap<string, Declared | undefined> }
  | { readonly is: 'map'; readonly key: Declared | undefined; readonly value: Declared | undefined }

/** @property strict it was declared, and null only where that says so. */
export type Declared = Kind & { readonly strict?: 'null' | 'no null' }

const WORDS = ['text', 'number', 'bigint', 'decimal', 'boolean', 'date', 'bytes'] as const
/** DuckDB's widest. */
const MAX_WIDTH = 38
/** Of `decimal` without digits: as a column of a table it needs some. */
const ANY_DECIMAL = { is: 'decimal', width: MAX_WIDTH, scale: 9 } as const

/** Whether DuckDB takes it for a column, and gives it back as it was: its texts are UTF-8 and end at a NUL. */
export function isName(name: string): boolean {
  return name !== '' && !name.includes('\0') && name.isWellFormed()
}

/** @throws InvalidOptionError naming the column. */
export function checkColumns(where: string, columns: unknown): ReadonlyMap<string, Declared> {
  if (typeof columns !== 'object' || columns === null || Array.isArray(columns)) {
    throw new InvalidOptionError(`${where}: expected columns by name, such as { user: 'text', visits: 'bigint?' }.`)
  }
  const names = new Map<string, string>()
  return new Map(
    Object.entries(columns).map(([name, column]) => {
      if (!isName(name)) throw new InvalidOptionError(`${where}: ${JSON.stringify(name)} is no name in SQL.`)
      const same = names.get(name.toLowerCase())
      if (same !== undefined) {
        throw new InvalidOptionError(`${where}: '${same}' and '${name}' are one name in SQL, which knows no case.`)
      }
      names.set(name.toLowerCase(), name)
      return [name, checkColumn(`${where}.${name}`, column)]
    }),
  )
}

function checkColumn(where: string, column: unknown): Declared {
  if (typeof column === 'string') return checkWord(where, column)
  if (Array.isArray(column) && column.length === 1) {
    return { is: 'list', of: checkColumn(`${where}[]`, column[0]), strict: 'no null' }
  }
  if (typeof column === 'object' && column !== null && !Array.isArray(column)) {
    return { is: 'struct', fields: checkColumns(where, column), strict: 'no null' }
  }
  throw new InvalidOptionError(`${where}: expected a word such as 'text', a list such as ['text'], or fields by name.`)
}

function checkWord(where: string, text: string): Declared {
  const [, word = '', digits, width = '', scale = '', mark] = /^(\w+)(\((\d+), ?(\d+)\))?(\??)$/.exec(text) ?? []
  const strict = mark === '?' ? 'null' : 'no null'
  const is = WORDS.find((known) => known === word)
  if (is === 'decimal') {
    if (digits === undefined) return { ...ANY_DECIMAL, strict }
    const decimal = { is, width: Number(width), scale: Number(scale), strict } as const
    if (decimal.width >= 1 && decimal.width <= MAX_WIDTH && decimal.scale <= decimal.width) return decimal
  } else if (is !== undefined && digits === undefined) {
    return { is, strict }
  }
  const near = nearest(word, WORDS)
  throw new InvalidOptionError(
    `${where}: '${text}' is no column.${near ? ` Did you mean '${near}'?` : ''} Known words: ${WORDS.join(', ')}, ` +
      `decimal(p,s) with at most ${MAX_WIDTH} digits, each with ? when it may be null.`,
  )
}
