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
const reasons = new WeakMap<Command, string>()

/** Gives a command `--json`, and says what comes of it. Every command has it, or says with `withoutJson` why not. */
export function withJson(command: Command, schema: JsonSchema, what = 'what was found and done as JSON'): Command {
  schemas.set(command, schema)
  return command.option('--json', `${what}; --json=help prints its schema`)
}

/** For a command that prints no data: the reason, as a sentence. */
export function withoutJson(command: Command, reason: string): Command {
  reasons.set(command, reason)
  return command
}

export const schemaOfCommand = (command: Command): JsonSchema | undefined => schemas.get(command)
export const reasonWithoutJson = (command: Command): string | undefined => reasons.get(command)

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
export const number = (description?: string): JsonSchema => ({ type: 'number', ...(description && { description }) })
export const boolean = (description?: string): JsonSchema => ({ type: 'boolean', ...(description && { description }) })
export const nullOr = (schema: JsonSchema): JsonSchema => ({ anyOf: [{ type: 'null' }, schema] })

/** The schema of the command that the words name, when they ask for it: arguments need not be there then. */
export function schemaAskedFor(program: Command, words: readonly string[]): JsonSchema | undefined {
  return words.includes('--json=help') ? schemas.get(commandNamed(program, words)) : undefined
}

/** Why there is none. */
export function noSchema(program: Command, words: readonly string[]): string {
  const command = commandNamed(program, words)
  const [first] = command.commands
  if (first) return `which of the commands of ${command.name()}? Such as: ${first.name()} --json=help`
  return reasons.get(command) ?? 'this command has no schema.'
}

function commandNamed(program: Command, words: readonly string[]): Command {
  let command = program
  for (const word of words) {
    const next = command.commands.find((one) => one.name() === word)
    if (!next) break
    command = next
  }
  return command
}
