// What came in as JSON, looked at with care: for parsers of events, and for what they say of what they cannot take.

export type Json = Readonly<Record<string, unknown>>

export function isObject(value: unknown): value is Json {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

/** A value in a message. */
export function nameOf(value: unknown): string {
  if (value === undefined) return 'missing'
  if (value === null) return 'null'
  if (Array.isArray(value)) return 'an array'
  if (typeof value === 'object') return 'an object'
  return typeof value === 'string' ? `string "${brief(value)}"` : `${typeof value} ${brief(String(value))}`
}

/** What comes from outside may be megabytes long. */
export function brief(text: string): string {
  return text.length <= 80 ? text : `${text.slice(0, 79)}…`
}
