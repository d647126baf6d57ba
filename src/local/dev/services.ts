// What a session runs on: the folder, or what the environment names instead (real Kafka, an emulator of AWS).

import { join } from 'node:path'
import type { ObjectStore } from '../../stores/object-store.ts'
import type { StateTable } from '../../stores/table.ts'
import { startEmbedded } from '../embedded.ts'
import { memoryTopics } from './memory-topics.ts'
import type { DevTopics } from './topics.ts'

export interface DevServices {
  readonly table: StateTable
  readonly objects: ObjectStore
  readonly topics: DevTopics
  /** The bucket of what is Millrace's own. */
  readonly bucket: string
  /** Where objects are, in words. */
  readonly objectsAt: string
  /** For workers. */
  readonly variables: Readonly<Record<string, string>>
  /** The consumer group of a job. */
  groupOf(job: string): string
  stop(): Promise<void>
}

export interface ServiceOptions {
  readonly folder: string
  readonly clock: { now(): number }
}

export async function openServices({ folder }: ServiceOptions): Promise<DevServices> {
  const objectsAt = join(folder, 'objects')
  const embedded = await startEmbedded(objectsAt)
  const topics = memoryTopics()
  return {
    ...embedded,
    topics,
    objectsAt,
    bucket: embedded.variables.MILLRACE_BUCKET ?? '',
    groupOf: (job) => job,
    async stop() {
      await topics.close()
      await embedded.stop()
    },
  }
}
