// The real parts that a soak runs on: three Kafka brokers, LocalStack for the table and the queues, MiniStack for the objects
// (each for what it is quickest at), PostgreSQL for what a job writes elsewhere, a spoiling proxy before either, and clients that go past the proxies.

import { CreateBucketCommand, type S3Client } from '@aws-sdk/client-s3'
import { type Kafka as Cluster, startKafka } from '../../infra/kafka.ts'
import { startLocalStack } from '../../infra/localstack.ts'
import { startMiniStack } from '../../infra/ministack.ts'
import { type Postgres, startPostgres } from '../../infra/postgres.ts'
import { type FaultProxy, type FaultRates, type ProxyFault, startProxy } from '../../infra/proxy.ts'
import { dynamoClient, dynamoTable } from '../../src/stores/dynamo-table.ts'
import type { ObjectStore } from '../../src/stores/object-store.ts'
import { s3Client } from '../../src/stores/s3-client.ts'
import { s3Objects } from '../../src/stores/s3-objects.ts'
import type { StateTable } from '../../src/stores/table.ts'
import { createTable } from '../../src/stores/table-definition.ts'
import { seededRandom } from '../../src/testing/simulation/random.ts'
import { EMULATED } from '../contract/dynalite.ts'

const TABLE = 'soak-table'
/** Of Millrace itself: spilled commits, snapshots. */
const STATE_BUCKET = 'soak-state'

export interface SoakStage {
  readonly cluster: Cluster
  readonly postgres: Postgres
  /** Past the proxy. */
  readonly sqsEndpoint: string
  readonly s3: S3Client
  readonly objects: ObjectStore
  readonly table: StateTable
  readonly bucket: string
  /** For functions: every call goes through a proxy. */
  readonly env: Readonly<Record<string, string>>
  /** The queue's address for functions. */
  queueUrl(path: string): string
  createBucket(name: string): Promise<void>
  setFaults(rates: FaultRates): void
  /** Calls that came by the proxies, and what was done to them. */
  spoilt(): { calls: number; counts: ReadonlyMap<ProxyFault, number> }
  stop(): Promise<void>
}

export async function startStage(seed: number): Promise<SoakStage> {
  const open: (() => Promise<void>)[] = []
  const stop = async (): Promise<void> => {
    for (const close of open.splice(0).reverse()) await close().catch(() => undefined)
  }
  try {
    const [cluster, localstack, ministack, postgres] = await Promise.all([
      startKafka({ nodes: 3 }).then((kafka) => noted(open, kafka)),
      startLocalStack().then((emulator) => noted(open, emulator)),
      startMiniStack().then((emulator) => noted(open, emulator)),
      startPostgres().then((database) => noted(open, database)),
    ])
    const proxyOf = async (upstream: string, salt: number): Promise<FaultProxy> => {
      const proxy = await startProxy({ upstream, random: seededRandom(seed + salt).next })
      open.push(() => proxy.close())
      return proxy
    }
    const [forTable, forObjects] = [await proxyOf(localstack.endpoint, 1), await proxyOf(ministack.endpoint, 2)]
    const dynamo = dynamoClient({ ...EMULATED, endpoint: localstack.endpoint })
    await createTable(dynamo, TABLE)
    dynamo.destroy()
    const s3 = s3Client({ ...EMULATED, endpoint: ministack.endpoint })
    const createBucket = async (Bucket: string): Promise<void> => {
      await s3.send(new CreateBucketCommand({ Bucket }))
    }
    await createBucket(STATE_BUCKET)
    const table = dynamoTable({ table: TABLE, endpoint: localstack.endpoint, ...EMULATED })
    open.push(async () => {
      s3.destroy()
      table.close()
    })
    return {
      cluster,
      postgres,
      sqsEndpoint: localstack.endpoint,
      s3,
      objects: s3Objects({ client: s3 }),
      table,
      bucket: STATE_BUCKET,
      env: {
        AWS_ENDPOINT_URL: forTable.endpoint,
        AWS_ENDPOINT_URL_S3: forObjects.endpoint,
        AWS_REGION: EMULATED.region,
        AWS_ACCESS_KEY_ID: EMULATED.credentials.accessKeyId,
        AWS_SECRET_ACCESS_KEY: EMULATED.credentials.secretAccessKey,
        MILLRACE_TABLE: TABLE,
        MILLRACE_BUCKET: STATE_BUCKET,
        MILLRACE_LOG_LEVEL: 'error',
        POSTGRES_URL: postgres.url,
      },
      queueUrl: (path) => `${forTable.endpoint}${path}`,
      createBucket,
      setFaults(rates) {
        forTable.setRates(rates)
        forObjects.setRates(rates)
      },
      spoilt() {
        const counts = new Map<ProxyFault, number>()
        for (const proxy of [forTable, forObjects]) {
          for (const [fault, count] of proxy.counts) counts.set(fault, (counts.get(fault) ?? 0) + count)
        }
        return { calls: forTable.calls + forObjects.calls, counts }
      },
      stop,
    }
  } catch (error) {
    await stop()
    throw error
  }
}

function noted<T extends { stop(): Promise<void> }>(open: (() => Promise<void>)[], service: T): T {
  open.push(() => service.stop())
  return service
}
