// What deploying a source comes to, by its kind: here the plugin finds who says so. A new source is an entry (docs/decisions/057).

import { InvalidOptionError } from '../errors/errors.ts'
import type { Permission, Plain } from '../sources/deployed.ts'
import { KAFKA } from '../sources/kafka/kind.ts'
import { type MappingOptions, mappingOf } from '../sources/kafka/mapping.ts'
import { destinationPermissions, permissionsOf } from '../sources/kafka/permissions.ts'
import { type DeployedJob, type Deployment, groupOf } from './deployment.ts'
import { sharing } from './pollers.ts'

/** A feed, and the job that reads it. */
interface Reading {
  readonly job: DeployedJob
  readonly feed: string
  /** Where the job says that it is to begin. */
  readonly startsAt?: 'latest' | number | undefined
}

interface DeployedSource {
  /** What a feed is called in logical ids. */
  readonly feedWord: string
  /** The longest that Lambda lets a function run that such a mapping invokes, seconds. */
  readonly longestTimeout: number
  /** All that the mapping of a feed says, but for the function that it invokes. */
  mappingOf(deployment: Deployment, reading: Reading): Record<string, Plain>
  /** What the role must allow for all of this kind that the service reads. */
  permissionsOf(deployment: Deployment, readings: readonly Reading[]): Permission[]
}

const SOURCES: Readonly<Record<string, DeployedSource>> = {
  [KAFKA.name]: {
    feedWord: 'Topic',
    longestTimeout: 840, // 14 minutes
    mappingOf: (deployment, { job, feed, startsAt }) =>
      mappingOf(
        deployment.options.kafka,
        sharing(deployment, job, beginningAt(job, feed, startsAt)),
        feed,
        groupOf(deployment, job, feed),
      ),
    permissionsOf: (deployment, readings) => {
      const { access, mskArn } = deployment.options.kafka
      const topics = [...new Set(readings.map(({ feed }) => feed))]
      const groups = readings.map(({ job, feed }) => groupOf(deployment, job, feed))
      const destinations = readings.flatMap(({ job }) => job.mapping.onFailure ?? [])
      return [...permissionsOf(access, mskArn, topics, groups), ...destinationPermissions(destinations, mskArn)]
    },
  },
}

/** @throws InvalidOptionError when job and service say different things. */
function beginningAt({ mapping, job }: DeployedJob, topic: string, startsAt: Reading['startsAt']): MappingOptions {
  if (startsAt === undefined) return mapping
  if (mapping.startingPosition !== 'TRIM_HORIZON')
    throw new InvalidOptionError(
      `custom.millrace: startingPosition ${mapping.startingPosition}, and job '${job.name}' says where topic '${topic}' begins (startingOffsets). Leave one of them out.`,
    )
  if (startsAt === 'latest') return { ...mapping, startingPosition: 'LATEST' }
  return { ...mapping, startingPosition: 'AT_TIMESTAMP', startingPositionTimestamp: Math.floor(startsAt / 1000) }
}

/** @throws InvalidOptionError for a source that the plugin does not know. */
export function deployedSource(kind: string): DeployedSource {
  const source = SOURCES[kind]
  if (source) return source
  throw new InvalidOptionError(`custom.millrace: sources of kind '${kind}' cannot be deployed by this plugin.`)
}

/** What the jobs of a service read, by the kind of source. */
export function readingsOf(jobs: readonly DeployedJob[]): ReadonlyMap<string, readonly Reading[]> {
  const all = jobs.flatMap((job) => job.job.feeds.map(({ kind, name }) => ({ kind, job, feed: name })))
  return Map.groupBy(all, ({ kind }) => kind)
}
