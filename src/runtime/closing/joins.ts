// Who comes to a job: new source tasks join, and those that were put to sleep are roused, both by an entry of the closing log.
// So whoever closes without them conflicts with it (I1), and they begin at a batch that is not closed.

import type { CloseCommit, ReadMark } from '../../log/commit-record.ts'
import { SOURCE_STAGE } from '../../names/tasks.ts'
import { Gathered } from './gathered.ts'
import type { LogReader } from './log-reader.ts'

/** What of the closing task it takes. */
export interface Closing {
  /** One after the other with all that reads or writes the closing log. */
  locked(work: () => Promise<void>): Promise<void>
  /** Reads the head, strongly consistent. */
  load(): Promise<void>
  head(): CloseCommit
  /** Commits an entry that closes nothing. */
  note(tasks: readonly ReadMark[]): Promise<'committed' | 'conflict'>
  /** The error to end with when the closing log does not know a task that sleeps: who puts to sleep knows it. */
  lost(): Error
}

export class Joins {
  readonly #closing: Closing
  readonly #loads: Gathered
  readonly #joins: Gathered
  readonly #rouses: Gathered
  /** At which version of its log a task is to be roused. */
  readonly #sleeping = new Map<string, number>()

  constructor(closing: Closing) {
    this.#closing = closing
    this.#loads = new Gathered((begin) =>
      closing.locked(() => {
        begin()
        return closing.load()
      }),
    )
    this.#joins = new Gathered((begin) => closing.locked(() => this.#note(begin(), joined)))
    this.#rouses = new Gathered((begin) =>
      closing.locked(() =>
        this.#note(begin(), (task, head) => {
          const known = head.tasks.find((mark) => mark.task === task)
          if (!known) throw closing.lost()
          return roused(known, head.closedUntil, this.#sleeping.get(task) ?? 0)
        }),
      ),
    )
  }

  /** Resolves when the head has been read after this call. */
  async look(task: string): Promise<void> {
    await this.#loads.add(task)
  }

  async join(task: string): Promise<void> {
    await this.#joins.add(task)
  }

  /** @param version of the entry that put it to sleep. */
  async rouse(task: string, version: number): Promise<void> {
    this.#sleeping.set(task, version)
    await this.#rouses.add(task)
  }

  /** When all sleep, nobody's frontier says how far time may go; what is due needs one that does. For who has the lock. */
  async rouseOneOf(readers: readonly LogReader[], due: readonly number[], now: number): Promise<void> {
    const [first] = readers
    if (!first || readers.some(({ asleep }) => !asleep) || !due.some((time) => time <= now)) return
    const { tasks, closedUntil } = this.#closing.head()
    const marks = tasks.map((mark) => (mark.task === first.task ? first.wakingAt(closedUntil) : mark))
    if ((await this.#closing.note(marks)) === 'conflict') await this.#closing.load()
  }

  async #note(
    names: ReadonlySet<string>,
    markOf: (task: string, head: CloseCommit) => ReadMark | undefined,
  ): Promise<void> {
    for (;;) {
      await this.#closing.load()
      const head = this.#closing.head()
      const marks = [...names].flatMap((task) => markOf(task, head) ?? [])
      if (marks.length === 0) return
      const changed = new Set(marks.map(({ task }) => task))
      const others = head.tasks.filter(({ task }) => !changed.has(task))
      if ((await this.#closing.note([...others, ...marks])) === 'committed') return
    }
  }
}

/** Version 1 is the birth, which has nothing to fold. Undefined: it is known. */
function joined(task: string, { tasks, closedUntil }: CloseCommit): ReadMark | undefined {
  if (tasks.some((mark) => mark.task === task)) return undefined
  return { stage: SOURCE_STAGE, task, read: 1, frontier: closedUntil }
}

/** A task sleeps when all that it has is closed: nothing before that has to be read again. Undefined: it is awake. */
function roused(known: ReadMark, closedUntil: number, version: number): ReadMark | undefined {
  if (known.read > version || (known.read === version && !known.asleep)) return undefined
  return { stage: SOURCE_STAGE, task: known.task, read: version, frontier: Math.max(closedUntil, known.frontier) }
}
