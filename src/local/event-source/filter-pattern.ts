// The language of FilterCriteria: a pattern is JSON that says, field by field, what a value must be. Checked when it is read,
// so that matching never meets a rule that it does not know. Comparisons are those of Lambda's own table.
// https://docs.aws.amazon.com/lambda/latest/dg/invocation-eventfiltering.html#filtering-syntax

import { describeCause, InvalidOptionError } from '../../errors/errors.ts'

/** What JSON holds. A number keeps its text: to Lambda 300, 300.0 and 3.0e2 differ. */
export type Json = null | boolean | string | JsonNumber | readonly Json[] | JsonObject

export interface JsonObject {
  readonly [name: string]: Json
}

export class JsonNumber {
  readonly source: string
  constructor(source: string) {
    this.source = source
  }
}

/** Whether a value, `undefined` where the field is missing, is what a pattern asks for. */
export type Matcher = (value: Json | undefined) => boolean

/** @throws SyntaxError */
export function parseJson(text: string): Json {
  // Node 22 tells the text of a number as a third argument, which TypeScript's library does not know yet.
  return JSON.parse(text, (_name: string, value: unknown, ...[context]: readonly { readonly source?: string }[]) =>
    typeof value === 'number' ? new JsonNumber(context?.source ?? String(value)) : value,
  )
}

/**
 * Reads a pattern.
 *
 * @throws InvalidOptionError for what Lambda would refuse, naming the field
 */
export function parsePattern(text: string): JsonObject {
  let pattern: Json
  try {
    pattern = parseJson(text)
  } catch (cause) {
    throw new InvalidOptionError(`FilterCriteria: the pattern ${text} is not JSON (${describeCause(cause)}).`)
  }
  if (isObject(pattern)) return pattern
  throw new InvalidOptionError(`FilterCriteria: the pattern ${text} is not a JSON object: { "value": … }.`)
}

/** What `pattern` at the field `path` asks for: all fields of an object, one of the rules in a list. @throws InvalidOptionError */
export function matcherOf(pattern: Json, path: string): Matcher {
  if (Array.isArray(pattern)) return anyOf(path, pattern)
  if (!isObject(pattern)) {
    const shown = JSON.stringify(plain(pattern))
    throw new InvalidOptionError(`FilterCriteria: ${path} is ${shown}; rules are in a list: [${shown}].`)
  }
  const fields = Object.entries(pattern).map(([name, rule]): Matcher => {
    if (name === '$or') return alternatives(path, rule)
    const matches = matcherOf(rule, `${path}.${name}`)
    return (value) => matches(fieldOf(value, name))
  })
  const all: Matcher = (value) => fields.every((matches) => matches(value))
  // One element of a list must have all of it.
  return (value) => (Array.isArray(value) ? value.some(all) : all(value))
}

function alternatives(path: string, rule: Json): Matcher {
  if (!Array.isArray(rule) || rule.length < 2)
    throw new InvalidOptionError(`FilterCriteria: ${path}.$or is a list of two patterns or more.`)
  const patterns = rule.map((one) => matcherOf(one, path))
  return (value) => patterns.some((matches) => matches(value))
}

function anyOf(path: string, rules: readonly Json[]): Matcher {
  if (rules.length === 0)
    throw new InvalidOptionError(`FilterCriteria: ${path} has an empty list, which nothing matches.`)
  const matchers = rules.map((rule) => (isObject(rule) ? comparison(path, rule) : onLeaf(equals(path, rule))))
  return (value) => matchers.some((matches) => matches(value))
}

type LeafTest = (leaf: Json) => boolean

/** Rules see leaves alone; of a list any element. */
const onLeaf =
  (test: LeafTest): Matcher =>
  (value) =>
    leavesOf(value).some(test)

function leavesOf(value: Json | undefined): readonly Json[] {
  if (value === undefined || isObject(value)) return []
  return Array.isArray(value) ? value.filter((one) => !isObject(one) && !Array.isArray(one)) : [value]
}

function comparison(path: string, rule: JsonObject): Matcher {
  const [[name, operand] = ['', null], ...more] = Object.entries(rule)
  if (more.length > 0 || name === '')
    throw new InvalidOptionError(
      `FilterCriteria: ${path}: a rule is one comparison, not ${JSON.stringify(plain(rule))}.`,
    )
  if (name === 'exists') {
    if (typeof operand !== 'boolean') throw new InvalidOptionError(`FilterCriteria: ${path}: exists is true or false.`)
    return (value) => leavesOf(value).length > 0 === operand
  }
  if (name === 'anything-but') return onLeaf(anythingBut(path, operand))
  if (name === 'numeric') return onLeaf(numeric(path, operand))
  return onLeaf(textTest(path, name, operand))
}

const TEXT_TESTS: Readonly<Record<string, (text: string, operand: string) => boolean>> = {
  prefix: (text, operand) => text.startsWith(operand),
  suffix: (text, operand) => text.endsWith(operand),
  'equals-ignore-case': (text, operand) => text.toLowerCase() === operand.toLowerCase(),
}

function textTest(path: string, name: string, operand: Json): LeafTest {
  const test = Object.hasOwn(TEXT_TESTS, name) ? TEXT_TESTS[name] : undefined
  if (!test)
    throw new InvalidOptionError(
      `FilterCriteria: ${path}: "${name}" is no comparison of Lambda's; there are prefix, suffix, equals-ignore-case, anything-but, numeric and exists.`,
    )
  if (typeof operand !== 'string') throw new InvalidOptionError(`FilterCriteria: ${path}: ${name} wants a text.`)
  return (leaf) => typeof leaf === 'string' && test(leaf, operand)
}

function anythingBut(path: string, operand: Json): LeafTest {
  if (isObject(operand)) {
    const [[name, texts] = ['', null], ...more] = Object.entries(operand)
    if (more.length > 0) throw new InvalidOptionError(`FilterCriteria: ${path}: anything-but has one comparison.`)
    const tests = (Array.isArray(texts) ? texts : [texts]).map((text) => textTest(path, name, text))
    return (leaf) => !tests.some((test) => test(leaf))
  }
  const tests = (Array.isArray(operand) ? operand : [operand]).map((one) => equals(path, one))
  if (tests.length === 0) throw new InvalidOptionError(`FilterCriteria: ${path}: anything-but has an empty list.`)
  return (leaf) => !tests.some((test) => test(leaf))
}

function equals(path: string, wanted: Json): LeafTest {
  if (isObject(wanted) || Array.isArray(wanted))
    throw new InvalidOptionError(`FilterCriteria: ${path}: a value is a text, a number, true, false or null.`)
  if (wanted instanceof JsonNumber) return (leaf) => leaf instanceof JsonNumber && leaf.source === wanted.source
  return (leaf) => leaf === wanted
}

const ORDERS: Readonly<Record<string, (a: number, b: number) => boolean>> = {
  '=': (a, b) => a === b,
  '<': (a, b) => a < b,
  '<=': (a, b) => a <= b,
  '>': (a, b) => a > b,
  '>=': (a, b) => a >= b,
}

function numeric(path: string, operand: Json): LeafTest {
  const wrong = (): InvalidOptionError =>
    new InvalidOptionError(`FilterCriteria: ${path}: numeric is ["=", 1], or one or two bounds: [">", 10, "<=", 20].`)
  if (!Array.isArray(operand) || operand.length % 2 !== 0 || operand.length === 0 || operand.length > 4) throw wrong()
  const bounds: ((number: number) => boolean)[] = []
  for (let i = 0; i < operand.length; i += 2) {
    const [order, bound] = [operand[i], operand[i + 1]]
    const compare = typeof order === 'string' && Object.hasOwn(ORDERS, order) ? ORDERS[order] : undefined
    if (!compare || !(bound instanceof JsonNumber) || (order === '=' && operand.length > 2)) throw wrong()
    const limit = Number(bound.source)
    bounds.push((number) => compare(number, limit))
  }
  return (leaf) => leaf instanceof JsonNumber && bounds.every((within) => within(Number(leaf.source)))
}

export const isObject = (value: Json | undefined): value is JsonObject =>
  typeof value === 'object' && value !== null && !Array.isArray(value) && !(value instanceof JsonNumber)

/** Of a list of objects, the field of each. */
function fieldOf(value: Json | undefined, name: string): Json | undefined {
  return isObject(value) && Object.hasOwn(value, name) ? value[name] : undefined
}

/** For messages. */
function plain(value: Json): unknown {
  if (value instanceof JsonNumber) return Number(value.source)
  if (Array.isArray(value)) return value.map(plain)
  return isObject(value) ? Object.fromEntries(Object.entries(value).map(([name, one]) => [name, plain(one)])) : value
}
