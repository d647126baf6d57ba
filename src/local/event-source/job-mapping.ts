// The event source mapping of a job that runs on this machine.

import type { Feed } from '../../serverless/describe.ts'
import { type EventSourceMapping, eventSourceMapping, type StartingPosition } from './mapping.ts'

export interface JobMappingOptions {
  readonly job: string
  readonly feeds: readonly Feed[]
  readonly group: string
  readonly batchSize: number
  /** How long to gather after the first record, milliseconds. */
  readonly windowMs: number
  /** Of a mapping that serverless.yml describes. */
  readonly retries?: Partial<
    Pick<
      EventSourceMapping,
      'maximumRetryAttempts' | 'maximumRecordAgeMs' | 'bisectOnError' | 'reportBatchItemFailures'
    >
  >
  /** Where it begins, unless the job says it. */
  readonly startsAt?: Feed['startsAt']
  readonly warn: (line: string) => void
}

/** The topics that a job reads. */
export function topicsOf({ feeds }: { readonly feeds: readonly Feed[] }): string[] {
  return feeds.filter(({ kind }) => kind === 'kafka').map(({ name }) => name)
}

/** One for all its topics. @throws InvalidOptionError for sizes that Lambda would refuse. */
export function jobMapping(options: JobMappingOptions): EventSourceMapping {
  const { job, feeds, group, batchSize, windowMs, retries, warn } = options
  const starts = new Set(feeds.map(({ startsAt }) => startsAt))
  const [startsAt = options.startsAt] = starts.size === 1 ? starts : []
  if (starts.size > 1)
    warn(`${job}: its topics begin at different places (startingOffsets); here all begin at the earliest`)
  return eventSourceMapping({
    functionName: job,
    topics: topicsOf({ feeds }),
    consumerGroupId: group,
    ...(startsAt !== undefined && { startingPosition: startingPosition(startsAt) }),
    batchSize,
    maximumBatchingWindowMs: windowMs,
    ...retries,
  })
}

function startingPosition(startsAt: 'latest' | number): StartingPosition {
  return startsAt === 'latest' ? { type: 'LATEST' } : { type: 'AT_TIMESTAMP', timestamp: startsAt }
}
