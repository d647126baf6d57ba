// Ids of applications: a job, and which of its starts is meant. They outlive processes: what became of each stands in the job's rows.

export interface Application {
  readonly job: string
  /** The first start is 1. */
  readonly attempt: number
}

/** `words-0003`: the third start of job `words`. */
export function applicationId({ job, attempt }: Application): string {
  return `${job}-${attemptName(attempt)}`
}

/** Undefined for what is no id. */
export function applicationOf(id: string): Application | undefined {
  const [, job, digits = ''] = /^(.+)-(\d{4,15})$/s.exec(id) ?? []
  const attempt = Number(digits)
  return job !== undefined && attempt > 0 && attemptName(attempt) === digits ? { job, attempt } : undefined
}

/** So that rows stand in order. */
export function attemptName(attempt: number): string {
  return String(attempt).padStart(4, '0')
}
