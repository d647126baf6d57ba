// The other side of side-by-side.ts: runs buckets of a batch that another invocation has closed and is waiting for. A request
// that is no longer of use does nothing and arms nothing.

import { LogLostError } from '../../errors/state-errors.ts'
import type { JobSettings } from '../../graph/job.ts'
import { type CloseCommit, isCloseCommit } from '../../log/commit-record.ts'
import { closingTask, sourceTask } from '../../names/tasks.ts'
import type { Stages } from '../buckets/stages.ts'
import { inOrder, LogReader } from '../closing/log-reader.ts'
import type { Environment } from '../environment.ts'
import { openLog, openSourceLog } from '../open-log.ts'
import type { Plans } from '../plans.ts'
import { foreignIn, judgeNow } from '../whole.ts'
import type { Share } from './share.ts'

export interface HelperParts {
  readonly job: string
  readonly settings: JobSettings
  readonly environment: Environment
  readonly stages: Stages
  readonly plans: Plans
}

export class Helper {
  readonly #parts: HelperParts

  constructor(parts: HelperParts) {
    this.#parts = parts
  }

  /** Runs the buckets of a share, unless that is done. It reads what is closed from the logs, not from memory of this instance. */
  async run(share: Share): Promise<void> {
    const { job, settings, environment, stages, plans } = this.#parts
    const log = openLog(closingTask(job), environment, settings, isCloseCommit)
    const close = (await log.head())?.record
    // A closing has a successor only when all of it is done, and `before` says so.
    if (close?.closedUntil !== share.closedUntil || close.before === close.closedUntil) return
    stages.expect(close.buckets)
    if (await stages.isDone(share)) return
    const readers = stages.readsSources(share.stage) ? await this.#readSources(close) : []
    await judgeNow(plans, foreignIn(readers, plans), close.closedUntil) // whoever asked is of other code
    await stages.help(share, readers, close.before)
  }

  /** All that source tasks have for the batches that the entry closes. */
  async #readSources({ tasks, before, closedUntil }: CloseCommit): Promise<LogReader[]> {
    const { job, settings, environment, plans } = this.#parts
    const readers = tasks.map((mark) => {
      const ref = sourceTask(job, mark.task)
      return new LogReader(mark, before, openSourceLog(ref, plans.kinds.of(mark.task), environment, settings))
    })
    await Promise.all(
      readers.map(async (reader) => {
        await reader.refresh()
        // Whatever belongs to a batch comes before the frontier passes it, and it has.
        if (!reader.asleep && reader.frontier < closedUntil) await reader.refresh(true)
        if (!reader.asleep && reader.frontier < closedUntil) throw new LogLostError(reader.log.task)
      }),
    )
    return inOrder(readers)
  }
}
