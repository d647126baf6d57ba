// Names that become keys: whether they fit is known when a job is planned, and must not show after a commit that has promised
// an object which no store takes.

import { InvalidOptionError } from '../errors/errors.ts'
import {
  LONGEST_TIME,
  longestBucketTask,
  longestPart,
  longestQuarantineKey,
  longestSnapshotKey,
  longestSourceTask,
} from '../names/longest.ts'
import { quarantinePrefix } from '../names/objects.ts'
import { logKey } from '../names/table-keys.ts'
import { SOURCE_STAGE } from '../names/tasks.ts'
import { MAX_KEY_BYTES } from '../stores/object-keys.ts'
import { MAX_PARTITION_KEY_BYTES } from '../stores/table-keys.ts'
import type { Plan } from './plan.ts'

/**
 * Refuses a job of which some key could not be stored.
 *
 * @throws InvalidOptionError naming the key and what to shorten.
 */
export function checkNames({ job, programs, stages, outputs }: Plan): void {
  const topics = [...programs.keys()]
  for (const { stage, node } of outputs) {
    const part = longestPart(stage === SOURCE_STAGE ? topics : undefined)
    for (const key of node.sink.longestKeys?.(String(LONGEST_TIME), part) ?? [])
      check(job.name, 'An object', key, MAX_KEY_BYTES, 'the prefix')
  }
  const quarantine = job.settings.quarantine?.prefix ?? quarantinePrefix(job.name)
  const tasks = [longestSourceTask(job.name, topics), ...stages.map(({ id }) => longestBucketTask(job.name, id))]
  for (const task of tasks) {
    check(job.name, 'An object', longestQuarantineKey(quarantine, task), MAX_KEY_BYTES, 'the prefix of quarantine')
    const what = `the name of the job, ${task.stage === SOURCE_STAGE ? 'of the topic' : `or the id of ${task.stage}`}`
    check(job.name, 'A snapshot', longestSnapshotKey(task), MAX_KEY_BYTES, what)
    check(job.name, 'A commit log', logKey(task), MAX_PARTITION_KEY_BYTES, what)
  }
}

function check(job: string, what: string, key: string, max: number, longest: string): void {
  const bytes = Buffer.byteLength(key)
  if (bytes <= max) return
  throw new InvalidOptionError(
    `job '${job}': ${what} could get the key "${key.slice(0, 80)}…" of ${bytes} bytes, and ${max} are possible. Shorten ${longest}.`,
  )
}
