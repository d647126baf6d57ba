// The plans that a job has been run by: a row for each, written before anything is committed under it, so that whoever closes a
// batch can look up what other code had in mind with its part of it.

import type { JobDefinition, JobSettings } from '../graph/job.ts'
import { isBucketCommit } from '../log/commit-record.ts'
import { stageOfEdge } from '../names/edges.ts'
import { CLAIM_ROW, PLANS } from '../names/rows.ts'
import { bucketTask } from '../names/tasks.ts'
import { type PlanView, parseShape } from '../plan/shape.ts'
import { Kinds } from '../sources/kinds.ts'
import type { Environment } from './environment.ts'
import { openLog } from './open-log.ts'

/** A commit's plan: undefined when it was made before commits named theirs, and nothing is known of it. */
export type PlanName = string | undefined

export class Plans {
  readonly own: PlanView
  readonly job: string
  readonly settings: JobSettings
  readonly environment: Environment
  /** Whose the job's source tasks are. */
  readonly kinds: Kinds
  /** Stages and operators of which the user has said that what is on its way to them may be dropped. */
  readonly accepted: ReadonlySet<string>
  /** Whether this code has been held against what is there: before, the row still says who ran the job last. */
  #claimed = false
  readonly #known = new Map<string, PlanView | undefined>()

  constructor(
    { name, settings, sources }: JobDefinition,
    own: PlanView,
    environment: Environment,
    accepted: ReadonlySet<string> = new Set(),
  ) {
    this.job = name
    this.settings = settings
    this.kinds = new Kinds(sources)
    this.own = own
    this.environment = environment
    this.accepted = accepted
    this.#known.set(own.fingerprint, own)
  }

  /** Undefined when nothing is known of it. */
  async viewOf(name: PlanName): Promise<PlanView | undefined> {
    if (name === undefined || this.#known.has(name)) return name === undefined ? undefined : this.#known.get(name)
    const row = await this.environment.table.getRow(this.job, PLANS.of(name))
    const view = row && parseShape(row.data)
    this.#known.set(name, view)
    return view
  }

  /** Whether something that other code has sent could have nowhere to go now; true when nothing is known. */
  async mayLose(): Promise<boolean> {
    const rows = await this.environment.table.listRows(this.job, PLANS.all)
    if (rows.size === 0) return true
    return [...rows.values()].some(({ data }) => {
      const view = parseShape(data)
      return view === undefined || !this.own.takesOver(view)
    })
  }

  /** Before anything is committed under this plan. */
  async keep(): Promise<void> {
    const { fingerprint, shape } = this.own
    await this.environment.table.createRow(this.job, PLANS.of(fingerprint), { rev: 1, data: { ...shape } })
  }

  claimed(): void {
    this.#claimed = true
  }

  /** Whether the job has been claimed by code with another plan since: an old instance in a deployment. */
  async isSuperseded(): Promise<boolean> {
    if (!this.#claimed) return false
    const plan = (await this.environment.table.getRow(this.job, CLAIM_ROW))?.data.plan
    return plan !== undefined && plan !== this.own.fingerprint
  }

  /** Whether other code has run a batch in the bucket to which an edge leads, and in all that follow. */
  async hasRun(edge: string, bucket: number, time: number): Promise<boolean> {
    const task = bucketTask(this.job, stageOfEdge(edge), bucket)
    const log = openLog(task, this.environment, this.settings, isBucketCommit)
    const head = (await log.head())?.record
    if ((head?.closedUntil ?? 0) < time) return false
    // What it has sent on has been run as well when the log goes on; else that is to be looked after.
    const sent = head?.partials.flatMap((partial) => (partial.time === time ? partial.shuffle : [])) ?? []
    const run = await Promise.all(sent.map(([next, to]) => this.hasRun(next, to, time)))
    return !run.includes(false)
  }
}
