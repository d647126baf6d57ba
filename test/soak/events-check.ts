// Accounts of the stateless job: every record of the topic once in `events`, every third one once in `thirds`, each under its T.

import type { MovedOn } from './commits.ts'
import { eventValue, idOf } from './data.ts'
import { batchTimes, type TopicRecord } from './topic.ts'

const BATCH = 10_000

/** How often each offset of a partition was found, and under which time last. */
interface Found {
  readonly times: number[]
  readonly counts: number[]
  readonly ids: number[]
}

export interface EventsAccount {
  readonly found: number
  readonly lost: number
  readonly twice: number
}

export class EventsCheck {
  /** Distinct records found so far. */
  found = 0
  readonly #events: Found[]
  readonly #thirds: Found[]

  constructor(partitions: number) {
    const empty = (): Found => ({ times: [], counts: [], ids: [] })
    this.#events = Array.from({ length: partitions }, empty)
    this.#thirds = Array.from({ length: partitions }, empty)
  }

  take(output: string, time: number, body: string): string | undefined {
    if (!body.endsWith('\n')) return `it does not end with a line's end (${body.length} characters)`
    for (const line of body.slice(0, -1).split('\n')) {
      const problem = output === 'events' ? this.#takeEvent(time, line) : this.#takeThird(time, line)
      if (problem !== undefined) return problem
    }
    return undefined
  }

  #takeEvent(time: number, line: string): string | undefined {
    const { partition, offset, value } = parseEvent(line)
    if (partition === undefined || offset === undefined || value === undefined)
      return `not a record: ${line.slice(0, 80)}`
    const id = idOf(value)
    if (value !== eventValue(id)) return `the value of ${id} is not what was produced`
    if (note(this.#events[partition], offset, time, id) === 1) this.found++
    return undefined
  }

  #takeThird(time: number, line: string): string | undefined {
    const [, partition, offset] = /^(\d+) (\d+)$/.exec(line) ?? []
    if (partition === undefined) return `not a partition and an offset: ${line.slice(0, 80)}`
    note(this.#thirds[Number(partition)], Number(offset), time, 0)
    return undefined
  }

  account(
    topic: readonly (readonly TopicRecord[])[],
    movedOn: (partition: number) => readonly MovedOn[],
    onViolation: (violation: string) => void,
  ): EventsAccount {
    const account = { found: 0, lost: 0, twice: 0 }
    for (const [partition, records] of topic.entries()) {
      const [events, thirds] = [this.#events[partition], this.#thirds[partition]]
      const times = batchTimes(records, movedOn(partition), BATCH)
      for (const { offset, value } of records) {
        const where = `events-${partition} offset ${offset}`
        const count = events?.counts[offset] ?? 0
        account.found += count > 0 ? 1 : 0
        account.lost += count === 0 ? 1 : 0
        account.twice += Math.max(0, count - 1)
        if (count !== 1) onViolation(`${where} is ${count} times in the output`)
        else if (events?.ids[offset] !== idOf(value)) onViolation(`${where} is another record in the output`)
        else if (events.times[offset] !== times[offset]) {
          onViolation(`${where} is under ${events.times[offset]} and belongs under ${times[offset]}`)
        }
        const third = thirds?.counts[offset] ?? 0
        if (third !== (offset % 3 === 0 ? 1 : 0)) onViolation(`${where} is ${third} times in the second output`)
        else if (third === 1 && thirds?.times[offset] !== times[offset]) {
          onViolation(`${where} is under ${thirds?.times[offset]} in the second output, not ${times[offset]}`)
        }
      }
      const beyond = (events?.counts.length ?? 0) - records.length
      if (beyond > 0) onViolation(`events-${partition}: the output has ${beyond} offsets that the topic has not`)
    }
    return account
  }
}

/** How often the offset has been found now. */
function note(found: Found | undefined, offset: number, time: number, id: number): number {
  if (!found) return 0
  const count = (found.counts[offset] ?? 0) + 1
  found.counts[offset] = count
  found.times[offset] = time
  found.ids[offset] = id
  return count
}

function parseEvent(line: string): { partition?: number; offset?: number; value?: string } {
  try {
    return JSON.parse(line)
  } catch {
    return {}
  }
}
