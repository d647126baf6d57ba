// Holds JSON to a schema of src/cli/json-output.ts.

import type { JsonSchema } from '../../src/cli/json-output.ts'

/** What of `value` is not as the schema says, by path. */
export function schemaProblems(schema: JsonSchema, value: unknown, path = '$'): string[] {
  if (schema.anyOf) {
    const fits = schema.anyOf.some((one) => schemaProblems(one, value, path).length === 0)
    return fits ? [] : [`${path} is none of what it may be: ${JSON.stringify(value)}`]
  }
  const type = typeOf(value)
  const typeFits = schema.type === undefined || schema.type === type || (schema.type === 'number' && type === 'integer')
  if (!typeFits) return [`${path} is of type ${type}, not ${schema.type}`]
  if (schema.enum && !schema.enum.includes(String(value)))
    return [`${path} is ${value}, not one of ${schema.enum.join(', ')}`]
  if (Array.isArray(value))
    return value.flatMap((item, i) => (schema.items ? schemaProblems(schema.items, item, `${path}[${i}]`) : []))
  if (typeof value !== 'object' || value === null) return []
  const missing = (schema.required ?? [])
    .filter((name) => !Object.hasOwn(value, name))
    .map((name) => `${path}.${name} is missing`)
  return missing.concat(
    Object.entries(value).flatMap(([name, field]) => {
      const known = schema.properties?.[name] ?? schema.additionalProperties
      if (known === false) return [`${path}.${name} is not in the schema`]
      return known ? schemaProblems(known, field, `${path}.${name}`) : []
    }),
  )
}

function typeOf(value: unknown): string {
  if (value === null) return 'null'
  if (Array.isArray(value)) return 'array'
  return Number.isInteger(value) ? 'integer' : typeof value
}
