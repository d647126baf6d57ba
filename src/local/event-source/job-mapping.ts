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
}

/** The topics that a job reads. */
export function topicsOf({ feeds }: { readonly feeds: readonly Feed[] }): string[] {
  return feeds.filter(({ kind }) => kind === 'kafka').map(({ name }) => name)
}

/** One for all its topics, each with the place where it begins. @throws InvalidOptionError for sizes that Lambda would refuse. */
export function jobMapping(options: JobMappingOptions): EventSourceMapping {
  const { job, feeds, group, batchSize, windowMs, retries } = options
  const starts = feeds.flatMap(({ kind, name, startsAt = options.startsAt }) =>
    kind === 'kafka' && startsAt !== undefined ? [[name, startingPosition(startsAt)] as const] : [],
  )
  return eventSourceMapping({
    functionName: job,
    topics: topicsOf({ feeds }),
    consumerGroupId: group,
    ...(starts.length > 0 && { startingPositions: new Map(starts) }),
    batchSize,
    maximumBatchingWindowMs: windowMs,
    ...retries,
  })
}

function startingPosition(startsAt: 'latest' | number): StartingPosition {
  return startsAt === 'latest' ? { type: 'LATEST' } : { type: 'AT_TIMESTAMP', timestamp: startsAt }
}
