// The checks that need all jobs of a service at once.

import { InvalidOptionError } from '../errors/errors.ts'
import { KAFKA } from '../sources/kafka/kind.ts'
import { discards } from '../sources/kafka/mapping.ts'
import type { DeployedJob, Deployment } from './deployment.ts'
import { checkGroups } from './pollers.ts'
import { deployedSource, readingsOf } from './sources.ts'

/** @throws InvalidOptionError for two functions with one job name, a topic nobody reads, an impossible timeout. */
export function checkDeployment({ jobs, options }: Deployment): void {
  const functions = new Map<string, string>()
  for (const { functionName, job, timeout } of jobs) {
    const other = functions.get(job.name)
    if (other !== undefined) {
      throw new InvalidOptionError(
        `custom.millrace.jobs: the functions '${other}' and '${functionName}' both run a job named '${job.name}'. The name is the ` +
          "identity of a job's state, and they would take each other's commits for their own: give one of them another name.",
      )
    }
    functions.set(job.name, functionName)
    if (job.feeds.length === 0) {
      throw new InvalidOptionError(`The job '${job.name}' (function '${functionName}') reads nothing.`)
    }
    for (const { kind } of job.feeds) {
      const { longestTimeout } = deployedSource(kind)
      if (timeout <= longestTimeout) continue
      throw new InvalidOptionError(
        `functions.${functionName}.timeout: Lambda ends functions of ${kind} mappings after ${longestTimeout} s, got ${timeout}.`,
      )
    }
  }
  checkMappings(jobs)
  const topics = new Set(
    readingsOf(jobs)
      .get(KAFKA.name)
      ?.map(({ feed }) => feed),
  )
  for (const topic of options.kafka.partitions.keys()) {
    if (topics.has(topic)) continue
    throw new InvalidOptionError(
      `custom.millrace.kafka.partitions: no job reads the topic '${topic}'; there are ${[...topics].join(', ')}.`,
    )
  }
}

/** What Lambda leaves out is a hole in the offsets, which a job takes for lost records unless it says otherwise (I7). */
function checkMappings(jobs: readonly DeployedJob[]): void {
  checkGroups(jobs)
  for (const { functionName, job, mapping } of jobs) {
    const where = `custom.millrace.jobs.${functionName}`
    for (const { name, gaps, holes } of job.feeds) {
      if (mapping.filterPatterns.length > 0 && holes === 'none' && gaps === 'fail') {
        throw new InvalidOptionError(
          `${where}.filterPatterns: records that Lambda filters out leave holes in the offsets of topic '${name}', at which job '${job.name}' would stop ` +
            `(OFFSET_GAP). Say in the job that there are some: kafka('${name}', { holes: 'filtered', … }).`,
        )
      }
      if (discards(mapping) && holes === 'none' && gaps === 'fail') {
        throw new InvalidOptionError(
          `${where}: with onFailureDestination (ten tries, unless maximumRetryAttempts says otherwise), maximumRetryAttempts or maximumRecordAgeInSeconds Lambda gives up ` +
            `batches of topic '${name}'. Job '${job.name}' would stop at the hole (OFFSET_GAP), and Lambda would give up all that comes after it, too. Say in the job ` +
            `what a hole is worth: kafka('${name}', { gaps: 'skip', … }) or gaps: 'quarantine'; or leave these options out: a batch is tried until it succeeds then.`,
        )
      }
    }
  }
}
