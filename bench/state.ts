// Keyed state: a million keys in one bucket, or as many as BENCH_KEYS says (`BENCH_KEYS=2000000`). Cold load from the snapshot, and batches that touch 1 % of the keys, over
// services in memory; and what closing T costs with many partitions.

import { createHash } from 'node:crypto'
import { constants, zstdCompressSync } from 'node:zlib'
import { type Job, job, raw, type State, StateSpec } from 'millrace'
import { definitionOf } from '../src/graph/job.ts'
import { pack, unpack } from '../src/log/codec.ts'
import { CLOSE_STAGE, SOURCE_STAGE } from '../src/names/tasks.ts'
import { JobRuntime } from '../src/runtime/job-runtime.ts'
import type { KafkaEventRecord } from '../src/sources/kafka/event.ts'
import { countingTable } from '../src/testing/counting-table.ts'
import { type MemoryEnvironment, memoryEnvironment } from '../src/testing/memory-environment.ts'
import { formatTable as table } from './lib/table.ts'

const BATCH = 1000

function running(initial: Iterable<readonly [string, number]>): Job {
  const count = StateSpec.function((_: string, one: number | undefined, state: State<number>): undefined => {
    state.update((state.getOption() ?? 0) + (one ?? 0))
  }).initialState(initial)
  return job('state', { batch: BATCH, idleAfter: '1h', numPartitions: 1 }, ({ kafka }) => {
    kafka('keys', { value: raw() })
      .flatMap(({ value }) => keysOf(unpack(value)))
      .map((key) => [key, 1] as const)
      .mapWithState(count)
      .saveAsTextFiles('s3://results/none')
  })
}

function keysOf(packed: unknown): string[] {
  return Array.isArray(packed) ? packed.map(String) : []
}

export async function stateBench(): Promise<string> {
  const rows: string[][] = []
  let share = ''
  for (const keys of (process.env.BENCH_KEYS ?? '100000,1000000').split(',').map(Number)) {
    const environment = memoryEnvironment(0)
    let runtime = new JobRuntime(
      definitionOf('bench', running(Array.from({ length: keys }, (_, i) => [`key-${i}`, 0]))),
      environment,
    )
    // A batch is closed, and run, by the first record of the next.
    await batch(runtime, environment, 0, [0])
    const first = await timed(() => batch(runtime, environment, 1, [0]))
    const touch = (n: number) => Array.from({ length: keys / 100 }, (_, i) => (i * 97 + n) % keys)
    const times: number[] = []
    for (let n = 2; n <= 8; n++) times.push(await timed(() => batch(runtime, environment, n, touch(n))))
    environment.setTime(8.5 * BATCH + 60_000) // the first instance's lease is over
    runtime = new JobRuntime(definitionOf('bench', running([])), environment)
    const cold = await timed(() => batch(runtime, environment, 9, [0]))
    const { heapUsed, arrayBuffers } = process.memoryUsage()
    const warm = await timed(() => batch(runtime, environment, 10, [0]))
    const bytes = await snapshotBytes(environment)
    const onePercent = times.sort((a, b) => a - b)[3] ?? 0
    rows.push(
      [keys, first, onePercent, cold - warm, bytes / 1e6, (heapUsed + arrayBuffers) / 1e6].map((n) =>
        n.toLocaleString('en', { maximumFractionDigits: 1 }),
      ),
    )
    share = `cold load of ${keys.toLocaleString('en')} keys ${Math.round(cold - warm)} ms`
  }
  console.log(
    table(['keys', 'initial batch ms', '1 % touched ms', 'cold load ms', 'snapshot MB', 'memory after it MB'], rows),
  )
  console.log(await bytesPerBatch())
  console.log(await closingCost())
  return `state: ${share}`
}

/**
 * What a bucket writes for a batch, held against the new values of the keys that it touched, packed and compressed: that much
 * any log of changes needs. Keys and values that do not look alike, as compression flatters those of the table above.
 */
async function bytesPerBatch(): Promise<string> {
  const rows: string[][] = []
  for (const touched of [10, 100, 1000, 5000]) {
    const memory = memoryEnvironment(0)
    const written: number[] = []
    const spied: typeof memory.table = {
      ...memory.table,
      append(task, item) {
        if (task.stage !== SOURCE_STAGE && task.stage !== CLOSE_STAGE) written.push(item.body.length)
        return memory.table.append(task, item)
      },
    }
    const environment = { ...memory, table: spied }
    const runtime = new JobRuntime(definitionOf('bench', running([])), environment)
    // Keys of 12 random characters; each batch changes other counts.
    const keys = Array.from({ length: touched }, (_, i) =>
      createHash('md5').update(`${i}`).digest('base64').slice(0, 12),
    )
    const counts = new Map<string, number>()
    for (let n = 0; n < 6; n++) {
      memory.setTime(n * BATCH)
      const some = keys.flatMap((key, i) => Array.from({ length: 1 + ((i * 7 + n) % 5) }, () => key))
      if (n < 5) for (const key of some) counts.set(key, (counts.get(key) ?? 0) + 1)
      const [outcome] = await runtime.process([
        { feed: 'keys', task: 'keys-0', records: [record(0, n, n * BATCH, some)] },
      ])
      if (outcome?.error !== undefined) throw outcome.error
    }
    const last = written.at(-1) ?? 0
    const params = { [constants.ZSTD_c_compressionLevel]: 1 }
    const delta = zstdCompressSync(pack([...counts]), { params }).length
    rows.push([`${touched}`, `${last}`, `${delta}`, (last / delta).toFixed(2)])
  }
  return table(['keys touched', 'bytes written', 'compressed delta', 'ratio'], rows)
}

/** Queries and writes for one closed T: P source tasks, N = 4 buckets, each partition's commits by an instance of its own. */
async function closingCost(): Promise<string> {
  const rows: string[][] = []
  for (const partitions of [4, 32, 128]) {
    const memory = memoryEnvironment(0)
    const counted = countingTable(memory.table)
    const environment = { ...memory, table: counted.table, partitions: new Map([['keys', partitions]]) }
    const counts = job('closing', { batch: BATCH, numPartitions: 4 }, ({ kafka }) => {
      kafka('keys', { value: raw() })
        .map(({ value }) => value.length)
        .countByValue()
        .saveAsTextFiles('s3://results/closing')
    })
    const instances = Array.from(
      { length: partitions },
      (_, p) => new JobRuntime(definitionOf('bench', counts), { ...environment, instance: `i${p}` }),
    )
    const feed = async (time: number, offset: number): Promise<void> => {
      for (const [partition, instance] of instances.entries()) {
        const records = [record(partition, offset, time, ['a'])]
        const [outcome] = await instance.process([{ feed: 'keys', task: `keys-${partition}`, records }])
        if (outcome?.error !== undefined) throw outcome.error
      }
    }
    for (let n = 0; n < 4; n++) {
      memory.setTime(n * BATCH)
      await feed(n * BATCH, n)
    }
    counted.reset()
    memory.setTime(4 * BATCH)
    await feed(4 * BATCH, 4)
    const { reads, writes } = counted.counts
    rows.push([`${partitions}`, `${reads}`, `${writes - partitions}`])
  }
  return table(['partitions', 'reads per closed T', 'writes per closed T (of 4 buckets)'], rows)
}

async function batch(
  runtime: JobRuntime,
  environment: MemoryEnvironment,
  n: number,
  keys: readonly number[],
): Promise<void> {
  environment.setTime(Math.max(environment.clock.now(), n * BATCH))
  const names = keys.map((key) => `key-${key}`)
  const [outcome] = await runtime.process([{ feed: 'keys', task: 'keys-0', records: [record(0, n, n * BATCH, names)] }])
  if (outcome?.error !== undefined) throw outcome.error
}

function record(partition: number, offset: number, timestamp: number, keys: readonly string[]): KafkaEventRecord {
  const value = Buffer.from(pack(keys)).toString('base64')
  return { topic: 'keys', partition, offset, timestamp, timestampType: 'CREATE_TIME', value }
}

async function snapshotBytes({ objects }: MemoryEnvironment): Promise<number> {
  let last = 0
  for await (const { bytes } of objects.list('state', '_millrace/snapshots/')) last = Math.max(last, bytes)
  return last
}

async function timed(work: () => Promise<void>): Promise<number> {
  const start = performance.now()
  await work()
  return performance.now() - start
}
