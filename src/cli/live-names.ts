// Names that are there now: jobs of a table or folder, operators and tasks of a job, topics and groups. Flags and variables lead there as in
// the command that is typed.

import { existsSync } from 'node:fs'
import { join } from 'node:path'
import type { Cluster } from '../local/topics/cluster.ts'
import { isCloseCommit } from '../log/commit-record.ts'
import type { Logs } from '../log/kept-state.ts'
import { TaskLog } from '../log/task-log.ts'
import { closingTask } from '../names/tasks.ts'
import { DEFAULT_FOLDER } from '../stores/folder.ts'
import { DATABASE } from '../stores/folder-database.ts'

type Flags = Readonly<Record<string, string>>
type Names = (flags: Flags, given: readonly string[]) => Promise<readonly string[]>

/** By what a command calls it: an argument, or the value of a flag. */
const BY_NAME: ReadonlyMap<string, Names> = new Map<string, Names>([
  ['job', jobs],
  ['measured', jobs],
  ['operator', operators],
  ['task', tasks],
  ['topic', topics],
  ['topics', topics],
  ['group', groups],
  ['region', async () => (await import('../cost/prices.ts')).REGIONS],
])

/** None for what is no name of ours, such as a file. */
export function namesOf(what: string, flags: Flags, given: readonly string[]): Promise<readonly string[]> {
  return BY_NAME.get(what)?.(flags, given) ?? Promise.resolve([])
}

/** No longer than this for a table that is far away. */
const FAR_MS = 700

async function jobs(flags: Flags): Promise<string[]> {
  const { jobsOfFolder, jobsOfTable } = await import('../stores/known-jobs.ts')
  const table = flags.table ?? (flags.dir === undefined ? process.env.MILLRACE_TABLE : undefined)
  const folder = flags.dir ?? process.env.MILLRACE_DIR ?? (table === undefined ? DEFAULT_FOLDER : undefined)
  if (folder !== undefined && flags.table === undefined)
    return existsSync(join(folder, DATABASE)) ? jobsOfFolder(folder) : []
  return table === undefined ? [] : jobsOfTable(table, AbortSignal.timeout(FAR_MS))
}

async function operators(flags: Flags, [job]: readonly string[]): Promise<string[]> {
  const { keptJob } = await import('../runtime/kept/operators.ts')
  const kept = await atPlace(flags, job, (name, logs) => keptJob(name, logs))
  return kept?.operators.map(({ id }) => id) ?? []
}

async function tasks(flags: Flags, [job]: readonly string[]): Promise<string[]> {
  const head = await atPlace(flags, job, (name, { table, objects, bucket }) =>
    new TaskLog(closingTask(name), table, objects, bucket, isCloseCommit).head(),
  )
  return head?.record.tasks.map(({ task }) => task) ?? []
}

async function atPlace<T>(
  flags: Flags,
  job: string | undefined,
  look: (job: string, logs: Logs) => Promise<T>,
): Promise<T | undefined> {
  if (job === undefined) return undefined
  const { openPlace } = await import('./place.ts')
  const { table, objects, bucket = '', close } = openPlace(flags)
  try {
    return await look(job, { table, objects, bucket })
  } finally {
    close()
  }
}

async function topics(flags: Flags): Promise<string[]> {
  return (await atCluster(flags, async (cluster) => (await cluster.topics()).map(({ name }) => name))) ?? []
}

async function groups(flags: Flags): Promise<readonly string[]> {
  return atCluster(flags, (cluster) => cluster.groups())
}

async function atCluster<T>(flags: Flags, look: (cluster: Cluster) => Promise<T>): Promise<T> {
  const { openCluster } = await import('./brokers.ts')
  const cluster = await openCluster(flags.tls === undefined ? { ...flags, tls: false } : { ...flags, tls: true })
  try {
    return await look(cluster)
  } finally {
    await cluster.close()
  }
}
