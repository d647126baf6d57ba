// Entries that are needed for longer than was thought: while closing is held up, nothing that it needs may expire (docs/decisions/048).

import type { TaskRef } from '../names/tasks.ts'
import type { ObjectStore } from '../stores/object-store.ts'
import type { CommitLog, LogItem, LogItemLife } from '../stores/table.ts'
import { headUntil, type LogLife } from './log-life.ts'
import { spilledBy } from './spilled.ts'

/** DynamoDB takes a thousand writes a second on one partition key. */
const KEPT_AT_ONCE = 25

export interface ProlongedLog {
  readonly task: TaskRef
  readonly log: CommitLog
  readonly objects: ObjectStore
  readonly life: LogLife
}

/**
 * Gives entries the time of one that is written now: the head, and all after version `after`, if any of them has less than half of
 * `retention` left. The head first: none may outlive it, or that one would be taken for the head.
 *
 * @returns how many, and the head as it is then.
 */
export async function prolong(
  { task, log, objects, life }: ProlongedLog,
  head: LogItem,
  after: number,
): Promise<{ readonly count: number; readonly head: LogItem }> {
  const now = life.now()
  const soon = Math.ceil((now + life.retention / 2) / 1000)
  const needed = await log.read(task, { after, consistent: true })
  const short = needed.filter(({ expiresAt = soon }) => expiresAt < soon)
  if (short.length === 0 && (headUntil(head) ?? soon) >= soon) return { count: 0, head }
  const time = Math.ceil((now + life.retention) / 1000)
  const set = async (item: LogItem): Promise<LogItem> => {
    if (headUntil(item) === undefined) return item
    await keepSpilled(task, objects, item)
    const later: LogItemLife = item.headUntil === undefined ? { expiresAt: time } : { headUntil: time }
    await log.setLife(task, item.version, later)
    return { ...item, ...later }
  }
  const prolonged = await set(head)
  const others = short.filter(({ version }) => version < head.version)
  for (let i = 0; i < others.length; i += KEPT_AT_ONCE) await Promise.all(others.slice(i, i + KEPT_AT_ONCE).map(set))
  return { count: others.length + 1, head: prolonged }
}

/** A rule of the bucket deletes spilled records by their age: one that is needed for longer is written anew. */
async function keepSpilled(task: TaskRef, objects: ObjectStore, item: LogItem): Promise<void> {
  const spilled = spilledBy(task, item)
  const bytes = spilled && (await objects.get(spilled))
  if (bytes) await objects.put(spilled, bytes)
}
