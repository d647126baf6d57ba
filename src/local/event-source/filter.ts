// FilterCriteria of a Kafka mapping: which records the function gets. Lambda looks at the value alone, as text in UTF-8, and
// lets a record through whose value is of another form than the pattern.
// https://docs.aws.amazon.com/lambda/latest/dg/kafka-filtering.html

import { InvalidOptionError } from '../../errors/errors.ts'
import {
  isObject,
  type Json,
  type JsonObject,
  type Matcher,
  matcherOf,
  parseJson,
  parsePattern,
} from './filter-pattern.ts'

/** Five, and ten when AWS raises the quota for an account. */
const MOST_FILTERS = 10

/** True for records that the function gets. */
export type RecordFilter = (record: { readonly value: Uint8Array | null }) => boolean

/**
 * A filter from the patterns of a mapping: a record that one of them matches goes through. Undefined when there are none.
 *
 * @throws InvalidOptionError for a pattern that Lambda would refuse
 */
export function recordFilter(patterns: readonly string[]): RecordFilter | undefined {
  if (patterns.length === 0) return undefined
  if (patterns.length > MOST_FILTERS)
    throw new InvalidOptionError(`FilterCriteria has ${patterns.length} filters; Lambda takes ${MOST_FILTERS} at most.`)
  const filters = patterns.map((text) => valueFilter(parsePattern(text), text))
  return ({ value }) => {
    const message = messageOf(value)
    return filters.some((matches) => matches(message))
  }
}

/** A value as Lambda tells them apart; undefined for bytes that are no UTF-8, and for none. */
type Message = { readonly text: string } | { readonly json: Json } | undefined

const utf8 = new TextDecoder('utf-8', { fatal: true })

function messageOf(value: Uint8Array | null): Message {
  if (value === null) return undefined
  let text: string
  try {
    text = utf8.decode(value)
  } catch {
    return undefined
  }
  try {
    const json = parseJson(text)
    // A number or a word by itself is valid JSON by the letter; as a message it is a plain text.
    if (isObject(json) || Array.isArray(json)) return { json }
  } catch {}
  return { text }
}

function valueFilter(pattern: JsonObject, text: string): (message: Message) => boolean {
  const rules: ((message: Message) => boolean)[] = []
  for (const [name, rule] of Object.entries(pattern)) {
    if (name === '$or' && Array.isArray(rule) && rule.every(isObject)) {
      const some = rule.map((one) => valueFilter(one, text))
      rules.push((message) => some.some((matches) => matches(message)))
    } else if (name === 'value') rules.push(formFilter(rule))
    else
      throw new InvalidOptionError(
        `FilterCriteria: the pattern ${text} asks for "${name}"; of Kafka records only "value" can be filtered on.`,
      )
  }
  return (message) => rules.every((matches) => matches(message))
}

/** Where the forms differ there is nothing to hold the pattern against, and the record goes through. */
function formFilter(rule: Json): (message: Message) => boolean {
  const matches: Matcher = matcherOf(rule, 'value')
  return isObject(rule)
    ? (message) => message === undefined || !('json' in message) || matches(message.json)
    : (message) => message === undefined || !('text' in message) || matches(message.text)
}
