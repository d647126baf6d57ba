// A row's data as it is stored: one JSON string, so that DynamoDB's types, its empty sets and its attribute names never
// meet what users call their topics (`__proto__`, empty strings).

import type { JobRow } from './table.ts'

/** @throws SyntaxError or TypeError when the text is not a JSON object. */
export function parseRowData(text: string): JobRow['data'] {
  const value: unknown = JSON.parse(text)
  if (!isJsonObject(value)) throw new TypeError('not a JSON object')
  return value
}

// Whatever JSON.parse returns is a JsonValue, so being an object is all there is to look at.
function isJsonObject(value: unknown): value is JobRow['data'] {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
