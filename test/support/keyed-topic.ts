// A topic that a producer has partitioned by key, and jobs over it with and without the promise that it is.

import { type DStream, type Job, type JobOptions, job, text } from '../../src/index.ts'
import { bucketOf } from '../../src/values/hash.ts'
import type { SimpleRecord } from './kafka-events.ts'

export type Words = DStream<readonly [string, string]>

/** `pairs` are keys and values of the topic `words`; in place when `marked`. */
export function keyedJob(options: JobOptions, marked: boolean, define: (words: Words) => void): Job {
  return job('keyed', options, ({ kafka }) => {
    const words = kafka('words', { value: text() }).map((record): readonly [string, string] => [
      record.key ?? '',
      record.value,
    ])
    define(marked ? words.preservesPartitioning() : words)
  })
}

export interface KeyedRecord {
  readonly key: string
  readonly value: string
  readonly timestamp: number
}

/** Records by partition, `words-0` and so on, as a producer would send them. */
export function partitioned(records: readonly KeyedRecord[], count: number): Record<string, SimpleRecord[]> {
  const partitions: Record<string, SimpleRecord[]> = {}
  for (let partition = 0; partition < count; partition++) {
    const own = records.filter(({ key }) => bucketOf(key, count) === partition)
    partitions[`words-${partition}`] = own.map((record, offset) => ({ ...record, offset }))
  }
  return partitions
}

/** By "directory" of one batch time its lines, sorted, and whether it has its `_SUCCESS`; parts only exist with lines. */
export function byBatch(objects: ReadonlyMap<string, string>): Record<string, { lines: string[]; done: boolean }> {
  const batches: Record<string, { lines: string[]; done: boolean }> = {}
  for (const [key, body] of [...objects].sort(([a], [b]) => (a < b ? -1 : 1))) {
    const slash = key.lastIndexOf('/')
    const name = key.slice(0, slash)
    const batch = batches[name] ?? { lines: [], done: false }
    batches[name] = batch
    if (key.endsWith('/_SUCCESS')) batch.done = true
    else batch.lines = [...batch.lines, ...body.split('\n').filter((line) => line !== '')].sort()
  }
  return batches
}
