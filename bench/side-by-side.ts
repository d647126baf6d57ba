// What helpers save: a batch that goes through 400,000 keys, run alone and side by side. Everything runs in this one process, one
// after the other, so that each share can be timed by itself; side by side takes as long as the closing instance's own
// part and the longest of the others'.

import { type Job, job, raw } from 'millrace'
import { definitionOf } from '../src/graph/job.ts'
import { pack, unpack } from '../src/log/codec.ts'
import { JobRuntime } from '../src/runtime/job-runtime.ts'
import type { Share } from '../src/runtime/side-by-side/share.ts'
import type { KafkaEventRecord } from '../src/sources/kafka/event.ts'
import { memoryEnvironment } from '../src/testing/memory-environment.ts'
import { formatTable as table } from './lib/table.ts'

const BATCH = 1000
const KEYS = 400_000
const TOUCHED = 4000
const BATCHES = 7

/** Who runs a share: the instance that ran it last time, or one that another share had. */
type Helping = 'alone' | 'same' | 'other'

function counts(numPartitions: number, sideBySide: 0 | false): Job {
  const initialState = Array.from({ length: KEYS }, (_, i) => [`key-${i}`, 0] as const)
  return job('state', { batch: BATCH, idleAfter: '1h', numPartitions, sideBySide }, ({ kafka }) => {
    kafka('keys', { value: raw() })
      .flatMap(({ value }) => keysOf(unpack(value)))
      .map((key) => [key, 1] as const)
      .updateStateByKey((ones: readonly number[], n: number | undefined) => (n ?? 0) + ones.length, { initialState })
      .filter(([, n]) => n < 0)
      .saveAsTextFiles('s3://results/none')
  })
}

function keysOf(packed: unknown): string[] {
  return Array.isArray(packed) ? packed.map(String) : []
}

export async function sideBySideBench(): Promise<string> {
  const rows: string[][] = []
  for (const buckets of [4, 8, 16]) {
    const [alone, same, other] = [await run(buckets, 'alone'), await run(buckets, 'same'), await run(buckets, 'other')]
    rows.push([
      `${buckets}`,
      ...[alone, same, other].map((ms) => ms.toFixed(0)),
      (alone / same).toFixed(1),
      (alone / other).toFixed(1),
    ])
  }
  console.log(table(['buckets', 'alone ms', 'warm helpers ms', 'cold helpers ms', 'gain warm', 'gain cold'], rows))
  return `side by side: ${rows.map(([n, , , , warm, cold]) => `${n} buckets ${warm}x warm, ${cold}x cold`).join('; ')}`
}

/** Milliseconds until a batch is done, the least of several: what else the machine does only adds. */
async function run(buckets: number, helping: Helping): Promise<number> {
  const environment = memoryEnvironment(0)
  const define = (): Job => counts(buckets, helping === 'alone' ? false : 0)
  const waiting: Share[] = []
  const instances = new Map<number, JobRuntime>()
  let helped = 0
  let longest = 0
  let round = 0
  const helpers = {
    ask: async (_: string, share: Share) => void waiting.push(share),
    pause: async () => {
      for (const share of waiting.splice(0)) {
        const [first = 0] = share.buckets
        const who = helping === 'same' ? first : (first + round) % buckets
        const instance = instances.get(who) ?? new JobRuntime(definitionOf('bench', define()), environment.another())
        instances.set(who, instance)
        const took = await timed(() => instance.help(share))
        helped += took
        longest = Math.max(longest, took)
      }
    },
  }
  const closer = new JobRuntime(definitionOf('bench', define()), { ...environment, helpers })
  const times: number[] = []
  for (let n = 0; n < BATCHES + 3; n++) {
    environment.setTime(n * BATCH)
    const keys = Array.from({ length: TOUCHED }, (_, i) => `key-${(i * 97 + n) % KEYS}`)
    ;[helped, longest, round] = [0, 0, n]
    const all = await timed(async () => {
      const [outcome] = await closer.process([{ feed: 'keys', task: 'keys-0', records: [record(n, keys)] }])
      if (outcome?.error !== undefined) throw outcome.error
    })
    if (n > 2) times.push(all - helped + longest)
  }
  return Math.min(...times)
}

function record(n: number, keys: readonly string[]): KafkaEventRecord {
  const value = Buffer.from(pack(keys)).toString('base64')
  return { topic: 'keys', partition: 0, offset: n, timestamp: n * BATCH, timestampType: 'CREATE_TIME', value }
}

async function timed(work: () => Promise<void>): Promise<number> {
  const start = performance.now()
  await work()
  return performance.now() - start
}
