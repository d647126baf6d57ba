// The job that a command is to run, from the module whose handlers were made by `lambda(job)`.

import { existsSync } from 'node:fs'
import { resolve } from 'node:path'
import { pathToFileURL } from 'node:url'
import { NotFoundError } from '../errors/cli-errors.ts'
import { InvalidOptionError } from '../errors/errors.ts'
import { definitionOf, type JobDefinition } from '../graph/job.ts'
import { jobOfHandler } from '../lambda/job-of-handler.ts'

/** What a module of the user's exports. @throws NotFoundError when there is no such file; what the module throws */
export async function exportsOf(module: string): Promise<Record<string, unknown>> {
  const path = resolve(module)
  if (!existsSync(path)) {
    throw new NotFoundError(`There is no file ${path}. Name the module that exports the job, as in functions/words.ts.`)
  }
  const loaded: Record<string, unknown> = await import(pathToFileURL(path).href)
  return loaded
}

/** @throws NotFoundError; InvalidOptionError when there is none, or several and none is named. */
export async function jobOfModule(module: string, name: string | undefined): Promise<JobDefinition> {
  const loaded = await exportsOf(module)
  const jobs = [...new Set(Object.values(loaded).flatMap((value) => jobOfHandler(value) ?? []))]
  const names = jobs.map((job) => job.name).join(', ')
  if (jobs.length === 0) throw new InvalidOptionError(`${module} exports no handler made by lambda(job).`)
  if (name === undefined && jobs.length > 1)
    throw new InvalidOptionError(`${module} has several jobs: choose one of them with --job (${names}).`)
  const found = jobs.find((job) => name === undefined || job.name === name)
  if (!found) throw new InvalidOptionError(`${module} has no job '${name}', only ${names}.`)
  return definitionOf(module, found)
}

/** The feeds that a job reads: topics. */
export function feedsOfJob({ sources }: JobDefinition): string[] {
  return [...new Set(sources.flatMap(({ source }) => source.feeds))]
}
