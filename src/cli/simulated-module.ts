// What `millrace simulate` runs: a job of a module, and what the module or a file says about its records.

import { readFileSync } from 'node:fs'
import { InvalidOptionError } from '../errors/errors.ts'
import { jobOfHandler } from '../lambda/job-of-handler.ts'
import { checkKnownOptions } from '../options/options.ts'
import type { SimulatedRecord } from '../testing/simulation/records.ts'
import {
  type SimulatedJob,
  type SimulateOptions,
  type SimulationReport,
  simulateSeed,
  smallestStory,
} from '../testing/simulation/simulate.ts'
import { exportsOf } from './job-of-module.ts'

/** What is to be simulated; plain data, so that workers can be told. */
export interface SimulatedModule {
  readonly module: string
  /** One of several jobs. */
  readonly job: string | undefined
  /** A file of records, NDJSON. */
  readonly records: string | undefined
}

/** What a module may export as `simulation`. */
type ModuleOptions = Omit<SimulateOptions, 'seed' | 'trace' | 'shrink'> & {
  /** Defines the job anew for each simulated process. */
  readonly job?: SimulatedJob
}

const MODULE_OPTIONS = ['job', 'records', 'faults', 'mishaps', 'deploys', 'normalize', 'allows', 'outside']

/** Runs one seed; `tell`: its story, when it has failed. */
export type RunSeed = (seed: number) => Promise<SimulationReport & { readonly tell: () => Promise<string> }>

/** @throws InvalidOptionError when there is no such job, or its records are not what they should be. */
export async function loadSimulated({ module, job: name, records }: SimulatedModule): Promise<RunSeed> {
  const loaded = await exportsOf(module)
  const jobs = [...new Set(Object.values(loaded).flatMap((value) => jobOfHandler(value) ?? []))]
  const names = jobs.map((one) => one.name).join(', ')
  if (jobs.length === 0) throw new InvalidOptionError(`${module} exports no handler made by lambda(job).`)
  if (name === undefined && jobs.length > 1)
    throw new InvalidOptionError(`${module} has several jobs: choose one of them with --job (${names}).`)
  const found = jobs.find((one) => name === undefined || one.name === name)
  if (!found) throw new InvalidOptionError(`${module} has no job '${name}', only ${names}.`)
  const { job = found, ...own } = moduleOptions(module, loaded.simulation)
  const given = records === undefined ? own : { ...own, records: readRecords(records) }
  return async (seed) => {
    const options = { ...given, seed }
    const report = await simulateSeed(job, options)
    return { ...report, tell: () => smallestStory(job, options, report) }
  }
}

function moduleOptions(module: string, exported: unknown): ModuleOptions {
  if (exported === undefined) return {}
  checkKnownOptions(`${module}, simulation`, exported, MODULE_OPTIONS)
  return typeof exported === 'object' && exported !== null ? exported : {}
}

const FIELDS = ['topic', 'partition', 'key', 'value', 'timestamp']

function readRecords(file: string): SimulatedRecord[] {
  const lines = readFileSync(file, 'utf8').split('\n')
  return lines.flatMap((line, i) => {
    if (line.trim() === '') return []
    const where = `${file}, line ${i + 1}`
    const record = parsed(line)
    if (!isRecord(record)) throw new InvalidOptionError(`${where}: not a record, such as {"key":"a","value":{"n":1}}.`)
    checkKnownOptions(where, record, FIELDS)
    return [record]
  })
}

function parsed(line: string): unknown {
  try {
    return JSON.parse(line)
  } catch {
    return undefined
  }
}

function isRecord(value: unknown): value is SimulatedRecord {
  if (typeof value !== 'object' || value === null || !('value' in value)) return false
  const { topic, partition, timestamp } = { topic: '', partition: 0, timestamp: 0, ...value }
  return (
    typeof topic === 'string' &&
    Number.isSafeInteger(partition) &&
    partition >= 0 &&
    (timestamp === undefined || Number.isSafeInteger(timestamp))
  )
}
