// The source tasks that the closing log knows, each with how far this instance has read its log: nothing is closed without
// them. Who is new joins, who sleeps is roused, before it commits.

import type { JobSettings } from '../../graph/job.ts'
import type { CloseCommit, SourceCommit } from '../../log/commit-record.ts'
import type { Entry } from '../../log/task-log.ts'
import type { TaskRef } from '../../names/tasks.ts'
import type { Environment } from '../environment.ts'
import { openSourceLog } from '../open-log.ts'
import type { Plans } from '../plans.ts'
import { closedBy, latest } from '../time.ts'
import { type Closing, Joins } from './joins.ts'
import { inOrder, LogReader } from './log-reader.ts'

export interface KnownTasksParts {
  readonly job: string
  readonly environment: Environment
  readonly settings: JobSettings
  readonly plans: Plans
}

type Hint = Pick<Entry<SourceCommit>, 'version' | 'record'>

/** A task, and where it stands; undefined where this instance has seen nothing of it. */
export interface Standing {
  readonly task: string
  readonly position: unknown
}

export class KnownTasks {
  readonly #parts: KnownTasksParts
  readonly #closing: Closing
  readonly #joins: Joins
  readonly #byTask = new Map<string, LogReader>()
  /** What this instance has committed last in tasks whose readers do not exist yet. */
  readonly #hints = new Map<string, Hint>()

  constructor(parts: KnownTasksParts, closing: Closing) {
    this.#parts = parts
    this.#closing = closing
    this.#joins = new Joins(closing)
  }

  /** Up to which version a task's log has been read, strongly consistent; 0 when it has never joined. */
  async readOf({ task }: TaskRef): Promise<number> {
    await this.#joins.look(task)
    return this.of(task)?.read ?? 0
  }

  /** Makes a task known and returns the frontier at which it starts: nothing below it is open any more. */
  async join({ task }: TaskRef): Promise<number> {
    await this.#joins.join(task)
    return this.of(task)?.frontier ?? this.#closing.head().closedUntil
  }

  /** The same for one that was put to sleep by the entry of this version of its log. */
  async rouse({ task }: TaskRef, version: number): Promise<number> {
    await this.#joins.rouse(task, version)
    return this.of(task)?.frontier ?? this.#closing.head().closedUntil
  }

  /** When all sleep, one is roused for what is due. For who has the lock. */
  rouseOneFor(due: readonly number[]): Promise<void> {
    return this.#joins.rouseOneOf(this.inOrder(), due, this.#parts.environment.clock.now())
  }

  /** Undefined for one that has never joined, as far as known. */
  of(task: string): LogReader | undefined {
    return this.#byTask.get(task)
  }

  inOrder(): LogReader[] {
    return inOrder(this.#byTask.values())
  }

  /** Takes note of a commit that this instance has made and published. */
  observe({ task }: TaskRef, entry: Entry<SourceCommit>): void {
    const reader = this.#byTask.get(task)
    if (reader) reader.observe(entry)
    else this.#hints.set(task, { version: entry.version, record: entry.record })
  }

  /** Where tasks stand, as their sources have it, as far as this instance has seen. */
  standing(): Standing[] {
    const strange = [...this.#hints].filter(([task]) => !this.#byTask.has(task))
    return [...this.inOrder(), ...strange.map(([task, { record }]) => ({ task, position: record.position }))]
  }

  /** Tasks that this instance has committed in, and that the closing log, as far as known, does not have. */
  get strangers(): string[] {
    return [...this.#hints.keys()].filter((task) => !this.#byTask.has(task))
  }

  /** Reads on in all logs, or in those that hold the others back. */
  async refresh(all: boolean): Promise<void> {
    const { batch } = this.#parts.settings
    const readers = this.inOrder()
    const goal = latest(readers.map(({ known }) => closedBy(known, batch)))
    await Promise.all(
      // The log of one that sleeps cannot grow: it would have to be roused first, in the closing log.
      readers
        .filter(({ asleep, frontier }) => !asleep && (all || closedBy(frontier, batch) < goal))
        .map((reader) => reader.refresh(all)),
    )
  }

  /** Takes over the marks of the closing log's head, and keeps what has been read beyond them. */
  adopt({ tasks, before }: CloseCommit): void {
    const { job, environment, settings, plans } = this.#parts
    for (const mark of tasks) {
      const reader = this.#byTask.get(mark.task)
      if (reader) {
        reader.advance(mark, before)
        continue
      }
      const log = openSourceLog(
        { job, stage: mark.stage, task: mark.task },
        plans.kinds.of(mark.task),
        environment,
        settings,
      )
      const created = new LogReader(mark, before, log)
      const hint = this.#hints.get(mark.task)
      if (hint) created.expect(hint.version, hint.record)
      this.#byTask.set(mark.task, created)
    }
  }
}
