// What tasks and the stages that structure makes are called. An operator's stage is called after the operator, and no operator
// may be called as those below: `structureOf` refuses the words, derived ids have parentheses.

/** Names one task: the unit that has a commit log of its own. */
export interface TaskRef {
  readonly job: string
  readonly stage: string
  /** Of a source stage `<topic>-<partition>`, of a shuffle stage the bucket number. */
  readonly task: string
}

/** The stage whose tasks are topic-partitions. */
export const SOURCE_STAGE = 'source'

/** The stage with the one task that closes batches: it reads the logs of the source stage. */
export const CLOSE_STAGE = 'close'

/** The stage of operators by key in source tasks: where edges within a task lead. */
export const IN_PLACE = 'in place'

/** The task that closes the batches of a job. */
export function closingTask(job: string): TaskRef {
  return { job, stage: CLOSE_STAGE, task: '0' }
}

/** @param task `partitionName` */
export function sourceTask(job: string, task: string): TaskRef {
  return { job, stage: SOURCE_STAGE, task }
}

/** A bucket of a shuffle stage. */
export function bucketTask(job: string, stage: string, bucket: number): TaskRef {
  return { job, stage, task: String(bucket) }
}

/** A partition, as Kafka and the events of Lambda call it, and so its task: `lines-0`. */
export function partitionName(topic: string, partition: number): string {
  return `${topic}-${partition}`
}

/** The partition of that name. */
export function partitionOf(name: string): { readonly topic: string; readonly partition: number } {
  const match = /^(.+)-(\d+)$/s.exec(name)
  if (match?.[1] === undefined) throw new Error(`'${name}' is no task of a partition`)
  return { topic: match[1], partition: Number(match[2]) }
}

/** A task among all of its job, as functions of the job are told: `lines-0`, or the stage and the bucket, `counts/3`. */
export function placeOfTask({ stage, task }: TaskRef): string {
  return stage === SOURCE_STAGE ? task : `${stage}/${task}`
}

/** The task that is called so: a partition, the stage and the bucket, or `close`. */
export function taskAt(job: string, place: string): TaskRef {
  if (place === CLOSE_STAGE) return closingTask(job)
  const [, stage, bucket] = /^(.+)\/(\d+)$/s.exec(place) ?? []
  return stage === undefined ? sourceTask(job, place) : bucketTask(job, stage, Number(bucket))
}

/** A task in words, for messages: `job hot-words, stage source, task lines-0`. */
export function describeTask({ job, stage, task }: TaskRef): string {
  return `job ${job}, stage ${stage}, task ${task}`
}
