// Items of DynamoDB as log items and rows. What does not have the shape that Millrace writes is an error, never a default (I7).

import type { AttributeValue } from '@aws-sdk/client-dynamodb'
import { UnreadableItemError } from '../errors/log-errors.ts'
import { parseRowData } from './row-data.ts'
import type { JobRow, LogItem } from './table.ts'

/** The attribute after whose time DynamoDB deletes an item; part of the table's definition. */
export const TTL_ATTRIBUTE = 'ttl'
/** `LogItem.headUntil`. */
export const HEAD_UNTIL_ATTRIBUTE = 'until'

type Item = Record<string, AttributeValue>

/** @throws UnreadableItemError */
export function logItemOf(table: string, item: Item): LogItem {
  const { sk, b, [TTL_ATTRIBUTE]: ttl, [HEAD_UNTIL_ATTRIBUTE]: until } = item
  const version = Number(sk?.S)
  if (!Number.isSafeInteger(version)) throw unreadable(table, item, 'its sort key is not a version')
  if (!b?.B) throw unreadable(table, item, 'it has no binary attribute "b"')
  return {
    version,
    body: b.B,
    ...(ttl?.N !== undefined && { expiresAt: Number(ttl.N) }),
    ...(until?.N !== undefined && { headUntil: Number(until.N) }),
  }
}

/** @throws UnreadableItemError */
export function rowOf(table: string, item: Item): JobRow {
  const { rev, data } = item
  if (rev?.N === undefined) throw unreadable(table, item, 'it has no number "rev"')
  if (data?.S === undefined) throw unreadable(table, item, 'it has no string "data"')
  try {
    return { rev: Number(rev.N), data: parseRowData(data.S) }
  } catch (cause) {
    throw unreadable(table, item, 'its attribute "data" is not a JSON object', { cause })
  }
}

function unreadable(table: string, { pk, sk }: Item, problem: string, options?: ErrorOptions): UnreadableItemError {
  return new UnreadableItemError(table, pk?.S ?? '?', sk?.S ?? '?', problem, options)
}
