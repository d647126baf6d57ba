// Code of one job, deployed one after the other or side by side over the same services.

import { type DStream, type Job, type JobOptions, job, text } from '../../src/index.ts'
import { type LambdaHandler, type LambdaOptions, lambda } from '../../src/lambda/index.ts'
import { type MemoryEnvironment, memoryEnvironment, readObjects } from '../../src/testing/memory-environment.ts'
import { kafkaEvent, lines } from './kafka-events.ts'
import { byBatch } from './keyed-topic.ts'
import { bringToRest } from './rest.ts'

export type Lines = DStream<string>

/** A job over the topic `lines`; batches of a second, two buckets. */
export function over(define: (lines: Lines) => void, options: Partial<JobOptions> = {}): Job {
  return job('deployed', { batch: 1000, numPartitions: 2, ...options }, ({ kafka }) => {
    define(kafka('lines', { value: text() }).map(({ value }) => value))
  })
}

export function deployments(environment: MemoryEnvironment = memoryEnvironment()) {
  let codes = 0
  return {
    environment,
    /** A new instance of new code; the lease of the look-out that another instance left is over. */
    deploy(code: Job, options: Omit<LambdaOptions, 'environment'> = {}): LambdaHandler {
      const own = environment.another({ code: `code-${++codes}` })
      const handler = lambda(code, { ...options, environment: own })
      return async (event) => {
        environment.setTime(environment.clock.now() + 60_000)
        return handler(event)
      }
    },
    rest: (handler: LambdaHandler) => bringToRest('deployed', handler, environment),
    results: async () => byBatch(await readObjects(environment.objects, 'results')),
    logged: (text: string) => environment.logged.filter(({ message }) => message.includes(text)),
  }
}

/** Records of one partition, half a second apart: those at offsets 2n and 2n + 1 belong to T = 1000 (n + 1). */
export function records(values: string, from: number, partition = 0) {
  return kafkaEvent({ [`lines-${partition}`]: lines([...values], { from, at: from * 500, step: 500 }) })
}
