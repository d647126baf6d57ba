// The state of a bucket in memory: its operators as of one version of its log, and snapshots of them.

import type { JobSettings, PoisonPolicy } from '../../graph/job.ts'
import type { BucketCommit, SnapshotPointer } from '../../log/commit-record.ts'
import { readSnapshot } from '../../log/snapshots.ts'
import type { Entry, TaskLog } from '../../log/task-log.ts'
import type { ShuffleStage } from '../../plan/plan.ts'
import { BucketProgram } from '../../programs/bucket-program.ts'
import type { Environment } from '../environment.ts'
import { saveSnapshot } from '../save-snapshot.ts'
import { isSnapshotDue } from '../snapshot-due.ts'

type Head = Entry<BucketCommit>

export class BucketState {
  readonly #stage: ShuffleStage
  readonly #bucket: number
  readonly #log: TaskLog<BucketCommit>
  readonly #environment: Environment
  readonly #policy: PoisonPolicy
  #program: BucketProgram
  /** The version that it is the state of; undefined: it must not be used any more. */
  #version: number | undefined = 0

  constructor(
    stage: ShuffleStage,
    bucket: number,
    log: TaskLog<BucketCommit>,
    environment: Environment,
    policy: PoisonPolicy,
  ) {
    this.#stage = stage
    this.#bucket = bucket
    this.#log = log
    this.#environment = environment
    this.#policy = policy
    this.#program = this.#newProgram()
  }

  #newProgram(): BucketProgram {
    const { job } = this.#log.task
    const { strict = false } = this.#environment
    return new BucketProgram(this.#stage, this.#bucket, { job, policy: this.#policy, strict })
  }

  /** The operators, if they are at this version. */
  at(head: Head | undefined): BucketProgram | undefined {
    return this.#version === (head?.version ?? 0) ? this.#program : undefined
  }

  /** Takes note that what the operators have done since is committed. */
  committed({ version, record }: Head): void {
    this.#version = version
    if (record.snapshot?.version === version - 1) this.#program.saved()
  }

  forget(): void {
    this.#version = undefined
  }

  /** The operators at this version: from memory, or from the last snapshot and the entries since. */
  async restore(head: Head | undefined): Promise<BucketProgram> {
    const held = this.at(head)
    if (held) return held
    this.#version = undefined
    const program = this.#newProgram()
    if (head) {
      const { snapshot } = head.record
      if (snapshot) program.restore(await readSnapshot(this.#environment.objects, snapshot))
      for (const { version, record } of await this.#log.read(snapshot?.version ?? 0, true)) {
        if (version <= head.version) program.restore(record.state)
      }
    }
    this.#program = program
    this.#version = head?.version ?? 0
    const { stage, task } = this.#log.task
    this.#environment.log.info({ stage, task, version: this.#version }, 'bucket loaded')
    return program
  }

  isSnapshotDue(head: Head | undefined, settings: JobSettings): boolean {
    if (!head || head.record.kind === 'birth') return false
    // Values that had to be migrated are saved anew, so that it is done once.
    const migrated = this.at(head)?.migrated ?? false
    return migrated || isSnapshotDue(head.record, head.bytes, this.#environment.clock.now(), settings)
  }

  /** Writes what the operators hold at this version, before the commit that names it. */
  async writeSnapshot(head: Head, settings: JobSettings): Promise<SnapshotPointer> {
    const program = await this.restore(head)
    const { task } = this.#log
    return saveSnapshot(this.#environment, settings, task, head.version, program.state(), head.record.snapshot)
  }
}
