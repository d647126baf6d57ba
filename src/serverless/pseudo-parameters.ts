// Values that only CloudFormation knows, in names that are needed before it has run: a bucket whose name has the account in it. While
// a job is described a stand-in takes the account's place; wherever the name goes into the template, it becomes the pseudo parameter
// again. So packaging asks nobody who it is.
// https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/pseudo-parameter-reference.html

import type { CfnValue } from './framework.ts'

/** As long as an account's number, possible in the name of a bucket, and no number, so that it is nobody's account. */
export const ACCOUNT = 'accountidnow'

/** What is known of pseudo parameters before CloudFormation runs. */
function pseudoParameters(region: string): ReadonlyMap<string, string> {
  const partition = /^(cn|us-gov)-/.exec(region)?.[1]
  return new Map([
    ['AWS::AccountId', ACCOUNT],
    ['AWS::Region', region],
    ['AWS::Partition', partition === undefined ? 'aws' : `aws-${partition}`],
  ])
}

/**
 * The text that a value of serverless.yml will be: a text as it is; `Ref`, `Fn::Sub` and `Fn::Join` of pseudo parameters with the
 * stand-in for the account. Undefined when it depends on anything else.
 */
export function foreseen(value: unknown, region: string): string | undefined {
  if (typeof value === 'string') return value
  if (typeof value === 'number' || typeof value === 'boolean') return String(value)
  if (typeof value !== 'object' || value === null) return undefined
  const known = pseudoParameters(region)
  const [[name, argument] = [], ...others] = Object.entries(value)
  if (others.length > 0) return undefined
  if (name === 'Ref') return known.get(String(argument))
  if (name === 'Fn::Join' && Array.isArray(argument) && Array.isArray(argument[1])) {
    const parts = argument[1].map((part) => foreseen(part, region))
    return parts.includes(undefined) ? undefined : parts.join(String(argument[0]))
  }
  if (name !== 'Fn::Sub') return undefined
  const [text, variables]: unknown[] = Array.isArray(argument) ? argument : [argument, {}]
  return typeof text === 'string' ? substituted(text, Object(variables), known, region) : undefined
}

function substituted(
  text: string,
  variables: object,
  known: ReadonlyMap<string, string>,
  region: string,
): string | undefined {
  let whole = true
  const result = text.replace(/\$\{(!?)([^}]*)\}/g, (_, literally: string, name: string) => {
    if (literally !== '') return `\${${name}}`
    const value = known.get(name) ?? foreseen(Reflect.get(variables, name), region)
    if (value === undefined) whole = false
    return value ?? ''
  })
  return whole ? result : undefined
}

/** A name as CloudFormation is told it: with the account that it is deployed to. */
export function named(name: string): CfnValue {
  const parts = name.split(ACCOUNT)
  if (parts.length === 1) return name
  const joined = parts.flatMap((part, at): CfnValue[] => (at === 0 ? [part] : [{ Ref: 'AWS::AccountId' }, part]))
  return { 'Fn::Join': ['', joined.filter((part) => part !== '')] }
}

/** A name once the account is known. */
export function namedIn(name: string, account: string): string {
  return name.replaceAll(ACCOUNT, account)
}

/** The names that a thing may have been called by before its account was known: to find one's own again. */
export function standInsOf(name: string): string[] {
  return [name, ...[...name.matchAll(/\d{12}/g)].map(([account]) => name.replaceAll(account, ACCOUNT))]
}
