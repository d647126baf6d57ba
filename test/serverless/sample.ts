// A deployment for tests of what is made of it.

import type { DeployedJob, Deployment } from '../../src/serverless/deployment.ts'
import type { Feed, JobDescription } from '../../src/serverless/describe.ts'
import { checkPluginOptions, type PluginOptions } from '../../src/serverless/options.ts'

const DAY = 86_400_000

export const topics = (...names: readonly string[]): Feed[] => names.map((name) => ({ kind: 'kafka', name }))

export function describedJob(name: string, more: Partial<JobDescription> = {}): JobDescription {
  return {
    name,
    feeds: topics('lines'),
    outputs: [{ kind: 'objects', bucket: 'results', prefix: name }],
    quarantine: undefined,
    retention: 7 * DAY,
    schema: { batch: 1000, time: 'record', operators: [] },
    importMs: 100,
    ...more,
  }
}

interface Sample {
  readonly millrace?: Readonly<Record<string, unknown>>
  /** By the function's name. */
  readonly jobs?: Readonly<Record<string, JobDescription>>
  readonly mapping?: Readonly<Record<string, unknown>>
  readonly partitions?: Readonly<Record<string, number>>
  readonly timeout?: number
}

export function deployment(sample: Sample = {}): Deployment & { readonly jobs: readonly DeployedJob[] } {
  const jobs = sample.jobs ?? { words: describedJob('hot words') }
  const names = Object.keys(jobs)
  const options: PluginOptions = checkPluginOptions({
    millrace: {
      kafka: { bootstrapServers: ['b-1:9092'] },
      jobs: Object.fromEntries(names.map((name) => [name, sample.mapping ?? {}])),
      ...sample.millrace,
    },
  })
  return {
    service: 'shop',
    stage: 'dev',
    options,
    jobs: Object.entries(jobs).map(([functionName, job]) => {
      const mapping = options.jobs.get(functionName)
      if (!mapping) throw new Error(functionName)
      return {
        functionName,
        job,
        mapping,
        timeout: sample.timeout ?? 60,
        bundle: { hash: 'abc', handler: 'index.handler' },
      }
    }),
    partitions: new Map(Object.entries(sample.partitions ?? {})),
  }
}
