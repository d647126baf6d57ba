// A handler carries its job, so that whoever loads a function's module can tell what it runs: the plugin
// `millrace/serverless` derives topics, buckets and permissions from it.

import type { Job } from '../graph/job.ts'

/** Registered, because a bundled function has its own copy of this module. */
const JOB = Symbol.for('millrace.job')

export function withJob<H extends object>(handler: H, job: Job): H {
  return Object.defineProperty(handler, JOB, { value: job })
}

/** The job of a handler that `lambda(job)` has made; undefined for anything else. */
export function jobOfHandler(handler: unknown): Job | undefined {
  return typeof handler === 'function' ? Reflect.get(handler, JOB) : undefined
}
