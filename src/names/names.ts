// Names of tasks and the keys of the single table (DESIGN §3). Names come from users, so everything is escaped:
// a `#` or `/` in a job or topic name must never reach into another key.

/** Names one task: the unit that has a commit log of its own. */
export interface TaskRef {
  readonly job: string
  readonly stage: string
  /** Of a source stage `<topic>-<partition>`, of a shuffle stage the bucket number. */
  readonly task: string
}

/** The name of a source task. */
export function taskOfPartition(topic: string, partition: number): string {
  return `${topic}-${partition}`
}

/** The partition that a source task is for, as its log is called. */
export function partitionOfTask(task: string): { readonly topic: string; readonly partition: number } {
  const match = /^(.+)-(\d+)$/s.exec(task)
  if (match?.[1] === undefined) throw new Error(`'${task}' is no task of a partition`)
  return { topic: match[1], partition: Number(match[2]) }
}

/** Percent-encodes what separates the parts of a key (`#`, `/`, `%`) and what a key cannot hold (controls, lone surrogates). */
export function escapeKeyPart(part: string): string {
  return part.replace(/[%#/\\\p{Cc}\p{Cs}]/gu, (char) => {
    const code = char.charCodeAt(0)
    return code < 256 ? `%${code.toString(16).padStart(2, '0').toUpperCase()}` : `%u${code.toString(16).toUpperCase()}`
  })
}

/** Names as the path of an object. A segment `.` or `..` means another object to those who resolve URLs, so it is escaped too. */
export function objectPath(...names: readonly string[]): string {
  return names.map((name) => (/^\.\.?$/.test(name) ? name.replaceAll('.', '%2E') : escapeKeyPart(name))).join('/')
}

/** Partition key of a task's commit log. */
export function logKey({ job, stage, task }: TaskRef): string {
  return `L#${escapeKeyPart(job)}#${escapeKeyPart(stage)}#${escapeKeyPart(task)}`
}

/** Partition key of what is known about a job as a whole. */
export function jobKey(job: string): string {
  return `J#${escapeKeyPart(job)}`
}

/** A task in words, for messages: `job hot-words, stage source, task lines-0`. */
export function describeTask({ job, stage, task }: TaskRef): string {
  return `job ${job}, stage ${stage}, task ${task}`
}

/**
 * Names an object: `s3://bucket/key`. The key is used as it is; whoever builds it escapes what comes from data. Any key that S3
 * takes is taken by every store; others (empty, over 1,024 bytes of UTF-8, lone surrogates) are an `InvalidOptionError`.
 */
export interface ObjectRef {
  readonly bucket: string
  readonly key: string
}

/** `s3://bucket/key` of a reference, for messages and listings. */
export function objectUrl({ bucket, key }: ObjectRef): string {
  return `s3://${bucket}/${key}`
}
