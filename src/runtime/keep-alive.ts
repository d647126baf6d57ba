// Trouble keeps alive what it needs. While closing is held up, by a function that throws, a partition that is far behind, code that
// does not fit, entries are needed for longer than `retention`: whoever looks gives them a later time, before anything else
// can fail (docs/decisions/048). A job that is well never comes here, and pays nothing for it.

import type { JobSettings } from '../graph/job.ts'
import { type CloseCommit, isBucketCommit, isCloseCommit, isSourceCommit } from '../log/commit-record.ts'
import { bucketTask, closingTask } from '../names/tasks.ts'
import type { LogReader } from './closing/log-reader.ts'
import type { Environment } from './environment.ts'
import { openLog } from './open-log.ts'

export class KeepAlive {
  readonly #job: string
  readonly #settings: JobSettings
  readonly #environment: Environment
  #keptAt = Number.NEGATIVE_INFINITY

  constructor(job: string, settings: JobSettings, environment: Environment) {
    this.#job = job
    this.#settings = settings
    this.#environment = environment
  }

  /**
   * Looks whether closing has been held up for long, by what memory knows: the closing log has stood still for a quarter of
   * `retention`, or something that has been read and is still open is half that old.
   *
   * @param headUntil the time of the closing log's head, if it has one
   */
  async whenHeldUp(close: CloseCommit, headUntil: number | undefined, readers: readonly LogReader[]): Promise<void> {
    const { retention } = this.#settings
    const now = this.#environment.clock.now()
    const stands = (headUntil ?? Number.POSITIVE_INFINITY) * 1000 < now + 0.75 * retention
    const old = readers.some(({ openUntil }) => openUntil * 1000 < now + retention / 2)
    if ((stands || old) && now - this.#keptAt > retention / 8) await this.#keep(close)
  }

  /** The same for those who cannot run the job at all: new code that is refused must not cost what is there. */
  async whenRefused(): Promise<void> {
    const head = await openLog(this.#closing, this.#environment, this.#settings, isCloseCommit).head()
    if (head) await this.whenHeldUp(head.record, head.headUntil, [])
  }

  get #closing() {
    return closingTask(this.#job)
  }

  /** Of the closing log its head; of source tasks what lies after the marks, and of tasks with state what that is made of. */
  async #keep({ tasks, buckets }: CloseCommit): Promise<void> {
    const [job, settings, environment] = [this.#job, this.#settings, this.#environment]
    const kept = await Promise.allSettled([
      openLog(this.#closing, environment, settings, isCloseCommit).keep(({ version }) => version),
      ...tasks.map(({ stage, task, read }) =>
        openLog({ job, stage, task }, environment, settings, isSourceCommit).keep(({ record }) =>
          Math.min(read, record.inPlace?.since ?? read),
        ),
      ),
      ...buckets.flatMap(([stage, versions]) =>
        versions.map((_, bucket) =>
          openLog(bucketTask(job, stage, bucket), environment, settings, isBucketCommit).keep(
            ({ record }) => record.snapshot?.version ?? 0,
          ),
        ),
      ),
    ])
    for (const result of kept) if (result.status === 'rejected') throw result.reason
    this.#keptAt = environment.clock.now()
    const entries = kept.reduce((sum, result) => sum + (result.status === 'fulfilled' ? result.value : 0), 0)
    if (entries > 0)
      environment.log.warn({ job, entries }, 'closing is held up: what it needs is kept beyond retention')
  }
}
