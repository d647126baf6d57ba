// What a warm micro-batch costs in DynamoDB and S3: requests, write units, and bytes against the delta that it commits,
// compressed (DESIGN §9: no read, one write, bytes within 1.2 of the delta; closing T: at most one query per partition).

import { constants, zstdCompressSync } from 'node:zlib'
import { definitionOf, Job } from '../src/graph/job.ts'
import { lambda } from '../src/lambda/index.ts'
import { s3Objects } from '../src/stores/s3-objects.ts'
import { type CountedDynamo, startDynamo } from './lib/embedded.ts'
import { eventTexts } from './lib/events.ts'
import { fakeS3 } from './lib/fake-s3.ts'
import { allFlights, allLines, fewFlights, fewLines } from './lib/jobs.ts'
import { benchEnvironment } from './lib/services.ts'
import { formatCount, formatTable } from './lib/table.ts'
import { flightValues, lineValues } from './lib/values.ts'

const PARTITIONS = 4
const WARM_UP_EVENTS = 5
const EVENTS = 20

interface Shape {
  readonly name: string
  readonly job: Job
  readonly topic: string
  readonly values: readonly string[]
  /** Per partition and event, so per micro-batch. */
  readonly records: number
}

interface Cost {
  readonly microBatches: number
  readonly reads: number
  readonly writes: number
  readonly bytes: number
  readonly writeUnits: number
  /** What the items had to carry: the outputs inside them, compressed in one piece per micro-batch. */
  readonly delta: number
  readonly s3: ReadonlyMap<string, number>
  readonly closings: number
  readonly closingReads: number
}

export async function dynamoBench(): Promise<string> {
  const [lines, flights] = [lineValues(), flightValues()]
  const shapes = [10, 100, 1000, 10_000].flatMap((records): Shape[] => [
    { name: `text, all of ${formatCount(records)}`, job: allLines, topic: 'lines', values: lines, records },
    { name: `text, few of ${formatCount(records)}`, job: fewLines, topic: 'lines', values: lines, records },
    { name: `json, all of ${formatCount(records)}`, job: allFlights, topic: 'flights', values: flights, records },
    { name: `json, few of ${formatCount(records)}`, job: fewFlights, topic: 'flights', values: flights, records },
  ])
  const dynamo = await startDynamo()
  const rows: string[][] = []
  const costs = new Map<string, Cost>()
  try {
    for (const shape of shapes) {
      const cost = await costOf(shape, dynamo)
      costs.set(shape.name, cost)
      rows.push(describe(shape.name, cost))
    }
  } finally {
    await dynamo.stop()
  }
  const head = ['micro-batch', 'reads', 'writes', 'item bytes', 'delta', 'bytes/delta', 'units', 'S3 requests']
  console.log(formatTable([...head, 'closings', 'queries per closing'], rows))
  const usual = costs.get('text, all of 100')
  return usual
    ? `dynamo / warm micro-batch: ${each(usual.reads, usual)} reads, ${each(usual.writes, usual)} writes; bytes / delta at 100 records ${(usual.bytes / usual.delta).toFixed(2)} (goal 1.20)`
    : ''
}

async function costOf({ name, job, topic, values, records }: Shape, dynamo: CountedDynamo): Promise<Cost> {
  const s3 = fakeS3()
  const fresh = new Job({ ...definitionOf(name, job), name })
  const environment = benchEnvironment({ table: dynamo.table, objects: s3Objects({ client: s3.client }) })
  const handler = lambda(fresh, { environment })
  const next = eventTexts({ topic, values, partitions: PARTITIONS, records: records * PARTITIONS })
  for (const text of next(WARM_UP_EVENTS)) await handler(JSON.parse(text))
  dynamo.reset()
  let delta = 0
  const requests = new Map<string, number>()
  for (const text of next(EVENTS)) {
    s3.reset()
    await handler(JSON.parse(text))
    delta += compressedBytes(s3.put)
    for (const [operation, count] of s3.requests) requests.set(operation, (requests.get(operation) ?? 0) + count)
  }
  const { source, close } = dynamo.traffic
  return {
    microBatches: PARTITIONS * EVENTS,
    reads: source.reads + dynamo.traffic.rows.reads,
    writes: source.writes + dynamo.traffic.rows.writes,
    bytes: source.bytes,
    writeUnits: source.writeUnits,
    delta,
    s3: requests,
    closings: close.writes,
    closingReads: close.reads,
  }
}

/** By partition: what one micro-batch has put, in one piece. */
function compressedBytes(put: readonly { readonly key: string; readonly body: Uint8Array }[]): number {
  const byPartition = Object.groupBy(put, ({ key }) => /\/part-(.*)-\d+$/.exec(key)?.[1] ?? 'success')
  let bytes = 0
  for (const [partition, objects = []] of Object.entries(byPartition)) {
    if (partition === 'success') continue
    const body = Buffer.concat(objects.map((object) => object.body))
    bytes += zstdCompressSync(body, { params: { [constants.ZSTD_c_compressionLevel]: 1 } }).length
  }
  return bytes
}

function describe(name: string, cost: Cost): string[] {
  return [
    name,
    each(cost.reads, cost),
    each(cost.writes, cost),
    formatCount(cost.bytes / cost.microBatches),
    formatCount(cost.delta / cost.microBatches),
    cost.delta === 0 ? '' : (cost.bytes / cost.delta).toFixed(2),
    each(cost.writeUnits, cost),
    [...cost.s3].map(([operation, count]) => `${each(count, cost)} ${operation}`).join(', '),
    String(cost.closings),
    cost.closings === 0 ? '' : (cost.closingReads / cost.closings).toFixed(2),
  ]
}

function each(count: number, { microBatches }: Cost): string {
  const value = count / microBatches
  return Number.isInteger(value) ? String(value) : value.toFixed(2)
}
