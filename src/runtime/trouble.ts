// A partition that fails, or whose invocation takes long, is not silent: a row says which record it is at, and whoever would
// move it on waits, up to a bound (DESIGN §4). Written only in trouble: a partition that is well pays nothing for it.

import { causeFacts } from '../errors/errors.ts'
import { TopicRecreatedError } from '../errors/state-errors.ts'
import type { JobSettings } from '../graph/job.ts'
import { TROUBLES } from '../names/rows.ts'
import type { TaskRef } from '../names/tasks.ts'
import type { Mark, SourceKind, SourceRecord } from '../sources/source.ts'
import type { JobRows } from '../stores/table.ts'
import { either, type Infer, number, shape, text } from '../values/shape.ts'
import type { Environment } from './environment.ts'

/** What a row says. */
export type Trouble = Infer<typeof isTrouble>
const isTrouble = shape({
  /** The record that is to be committed next. When the log is beyond it, the trouble is over, whatever the row says. */
  waitingFor: either(number, text),
  /** Since when, milliseconds. Tries that fail at the same record do not change it: the bound counts from the first. */
  since: number,
})

/** What the runtime knows of a task when something takes long or fails. */
export interface Progress {
  /** Where the task stands, as far as known. */
  readonly position: unknown
  /** Clock at the last commit that held records. */
  readonly active: number
}

interface Watched {
  readonly ref: TaskRef
  readonly source: SourceKind
  readonly settings: JobSettings
  readonly environment: Environment
}

/** The trouble of one task, as one instance notes it. */
export class TroubleWatch {
  readonly #ref: TaskRef
  readonly #source: SourceKind
  readonly #settings: JobSettings
  readonly #environment: Environment
  /** What the row says, as this instance has written or found it. */
  #noted: (Trouble & { readonly at: number }) | undefined
  /** One note after the other: that of the timer must not outlive the end. */
  #last: Promise<void> = Promise.resolve()

  constructor({ ref, source, settings, environment }: Watched) {
    this.#ref = ref
    this.#source = source
    this.#settings = settings
    this.#environment = environment
  }

  /** Runs a micro-batch of these records, and notes when it fails or takes long. */
  async around<T>(records: readonly SourceRecord[], progress: () => Progress, work: () => Promise<T>): Promise<T> {
    const { isBeyond, markOf, nextOf } = this.#source
    const last = records.at(-1)
    const note = async (error?: unknown): Promise<void> => {
      const { position } = progress()
      // What is committed is closed with its T, whether or not it can be published: nobody waits for more.
      if (last && isBeyond(position, markOf(last)) && !(error instanceof TopicRecreatedError)) return
      await this.#inTurn(() => this.#note(nextOf(position, records)))
    }
    const stop = this.#environment.later?.(this.#patience(progress().active), () => void note())
    try {
      const result = await work()
      stop?.()
      if (this.#noted) await this.#inTurn(() => this.#end())
      return result
    } catch (error) {
      stop?.()
      await note(error)
      throw error
    }
  }

  /** A partition that is about to count as silent has less time; one that has long been so gets a moment: most are quicker. */
  #patience(active: number): number {
    const { idleAfter } = this.#settings
    const left = active + idleAfter / 2 - this.#environment.clock.now()
    return Math.min(idleAfter / 2, Math.max(idleAfter / 10, left))
  }

  /** Noting must not hide the error that is noted. */
  #inTurn(work: () => Promise<void>): Promise<void> {
    this.#last = this.#last.then(work).catch((error: unknown) => {
      const { stage, task } = this.#ref
      const facts = { stage, task, ...causeFacts(error) }
      this.#environment.log.warn(facts, 'could not note that a partition is in trouble: others may go on without it')
    })
    return this.#last
  }

  async #note(waitingFor: Mark): Promise<void> {
    const { table, clock } = this.#environment
    const now = clock.now()
    // Once in a while the row is looked after: another instance may have ended it.
    if (this.#noted?.waitingFor === waitingFor && now - this.#noted.at < this.#settings.idleAfter / 2) return
    const name = TROUBLES.of(this.#ref.task)
    const row = await table.getRow(this.#ref.job, name)
    const known = row && isTrouble(row.data) ? row.data : undefined
    const same = [known, this.#noted].filter((trouble) => trouble?.waitingFor === waitingFor)
    const since = Math.min(now, ...same.map((trouble) => trouble?.since ?? now))
    this.#noted = { waitingFor, since, at: now }
    if (known?.waitingFor === waitingFor && known.since === since) return
    await table.replaceRow(this.#ref.job, name, { rev: (row?.rev ?? 0) + 1, data: { waitingFor, since } }, row?.rev)
  }

  async #end(): Promise<void> {
    this.#noted = undefined
    await endTrouble(this.#environment.table, this.#ref.job, this.#ref.task)
  }
}

/** The tasks of a job that are in trouble, by name. */
export async function troubles(table: JobRows, job: string): Promise<Map<string, Trouble>> {
  const found = new Map<string, Trouble>()
  for (const [name, { data }] of await table.listRows(job, TROUBLES.all)) {
    if (isTrouble(data)) found.set(TROUBLES.whose(name), data)
  }
  return found
}

export async function endTrouble(table: JobRows, job: string, task: string): Promise<void> {
  await table.deleteRow(job, TROUBLES.of(task))
}
