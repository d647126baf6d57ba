// The checks that need all jobs of a service at once.

import { InvalidOptionError } from '../errors/errors.ts'
import { KAFKA } from '../sources/kafka/kind.ts'
import type { Deployment } from './deployment.ts'
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
