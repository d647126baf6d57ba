// A value in words, for messages.

/** `null`, `the string "x"`, `a Date`. */
export function describeValue(value: unknown): string {
  if (value === null || value === undefined) return String(value)
  if (typeof value === 'object') return describeObject(value)
  if (typeof value === 'string') return `the string ${JSON.stringify(value.slice(0, 80))}`
  return typeof value === 'function' || typeof value === 'symbol' ? `a ${typeof value}` : `the ${typeof value} ${value}`
}

function describeObject(value: object): string {
  if (Array.isArray(value)) {
    return 'groups' in value ? 'a match of a regular expression' : `an array of length ${value.length}`
  }
  const maker: unknown = value.constructor
  if (typeof maker !== 'function' || maker === Object || maker.name === '') return 'an object'
  return `${/^[AEIO]/.test(maker.name) ? 'an' : 'a'} ${maker.name}`
}
