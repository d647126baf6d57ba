// Names that become keys: whether they fit is known when a job is planned, and must not show after a commit that has promised
// an object which no store takes.

import { InvalidOptionError } from '../errors/errors.ts'
import { objectPath } from '../names/escape.ts'
import { logKey } from '../names/table-keys.ts'
import { SOURCE_STAGE } from '../names/tasks.ts'
import { MAX_KEY_BYTES } from '../stores/object-keys.ts'
import { MAX_PARTITION_KEY_BYTES } from '../stores/table-keys.ts'
import type { Plan } from './plan.ts'

/** The longest that runtime adds: times of 16 digits, Kafka's greatest partition, offsets of 20 digits, versions and random ids. */
const [TIME, PARTITION, OFFSET, BUCKET] = ['9'.repeat(16), '2147483647', '9'.repeat(20), '9'.repeat(5)]
/** `log/snapshots.ts`: version, milliseconds, two ids. */
const SNAPSHOT = `${'0'.repeat(16)}.${'0'.repeat(13)}.${'0'.repeat(36)}.${'0'.repeat(36)}`

/**
 * Refuses a job of which some key could not be stored.
 *
 * @throws InvalidOptionError naming the key and what to shorten.
 */
export function checkNames({ job, programs, stages, outputs }: Plan): void {
  const topics = [...programs.keys()].sort((a, b) => b.length - a.length)
  const source = `${topics[0] ?? ''}-${PARTITION}`
  for (const { stage, node } of outputs) {
    const part = stage === SOURCE_STAGE ? `part-${source}-${OFFSET}` : `part-${BUCKET}`
    for (const key of node.sink.longestKeys?.(TIME, part) ?? [])
      check(job.name, 'An object', key, MAX_KEY_BYTES, 'the prefix')
  }
  const quarantine = job.settings.quarantine?.prefix ?? `_millrace/quarantine/${objectPath(job.name)}`
  check(job.name, 'An object', `${quarantine}/${source}-${OFFSET}.ndjson`, MAX_KEY_BYTES, 'the prefix of quarantine')
  const tasks = [{ stage: SOURCE_STAGE, task: source }, ...stages.map(({ id }) => ({ stage: id, task: BUCKET }))]
  for (const { stage, task } of tasks) {
    const path = objectPath(job.name, stage, task)
    const what = `the name of the job, ${stage === SOURCE_STAGE ? 'of the topic' : `or the id of ${stage}`}`
    check(job.name, 'A snapshot', `_millrace/snapshots/${path}/${SNAPSHOT}`, MAX_KEY_BYTES, what)
    check(job.name, 'A commit log', logKey({ job: job.name, stage, task }), MAX_PARTITION_KEY_BYTES, what)
  }
}

function check(job: string, what: string, key: string, max: number, longest: string): void {
  const bytes = Buffer.byteLength(key)
  if (bytes <= max) return
  throw new InvalidOptionError(
    `job '${job}': ${what} could get the key "${key.slice(0, 80)}…" of ${bytes} bytes, and ${max} are possible. Shorten ${longest}.`,
  )
}
