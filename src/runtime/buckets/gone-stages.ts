// Shuffle stages that this code does not have, and that the closing log knows: their buckets' logs must not expire while other
// code may come back for them (I5, I7). An entry that does not expire, on a snapshot of what is there, unread.

import type { JobSettings } from '../../graph/job.ts'
import { type BucketCommit, type CloseCommit, isBucketCommit, type SnapshotPointer } from '../../log/commit-record.ts'
import { readSnapshot } from '../../log/snapshots.ts'
import type { Entry, TaskLog } from '../../log/task-log.ts'
import { bucketTask } from '../../names/tasks.ts'
import type { StateChanges } from '../../programs/bucket-program.ts'
import { FencedLog } from '../fenced-log.ts'
import { openLog } from '../open-log.ts'
import type { Publisher } from '../outbox.ts'
import type { Plans } from '../plans.ts'
import { saveSnapshot } from '../save-snapshot.ts'
import { bucketSeal } from './bucket-commit.ts'

export class GoneStages {
  readonly #plans: Plans
  readonly #settings: JobSettings
  readonly #publisher: Publisher
  #versions: CloseCommit['buckets'] = []
  /** The same of when they were sealed last. */
  #sealed = ''

  constructor(plans: Plans, settings: JobSettings, publisher: Publisher) {
    this.#plans = plans
    this.#settings = settings
    this.#publisher = publisher
  }

  /** Up to which version the buckets' logs are known to go, for the next closing entry. */
  get versions(): CloseCommit['buckets'] {
    return this.#versions
  }

  expect(versions: CloseCommit['buckets']): void {
    this.#versions = versions
  }

  /**
   * Ends their logs in an entry that does not expire. Looks once, and again when others have gone on in them.
   *
   * @param closedUntil what is done in all stages
   */
  async keep(closedUntil: number): Promise<void> {
    const versions = JSON.stringify(this.#versions)
    if (versions === this.#sealed) return
    const logs = this.#versions.flatMap(([stage, buckets]) => buckets.map((_, bucket) => this.#logOf(stage, bucket)))
    await Promise.all(logs.map((log) => this.#seal(log, closedUntil)))
    this.#sealed = versions
  }

  #logOf(stage: string, bucket: number): TaskLog<BucketCommit> {
    const { job, environment } = this.#plans
    return openLog(bucketTask(job, stage, bucket), environment, this.#settings, isBucketCommit)
  }

  async #seal(log: TaskLog<BucketCommit>, closedUntil: number): Promise<void> {
    const { environment } = this.#plans
    const fenced = new FencedLog({ log, environment, settings: this.#settings, publisher: this.#publisher })
    const { entry: head } = await fenced.read()
    if (head?.record.kind !== 'bucket' || head.record.closedUntil > closedUntil) return
    await fenced.heal()
    const { clock, code, log: journal } = environment
    const at = clock.now()
    const snapshot = await this.#snapshotOf(log, head)
    const plan = this.#plans.own.fingerprint
    const seal: BucketCommit = { ...bucketSeal(head.record, at, snapshot), code, plan }
    // When others were faster the stage is not gone for them, and the next look finds what they did.
    await fenced.append(await fenced.prepare(seal))
    journal.info(
      { stage: log.task.stage, bucket: log.task.task },
      'state of a stage that this code does not have is kept',
    )
  }

  async #snapshotOf(log: TaskLog<BucketCommit>, head: Entry<BucketCommit>): Promise<SnapshotPointer> {
    const [{ environment }, state] = [this.#plans, await this.#stateAt(log, head)]
    return saveSnapshot(environment, this.#settings, log.task, head.version, state, head.record.snapshot)
  }

  async #stateAt(log: TaskLog<BucketCommit>, { version, record }: Entry<BucketCommit>): Promise<StateChanges> {
    const { snapshot } = record
    const state = snapshot ? await readSnapshot(this.#plans.environment.objects, snapshot) : []
    const entries = await log.read(snapshot?.version ?? 0, true)
    return [...state, ...entries.flatMap((entry) => (entry.version <= version ? entry.record.state : []))]
  }
}
