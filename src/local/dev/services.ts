// What a session runs on: the folder, or what the environment names instead (real Kafka, an emulator of AWS). What only those need is
// loaded only then: it would take half of the start.

import { randomUUID } from 'node:crypto'
import { linkSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join, relative } from 'node:path'
import { objectsOfFolder } from '../../stores/folder.ts'
import type { ObjectStore } from '../../stores/object-store.ts'
import type { StateTable } from '../../stores/table.ts'
import { type Embedded, embedded } from '../embedded.ts'
import type { KafkaSourceOptions } from '../event-source/kafka-client.ts'
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
  /** How to log in at the brokers. */
  readonly kafka?: Omit<KafkaSourceOptions, 'brokers'>
  /** Topics that a cluster lacks are made; a folder makes them always. Default true. */
  readonly makeTopics?: boolean
  /**
   * Where state and objects are. `folder or emulator`, the default: at AWS_ENDPOINT_URL if it is set, and nothing that is deployed is
   * ever touched; `as variables say`: also where MILLRACE_TABLE and MILLRACE_BUCKET name what is deployed.
   */
  readonly stores?: 'folder' | 'folder or emulator' | 'as variables say'
}

type Stores = Omit<DevServices, 'topics' | 'groupOf'>

export async function openServices(options: ServiceOptions): Promise<DevServices> {
  const { folder, brokers, kafka, makeTopics = true, stores: where = 'folder or emulator' } = options
  const endpoint = where === 'folder' ? undefined : process.env.AWS_ENDPOINT_URL
  const deployed = where === 'as variables say' && process.env.MILLRACE_TABLE !== undefined
  // All of it elsewhere: then there is no folder at all.
  const elsewhere = deployed && brokers.length > 0
  const own = elsewhere ? undefined : embedded(folder)
  const stores = endpoint ? await atEndpoint(endpoint) : deployed || !own ? await inAws() : inFolder(own)
  const topics =
    brokers.length > 0 || !own
      ? (await import('./kafka-topics.ts')).kafkaTopics({ brokers, ...kafka }, makeTopics)
      : folderTopics(own.topics, `in ${relative(process.cwd(), folder) || folder}`)
  // A cluster keeps what groups have committed: they are of this folder's state, and of no other.
  const group = elsewhere ? 'millrace-' : brokers.length > 0 ? `millrace-dev-${identityOf(folder)}-` : ''
  return {
    ...stores,
    topics,
    groupOf: (job) => `${group}${job}`,
    async stop() {
      await topics.close()
      await stores.stop()
      await own?.stop()
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
  const variables = withoutFolder(services.variables)
  return { ...services, variables, objectsAt: `S3 at ${endpoint}`, bucket: variables.MILLRACE_BUCKET ?? '' }
}

async function inAws(): Promise<Stores> {
  const { deployedServices } = await import('./aws-services.ts')
  const services = deployedServices(process.env)
  const variables = withoutFolder(services.variables)
  return { ...services, variables, objectsAt: 'S3', bucket: variables.MILLRACE_BUCKET ?? '' }
}

/** Workers have the environment of this process, and MILLRACE_DIR would go before what is elsewhere. */
const withoutFolder = (variables: Readonly<Record<string, string>>): Readonly<Record<string, string>> => ({
  ...variables,
  MILLRACE_DIR: '',
})

/** Of the folder, for as long as it is there. */
export function identityOf(folder: string): string {
  const file = join(folder, 'dev', 'id')
  try {
    return readFileSync(file, 'utf8')
  } catch {
    mkdirSync(join(folder, 'dev'), { recursive: true })
  }
  // Several processes may be the first: there is one identity, and it is there as a whole.
  const own = `${file}.${randomUUID()}`
  writeFileSync(own, randomUUID().slice(0, 8))
  try {
    linkSync(own, file)
  } catch (error) {
    if (!(error instanceof Error && 'code' in error && error.code === 'EEXIST')) throw error
  } finally {
    rmSync(own)
  }
  return readFileSync(file, 'utf8')
}
