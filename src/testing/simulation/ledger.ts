// Which batch every record fell into, worked out from the commits as they are made. Every offset stands in it once (I1):
// that is what a run is held against, and what the same records are run by without faults.

import type { JobSettings } from '../../graph/job.ts'
import { assignBatchTimes, closedBy } from '../../runtime/time.ts'
import type { KafkaEventRecord } from '../../sources/kafka/event.ts'
import { KAFKA } from '../../sources/kafka/kind.ts'
import type { KafkaCommit } from '../../sources/kafka/position.ts'

/** One record and the batch time that it was committed under. */
export interface Entry {
  readonly time: number
  readonly record: KafkaEventRecord
}

/** Records `[from, until)` of a task as the topic has them. */
export type RecordsOf = (task: string, from: number, until: number) => readonly KafkaEventRecord[]

export class Ledger {
  /** By task, in the order of offsets. */
  readonly entries: Map<string, Entry[]> = new Map()
  /** The last batch time that has to be closed: one whose records were all set aside has not. */
  lastOpen = 0
  readonly #settings: JobSettings
  readonly #recordsOf: RecordsOf

  constructor(settings: JobSettings, recordsOf: RecordsOf) {
    this.#settings = settings
    this.#recordsOf = recordsOf
  }

  /** Takes a commit of records down; what is wrong with it. @param before the frontier that the task had */
  commit(task: string, { position, at, frontier, partials, inPlace }: KafkaCommit, before: number): string[] {
    if (!position) return []
    const records = this.#recordsOf(task, position.from, position.until)
    const problems: string[] = []
    if (records.length !== position.until - position.from)
      problems.push(
        `commits offsets ${position.from} to ${position.until - 1}, but the topic has ${records.length} there`,
      )
    const assigned = assignBatchTimes(records, KAFKA.timeOf, before, at, this.#settings)
    if (assigned.frontier !== frontier)
      problems.push(`moves the frontier from ${before} to ${frontier}, but its records move it to ${assigned.frontier}`)
    const times = assigned.segments.map(({ time }) => time)
    const partial = partials.map(({ time }) => time)
    const allowed = this.#settings.onPoison === 'fail' ? times : times.filter((time) => partial.includes(time))
    // What operators by key have done in batches that were passed comes after what the records have.
    const own = inPlace
      ? partial.filter((time, i) => i < allowed.length || time > closedBy(frontier, this.#settings.batch))
      : partial
    if (own.join() !== allowed.join()) problems.push(`has partials for T = ${partial}, but records for ${times}`)
    this.lastOpen = Math.max(this.lastOpen, ...partial)
    const entries = this.entries.get(task) ?? []
    this.entries.set(task, entries)
    for (const { time, start, end } of assigned.segments) {
      for (const record of records.slice(start, end)) entries.push({ time, record })
    }
    return problems
  }

  /** As it is now. */
  copy(): Ledger {
    const copy = new Ledger(this.#settings, this.#recordsOf)
    for (const [task, entries] of this.entries) copy.entries.set(task, [...entries])
    copy.lastOpen = this.lastOpen
    return copy
  }

  /** All batch times with records, ascending. */
  get times(): number[] {
    const times = new Set([...this.entries.values()].flatMap((entries) => entries.map(({ time }) => time)))
    return [...times].sort((a, b) => a - b)
  }
}
