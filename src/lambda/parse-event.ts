// From what invoked the function to what the runtime works on: records of a source of the job, or SQS messages of our own.
// Everything else is refused by name.

import { MalformedEventError } from '../errors/errors.ts'
import type { Share } from '../runtime/side-by-side/share.ts'
import { isObject, type Json, nameOf } from '../sources/json.ts'
import type { Delivery, SourceKind } from '../sources/source.ts'
import type { Receipt } from './hold.ts'

/** What an invocation asks for. */
export type Invocation =
  | { readonly kind: 'records'; readonly source: SourceKind; readonly deliveries: readonly Delivery[] }
  | {
      readonly kind: 'wake'
      readonly job: string
      readonly at: number
      readonly turn?: number
      readonly receipt?: Receipt
    }
  | { readonly kind: 'share'; readonly job: string; readonly share: Share }
  | { readonly kind: 'drain'; readonly job: string }

/**
 * @param kinds of the sources that the job has.
 * @throws MalformedEventError naming the place and what is wrong there.
 */
export function parseEvent(event: unknown, kinds: Iterable<SourceKind>): Invocation[] {
  if (!isObject(event)) throw new MalformedEventError('event', `it is ${nameOf(event)}, not an object`)
  for (const source of kinds) {
    const deliveries = source.parse(event)
    if (deliveries) return [{ kind: 'records', source, deliveries }]
  }
  if (Array.isArray(event.Records)) return event.Records.map(parseMessage)
  const known = [...kinds].flatMap(({ eventSources }) => eventSources.map((name) => `'${name}'`))
  throw new MalformedEventError('event.eventSource', `it is ${nameOf(event.eventSource)}, not ${known.join(' or ')}`)
}

const isCount = (value: unknown): value is number => Number.isSafeInteger(value) && Number(value) >= 0
const isListOf = <T>(is: (value: unknown) => value is T, value: unknown): value is T[] =>
  Array.isArray(value) && value.every(is)
/** A wake-up for a year that no clock reaches would be passed on for ever. */
const isTime = (value: unknown): value is number => typeof value === 'number' && value >= 0 && value <= 8.64e15

/** A message that `sqs-waker.ts` sent. */
function parseMessage(message: unknown, index: number): Invocation {
  const path = `event.Records[${index}]`
  if (!isObject(message) || message.eventSource !== 'aws:sqs' || typeof message.body !== 'string') {
    throw new MalformedEventError(path, 'it is not a message of Millrace from its SQS queue')
  }
  const body = parseJson(message.body)
  const share = isObject(body) && body.millrace === 'share' ? parseShare(body) : undefined
  if (isObject(body) && share && typeof body.job === 'string') return { kind: 'share', job: body.job, share }
  if (isObject(body) && body.millrace === 'drain' && typeof body.job === 'string')
    return { kind: 'drain', job: body.job }
  if (!isObject(body) || body.millrace !== 'wake' || typeof body.job !== 'string' || !isTime(body.at)) {
    throw new MalformedEventError(
      `${path}.body`,
      'it is not a message of Millrace; nobody else should send to its queue',
    )
  }
  // Those of older code have none.
  const receipt = receiptOf(message)
  const turn = isCount(body.turn) && { turn: body.turn }
  return { kind: 'wake', job: body.job, at: body.at, ...turn, ...(receipt && { receipt }) }
}

function receiptOf({ receiptHandle, attributes }: Json): Receipt | undefined {
  if (typeof receiptHandle !== 'string') return undefined
  const deliveries = isObject(attributes) ? Number(attributes.ApproximateReceiveCount) : 1
  return { handle: receiptHandle, deliveries: isCount(deliveries) ? deliveries : 1 }
}

function parseShare({ stage, buckets, closedUntil, times }: Json): Share | undefined {
  if (typeof stage !== 'string' || !isListOf(isCount, buckets) || !isTime(closedUntil) || !isListOf(isTime, times))
    return undefined
  return { stage, buckets, closedUntil, times }
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}
