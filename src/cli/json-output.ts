// `--json` of every command: what was found or done as JSON on standard output, whose schema `--json=help` prints.

import type { Command } from 'commander'

/** As much of JSON Schema as answers of commands need; test/cli/json-schema.ts holds them to it. */
export interface JsonSchema {
  readonly type?: 'object' | 'array' | 'string' | 'integer' | 'number' | 'boolean' | 'null'
  readonly description?: string
  readonly enum?: readonly string[]
  readonly anyOf?: readonly JsonSchema[]
  readonly properties?: Readonly<Record<string, JsonSchema>>
  readonly required?: readonly string[]
  readonly additionalProperties?: JsonSchema | false
  readonly items?: JsonSchema
}

const schemas = new WeakMap<Command, JsonSchema>()

/** Gives a command `--json`, and says what comes of it. */
export function withJson(command: Command, schema: JsonSchema, what = 'what was found and done as JSON'): Command {
  schemas.set(command, schema)
  return command.option('--json', `${what}; --json=help prints its schema`)
}

/** What must be there, and may; nothing else is. */
export function object(
  required: Readonly<Record<string, JsonSchema>>,
  optional: Readonly<Record<string, JsonSchema>> = {},
): JsonSchema {
  return {
    type: 'object',
    properties: { ...required, ...optional },
    required: Object.keys(required),
    additionalProperties: false,
  }
}

export const list = (items: JsonSchema): JsonSchema => ({ type: 'array', items })
export const text = (description?: string): JsonSchema => ({ type: 'string', ...(description && { description }) })
export const integer = (description?: string): JsonSchema => ({ type: 'integer', ...(description && { description }) })

/** The command that the words name, and its schema, when they ask for it: arguments need not be there then. */
export function schemaAskedFor(program: Command, words: readonly string[]): JsonSchema | undefined {
  if (!words.includes('--json=help')) return undefined
  let command = program
  for (const word of words) {
    const next = command.commands.find((one) => one.name() === word)
    if (next) command = next
  }
  return schemas.get(command)
}
