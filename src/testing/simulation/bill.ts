// What a warm micro-batch of a source task may cost: no read and one write (I4). Warm is what one process has committed before,
// with nothing gone wrong in it so far: no fault, no lost race, no failed invocation.

import { SOURCE_STAGE, type TaskRef } from '../../names/tasks.ts'
import { trustedFor } from '../../runtime/snapshot-due.ts'
import type { KafkaEvent } from '../../sources/kafka/event.ts'
import { isKafkaCommit } from '../../sources/kafka/position.ts'
import type { StateTable } from '../../stores/table.ts'
import type { Monitor } from './monitor.ts'

/** Rows that are read once in an interval and not for each micro-batch: who looks out, and which wake-up is under way. */
const SHARED_ROWS = /^(wake$|lease#)/

/** The bill of one invocation. */
interface Open {
  readonly tasks: ReadonlySet<string>
  /** By task the micro-batches that were committed. */
  readonly writes: Map<string, number>
  /** Reads so far; and how many of them came before the last micro-batch was committed: closing reads, and comes after. */
  reads: string[]
  before: number
}

export class Bill {
  readonly #who: string
  readonly #monitor: Monitor
  readonly #retention: number
  #open: Open | undefined
  #spoilt = false

  constructor(who: string, monitor: Monitor, retention: number) {
    this.#who = who
    this.#monitor = monitor
    this.#retention = retention
  }

  /** Something has gone wrong: from here on the process may have to look. */
  spoil(): void {
    this.#spoilt = true
  }

  /** The table as the runtime has it. */
  watch(table: StateTable): StateTable {
    const read = <T>(what: string, answer: Promise<T>): Promise<T> => {
      this.#open?.reads.push(what)
      return this.#spoiltBy(answer)
    }
    return {
      ...table,
      append: async (task, item) => {
        const outcome = await this.#spoiltBy(table.append(task, item))
        if (outcome === 'conflict') this.spoil()
        const open = this.#open
        if (open?.tasks.has(task.task) && this.#isBatch(task, item.version)) {
          open.writes.set(task.task, (open.writes.get(task.task) ?? 0) + 1)
          open.before = open.reads.length
        }
        return outcome
      },
      head: (task) => read(`the head of ${task.task}`, table.head(task)),
      read: (task, options) => read(`the log of ${task.task}`, table.read(task, options)),
      getRow: (job, name) =>
        SHARED_ROWS.test(name)
          ? this.#spoiltBy(table.getRow(job, name))
          : read(`the row ${name}`, table.getRow(job, name)),
      listRows: (job, prefix) => read(`the rows ${prefix}`, table.listRows(job, prefix)),
    }
  }

  /** @param alone whether no other invocation is under way in the process */
  begin(records: KafkaEvent['records'], alone: boolean, now: number): void {
    this.#open = undefined
    if (this.#spoilt || !alone) return
    const parts = Object.entries(records)
    const warm = parts.every(([task, [first]]) => first !== undefined && this.#isWarm(task, first.offset, now))
    if (warm) this.#open = { tasks: new Set(parts.map(([task]) => task)), writes: new Map(), reads: [], before: 0 }
  }

  end(): void {
    const open = this.#open
    this.#open = undefined
    if (!open || this.#spoilt) return
    for (const task of open.tasks) {
      const writes = open.writes.get(task) ?? 0
      if (writes !== 1) this.#monitor.violation(`${task}: ${writes} writes for a warm micro-batch in ${this.#who} (I4)`)
    }
    if (open.before > 0)
      this.#monitor.violation(`a warm micro-batch in ${this.#who} reads ${open.reads.slice(0, open.before)} (I4)`)
  }

  /** This process has committed what was committed last, not long ago, and the records go on from there. State in place may have to be read. */
  #isWarm(task: string, first: number, now: number): boolean {
    const head = this.#monitor.logs.head(`${SOURCE_STAGE} ${task}`)
    if (head?.by !== this.#who || !isKafkaCommit(head.record)) return false
    const { kind, position, at, inPlace } = head.record
    return (
      kind === 'batch' &&
      !inPlace &&
      position?.until === first &&
      now - at < trustedFor({ retention: this.#retention }) / 2
    )
  }

  /** Closing in the same invocation may add entries without records. */
  #isBatch({ stage, task }: TaskRef, version: number): boolean {
    const head = this.#monitor.logs.head(`${stage} ${task}`)
    return head?.version === version && isKafkaCommit(head.record) && head.record.kind === 'batch'
  }

  async #spoiltBy<T>(answer: Promise<T>): Promise<T> {
    try {
      return await answer
    } catch (error) {
      this.spoil()
      throw error
    }
  }
}
