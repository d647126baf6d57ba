// Checks of single values of serverless.yml. Messages name the place and show the value.

import { InvalidOptionError } from '../errors/errors.ts'
import { nearest } from '../options/options.ts'
import type { Plain } from '../sources/deployed.ts'

/** An object of options, its values not checked yet. */
export type Options = Readonly<Record<string, unknown>>

export function options(where: string, value: unknown): Options {
  if (isOptions(value)) return value
  throw new InvalidOptionError(`${where}: expected names and values, got ${show(value)}.`)
}

export function nonEmptyText(where: string, value: unknown): string {
  if (typeof value === 'string' && value !== '') return value
  throw new InvalidOptionError(`${where}: expected a text, got ${show(value)}.`)
}

/** What a text has to look like, and one that does. */
export interface Form {
  readonly pattern: RegExp
  readonly example: string
}

/** The name of a thing: a text of that form, or an intrinsic function of CloudFormation, which will say it. */
export function reference(where: string, value: unknown, { pattern, example }: Form): Plain {
  if (isIntrinsic(value)) return value
  const text = nonEmptyText(where, value)
  if (pattern.test(text)) return text
  throw new InvalidOptionError(
    `${where}: ${show(text)} is not of the form ${example}. A value of another stack or resource may stand there too: !ImportValue, !Ref, !Sub.`,
  )
}

/** A list of such; one alone may stand without its list. */
export function referenceList(where: string, value: unknown, form: Form): Plain[] {
  if (value === undefined) return []
  return (Array.isArray(value) ? value : [value]).map((item) => reference(where, item, form))
}

function isIntrinsic(value: unknown): value is { readonly [name: string]: Plain } {
  if (!isOptions(value)) return false
  const [name, ...others] = Object.keys(value)
  return others.length === 0 && name !== undefined && /^(Ref|Fn::[A-Za-z]+)$/.test(name)
}

/** A list of texts; one alone may stand without its list. */
export function textList(where: string, value: unknown): string[] {
  if (value === undefined) return []
  return (Array.isArray(value) ? value : [value]).map((item) => nonEmptyText(where, item))
}

/** A number; written as a text it counts too, since variables of the environment are texts. */
export function integer(where: string, value: unknown, least: number, most: number): number {
  const number = typeof value === 'string' && /^-?\d+$/.test(value) ? Number(value) : value
  if (typeof number === 'number' && Number.isInteger(number) && number >= least && number <= most) return number
  throw new InvalidOptionError(`${where}: expected a whole number from ${least} to ${most}, got ${show(value)}.`)
}

export function boolean(where: string, value: unknown, preset: boolean): boolean {
  if (value === undefined) return preset
  if (typeof value === 'boolean') return value
  if (value === 'true' || value === 'false') return value === 'true'
  throw new InvalidOptionError(`${where}: expected true or false, got ${show(value)}.`)
}

/** One of the choices; an absent value is the first. */
export function choice<const C extends string>(where: string, value: unknown, choices: readonly [C, ...C[]]): C {
  if (value === undefined) return choices[0]
  const known = choices.find((one) => one === value)
  if (known !== undefined) return known
  const near = nearest(String(value), choices)
  throw new InvalidOptionError(
    `${where}: ${show(value)} is not possible.${near ? ` Did you mean '${near}'?` : ''} Choose one of ${choices.join(', ')}.`,
  )
}

function isOptions(value: unknown): value is Options {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

function show(value: unknown): string {
  return value === undefined ? 'nothing' : (JSON.stringify(value)?.slice(0, 80) ?? typeof value)
}
