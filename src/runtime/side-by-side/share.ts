// What invocations of one job ask of each other when a batch is more work than one of them should do alone.

/** Buckets of a stage that another invocation is asked to run. */
export interface Share {
  readonly stage: string
  readonly buckets: readonly number[]
  /** For the closing that goes up to here. */
  readonly closedUntil: number
  /** The batches of that closing at which the stage has data, or something was done in a stage before it; ascending. */
  readonly times: readonly number[]
}

/** Other invocations of the same function: messages of the job's queue on AWS. */
export interface Helpers {
  /** Asks for help. It may come late, twice, or never: whoever asks looks what has been done. */
  ask(job: string, share: Share): Promise<void>
  /** Lets so many milliseconds pass before the next look. */
  pause(milliseconds: number): Promise<void>
}
