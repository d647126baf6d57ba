// What `serverless millrace dev` hands to `millrace dev`: the jobs of a service, as serverless.yml has them, in a file.

/** One function. */
export interface PlannedFunction {
  /** Its place in serverless.yml, for messages. */
  readonly where: string
  readonly handler: string
  readonly env: Readonly<Record<string, string>>
  readonly timeoutMs: number
  readonly mapping: PlannedMapping
}

/** Of its event source mapping, in the stand-in's terms. */
export interface PlannedMapping {
  readonly batchSize: number
  readonly windowMs: number
  /** Where groups begin that have committed nothing, unless the job itself says it; milliseconds. */
  readonly startsAt?: 'latest' | number
  readonly maximumRetryAttempts: number
  readonly maximumRecordAgeMs: number
  readonly bisectOnError: boolean
  readonly reportBatchItemFailures: boolean
}

export interface ServicePlan {
  /** The file that the plan is of, for messages. */
  readonly title: string
  /** By the function's name, which is its export in the module that is run. */
  readonly functions: Readonly<Record<string, PlannedFunction>>
  /** Of topics that are made. */
  readonly partitions: Readonly<Record<string, number>>
}
