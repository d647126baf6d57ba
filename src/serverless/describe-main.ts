// The process in which a bundle is imported and asked for its job; see describe.ts.

import { writeSync } from 'node:fs'
import { pathToFileURL } from 'node:url'
import { definitionOf } from '../graph/job.ts'
import { jobOfHandler } from '../lambda/job-of-handler.ts'
import { type Answer, EVERY, type JobDescription } from './describe.ts'
import { describeDefinition } from './describe-definition.ts'

const ANSWER = 3
const [file = '', exportName = ''] = process.argv.slice(2)

const answer = await describe()
const bytes = Buffer.from(JSON.stringify(answer))
for (let at = 0; at < bytes.length; ) at += writeSync(ANSWER, bytes, at)
process.exit(0) // whatever the module has left running

async function describe(): Promise<Answer> {
  try {
    const started = performance.now()
    const module: object = await import(pathToFileURL(file).href)
    const importMs = performance.now() - started
    if (exportName === EVERY) {
      const jobs = Object.keys(module).flatMap((name) => {
        const job = describeExport(module, name, importMs)
        return job ? [[name, job] as const] : []
      })
      return (
        sameName(module, jobs) ??
        (jobs.length > 0 ? { kind: 'jobs', jobs } : { kind: 'no-job', exports: Object.keys(module) })
      )
    }
    const job = describeExport(module, exportName, importMs)
    return job ? { kind: 'job', job } : { kind: 'no-job', exports: Object.keys(module) }
  } catch (error) {
    return { kind: 'failed', error: error instanceof Error ? (error.stack ?? String(error)) : String(error) }
  }
}

/** A handler may be exported twice, as the default too; jobs of one name would be one. */
function sameName(
  module: object,
  jobs: readonly (readonly [exportName: string, JobDescription])[],
): Answer | undefined {
  for (const [name, described] of Map.groupBy(jobs, ([, job]) => job.name)) {
    const exports = described.map(([exportName]) => exportName)
    if (new Set(exports.map((one) => jobOfHandler(Reflect.get(module, one)))).size > 1)
      return { kind: 'one name', name, exports }
  }
  return undefined
}

function describeExport(module: object, name: string, importMs: number): JobDescription | undefined {
  const job = jobOfHandler(Reflect.get(module, name))
  if (!job) return undefined
  return describeDefinition(definitionOf(name, job), importMs)
}
