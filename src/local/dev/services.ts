// What a session runs on: the folder, or what the environment names instead (real Kafka, an emulator of AWS). What only those need is
// loaded only then: it would take half of the start.

import { randomUUID } from 'node:crypto'
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join, relative } from 'node:path'
import { objectsOfFolder } from '../../stores/folder.ts'
import type { ObjectStore } from '../../stores/object-store.ts'
import type { StateTable } from '../../stores/table.ts'
import { type Embedded, embedded } from '../embedded.ts'
import { folderTopics } from './folder-topics.ts'
import type { DevTopics } from './topics.ts'

export interface DevServices {
  readonly table: StateTable
  readonly objects: ObjectStore
  readonly topics: DevTopics
  /** The bucket of what is Millrace's own. */
  readonly bucket: string
  /** Where objects are, for people. */
  readonly objectsAt: string
  /** For workers. */
  readonly variables: Readonly<Record<string, string>>
  /** The consumer group of a job. */
  groupOf(job: string): string
  /** Makes the buckets that a job writes to, where that is needed. */
  makeBuckets(buckets: readonly string[]): Promise<void>
  stop(): Promise<void>
}

export interface ServiceOptions {
  readonly folder: string
  readonly brokers: readonly string[]
}

type Stores = Omit<DevServices, 'topics' | 'groupOf'>

export async function openServices({ folder, brokers }: ServiceOptions): Promise<DevServices> {
  const endpoint = process.env.AWS_ENDPOINT_URL
  const own = embedded(folder)
  const stores = endpoint ? await atEndpoint(endpoint) : inFolder(own)
  const topics =
    brokers.length > 0
      ? (await import('./kafka-topics.ts')).kafkaTopics({ brokers })
      : folderTopics(own.topics, `in ${relative(process.cwd(), folder) || folder}`)
  // A cluster keeps what groups have committed: they are of this folder's state, and of no other.
  const group = brokers.length > 0 ? `millrace-dev-${identityOf(folder)}-` : ''
  return {
    ...stores,
    topics,
    groupOf: (job) => `${group}${job}`,
    async stop() {
      await topics.close()
      await stores.stop()
      await own.stop()
    },
  }
}

function inFolder({ table, objects, variables }: Embedded): Stores {
  return {
    table,
    objects,
    variables,
    objectsAt: relative(process.cwd(), objectsOfFolder(String(variables.MILLRACE_DIR))),
    bucket: String(variables.MILLRACE_BUCKET),
    makeBuckets: async () => {},
    stop: async () => {},
  }
}

async function atEndpoint(endpoint: string): Promise<Stores> {
  const { awsServices } = await import('./aws-services.ts')
  const services = await awsServices(process.env)
  return { ...services, objectsAt: `S3 at ${endpoint}`, bucket: services.variables.MILLRACE_BUCKET ?? '' }
}

/** Of the folder, for as long as it is there. */
function identityOf(folder: string): string {
  const file = join(folder, 'dev', 'id')
  try {
    return readFileSync(file, 'utf8')
  } catch {
    const id = randomUUID().slice(0, 8)
    mkdirSync(join(folder, 'dev'), { recursive: true })
    writeFileSync(file, id)
    return id
  }
}
