// What `up.ts` has left running, by name, so that `down.ts` stops exactly that: one file per name in the cache folder.

import { mkdir, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { cacheFolder } from './cache.ts'
import { SERVICES, type ServiceName } from './machine.ts'
import type { ProcessRef } from './process.ts'

export interface Running {
  readonly service: ServiceName
  /** `bootstrap` servers of Kafka, `endpoint` of an emulator, `url` of PostgreSQL. */
  readonly address: { readonly bootstrap: string } | { readonly endpoint: string } | { readonly url: string }
  /** Leaders of the sessions to stop. */
  readonly processes: readonly ProcessRef[]
  /** Folders to remove. */
  readonly folders: readonly string[]
  /** The project of `docker compose` to take down. */
  readonly containers?: string
}

/** Names become file names. */
export function checkName(name: string): string {
  if (/^[\w-]{1,40}$/.test(name)) return name
  throw new Error(`--name takes letters, digits, - and _, at most 40 of them, not "${name}"`)
}

export function recordFolder(): string {
  return join(cacheFolder(), 'running')
}

export async function readRecord(name: string): Promise<Running[]> {
  const text = await readFile(fileOf(name), 'utf8').catch(() => '[]')
  const found: unknown = JSON.parse(text)
  if (!Array.isArray(found) || !found.every(isRunningRecord))
    throw new Error(`${fileOf(name)} is not a record of up.ts`)
  return found
}

export async function writeRecord(name: string, running: readonly Running[]): Promise<void> {
  if (running.length === 0) return rm(fileOf(name), { force: true })
  await mkdir(recordFolder(), { recursive: true })
  await writeFile(fileOf(name), JSON.stringify(running, null, 2))
}

export async function recordedNames(): Promise<string[]> {
  const files = await readdir(recordFolder()).catch(() => [])
  return files.filter((file) => file.endsWith('.json')).map((file) => file.slice(0, -'.json'.length))
}

function fileOf(name: string): string {
  return join(recordFolder(), `${checkName(name)}.json`)
}

function isRunningRecord(value: unknown): value is Running {
  const get = (key: string): unknown =>
    typeof value === 'object' && value !== null ? Reflect.get(value, key) : undefined
  const [processes, folders] = [get('processes'), get('folders')]
  return (
    SERVICES.some((service) => service === get('service')) &&
    typeof get('address') === 'object' &&
    Array.isArray(processes) &&
    processes.every((ref) => typeof ref?.pid === 'number' && typeof ref?.born === 'string') &&
    Array.isArray(folders) &&
    folders.every((folder) => typeof folder === 'string')
  )
}
