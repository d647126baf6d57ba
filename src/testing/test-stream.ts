// testStream: a test is a list of batches in and a list of batches out. It drives the real runtime, commit logs and codecs
// over services in memory; time is the test's own.

import { InvalidOptionError } from '../errors/errors.ts'
import type { Decoder } from '../formats/decode.ts'
import type { Encoder } from '../formats/encode.ts'
import type { Listener } from '../listeners/listener.ts'
import { pack, unpack } from '../log/codec.ts'
import { batchFolder, partsIn } from '../names/outputs.ts'
import { partitionName } from '../names/tasks.ts'
import { type Duration, toMillis } from '../options/duration.ts'
import { checkKnownOptions } from '../options/options.ts'
import { JobRuntime } from '../runtime/job-runtime.ts'
import { files } from '../sinks/files/files.ts'
import type { KafkaEventRecord } from '../sources/kafka/event.ts'
import type { Delivery } from '../sources/source.ts'
import { DStream } from '../stream/dstream.ts'
import { defineJob } from '../stream/job.ts'
import { bucketOf } from '../values/hash.ts'
import { type MemoryEnvironment, memoryEnvironment } from './memory-environment.ts'

/** What {@link testStream} runs. `T`: the element type of each input. */
export interface TestStreamOptions<T extends readonly unknown[]> {
  /** The batch interval; the first batch time is `batch`, time starts at 0. */
  readonly batch: Duration
  /** One entry per input stream, each a list of batches, each a list of elements; after its last batch an input is empty. */
  readonly inputs: readonly [...{ [N in keyof T]: readonly (readonly T[N][])[] }]
  /** Slices every input batch into that many source partitions. Default 1; also the default number of buckets. */
  readonly partitions?: number
  /**
   * Puts elements into source partitions by a key instead, as a producer does: equal keys into one partition. For streams that
   * say `preservesPartitioning()`.
   */
  readonly partitionBy?: (element: T[number]) => unknown
  /** `every-batch`: everything in memory is thrown away between batches. Default `never`. */
  readonly restart?: 'never' | 'every-batch'
  /** How many batch intervals to run. Default: as many as the longest input has. */
  readonly batches?: number
  /** Who is told what the job does. */
  readonly listeners?: readonly Listener[]
}

/** The streams under test. */
export type TestedStreams = DStream<unknown> | readonly DStream<unknown>[]

/** Per stream one list per batch time at which it has a batch. */
export type TestedBatches<R> =
  R extends DStream<infer U> ? U[][] : { -readonly [N in keyof R]: R[N] extends DStream<infer U> ? U[][] : never }

/**
 * Runs streams over batches of elements and returns what came out, batch by batch. What a function of `foreachRDD` throws, it throws.
 *
 * @example
 * await testStream({ batch: 1000, inputs: [[['a', 'a', 'b'], []]] }, (words) => words.countByValue())
 * // → [[['a', 2], ['b', 1]], []]
 */
export async function testStream<T extends readonly unknown[], R extends TestedStreams>(
  options: TestStreamOptions<T>,
  define: (...inputs: { [N in keyof T]: DStream<T[N]> }) => R,
): Promise<TestedBatches<R>>
export async function testStream(
  options: TestStreamOptions<readonly unknown[]>,
  define: (...inputs: DStream<unknown>[]) => TestedStreams,
): Promise<unknown> {
  checkKnownOptions('testStream', options, [
    'batch',
    'inputs',
    'partitions',
    'partitionBy',
    'restart',
    'batches',
    'listeners',
  ])
  const { inputs, partitions = 1, restart = 'never', listeners = [] } = options
  const partitionOf = partitioner(options)
  const batch = toMillis('testStream, batch', options.batch)
  const batches = options.batches ?? Math.max(0, ...inputs.map((input) => input.length))
  if (!Number.isInteger(partitions) || partitions < 1) {
    throw new InvalidOptionError(`testStream, partitions: at least 1 is needed, got ${partitions}.`)
  }

  const slides: number[] = []
  let single = false
  const tested = defineJob(
    'test',
    { batch, idle: 'run', idleAfter: 0, numPartitions: partitions, listeners },
    ({ kafka }) => {
      const streams = inputs.map((_, i) => kafka(topicOf(i), { value: PACKED }).map(({ value }) => value))
      const defined = define(...streams)
      single = defined instanceof DStream
      for (const stream of defined instanceof DStream ? [defined] : defined) {
        const target = { bucket: RESULTS, prefix: `out${slides.length}`, suffix: undefined }
        stream.registry.add({ kind: 'output', input: stream.node, sink: files(target, PACKED_LINES) })
        slides.push(stream.slide)
      }
    },
  )

  const topics = new Map(inputs.map((_, i) => [topicOf(i), partitions]))
  let failure: { readonly error: unknown } | undefined
  // What fails after a commit stops nothing but itself, and would go unnoticed here.
  const afterCommit = (_: unknown, work: () => Promise<void>): Promise<void> =>
    work().catch((error: unknown) => {
      failure ??= { error }
      throw error
    })
  const how = { partitions: topics, strict: true, afterCommit }
  const environment = memoryEnvironment(0).another(how)
  const timed = { ...tested, settings: { ...tested.settings, zeroTime: 0 } }
  const offsets = new Map<string, number>()
  let runtime = new JobRuntime(timed, environment)
  for (let n = 0; n < batches; n++) {
    if (restart === 'every-batch') {
      await runtime.close()
      runtime = new JobRuntime(timed, environment.another(how))
    }
    environment.setTime(n * batch)
    await feed(
      runtime,
      inputs.map((input) => input[n] ?? []),
      { partitions, partitionOf, time: n * batch, offsets },
    )
    environment.setTime((n + 1) * batch)
    await runtime.wake((n + 1) * batch)
    if (failure) throw failure.error
  }
  await runtime.close()
  const results = await Promise.all(slides.map((slide, i) => readBatches(environment, i, slide, batches * batch)))
  return single ? results[0] : results
}

const RESULTS = 'results'

const topicOf = (input: number): string => `input${input}`

const PACKED: Decoder<unknown> = {
  format: 'packed',
  decode: (base64) => unpack(Buffer.from(base64 ?? '', 'base64')),
}

const PACKED_LINES: Encoder<unknown> = {
  contentType: 'text/plain',
  encode: (elements) => elements.map((element) => `${pack(element).toString('base64')}\n`).join(''),
}

type PartitionOf = (element: unknown, index: number, count: number) => number

interface Feed {
  readonly partitions: number
  readonly partitionOf: PartitionOf
  readonly time: number
  readonly offsets: Map<string, number>
}

function partitioner({ partitions = 1, partitionBy }: TestStreamOptions<readonly unknown[]>): PartitionOf {
  if (partitionBy) return (element) => bucketOf(partitionBy(element), partitions)
  // As sc.makeRDD slices: contiguous, sizes differing by at most one.
  return (_, index, count) => Math.floor(((index + 1) * partitions - 1) / count)
}

async function feed(
  runtime: JobRuntime,
  batches: readonly (readonly unknown[])[],
  { partitions, partitionOf, time, offsets }: Feed,
): Promise<void> {
  const records = batches.flatMap((elements, input) =>
    Array.from({ length: partitions }, (_, partition): Delivery => {
      const name = partitionName(topicOf(input), partition)
      const first = offsets.get(name) ?? 0
      const slice = elements.filter((element, i) => partitionOf(element, i, elements.length) === partition)
      offsets.set(name, first + slice.length)
      const toRecord = (element: unknown, i: number): KafkaEventRecord => ({
        topic: topicOf(input),
        partition,
        offset: first + i,
        timestamp: time,
        timestampType: 'CREATE_TIME',
        value: pack(element).toString('base64'),
      })
      return { feed: topicOf(input), task: name, records: slice.map(toRecord) }
    }),
  )
  for (const { error } of await runtime.process(records.filter((one) => one.records.length > 0))) {
    if (error !== undefined) throw error
  }
}

async function readBatches(
  { objects }: MemoryEnvironment,
  output: number,
  slide: number,
  end: number,
): Promise<unknown[][]> {
  const batches: unknown[][] = []
  for (let time = slide; time <= end; time += slide) {
    const elements: unknown[] = []
    for await (const { key } of objects.list(
      RESULTS,
      partsIn(batchFolder({ prefix: `out${output}`, suffix: undefined }, time)),
    )) {
      const lines = new TextDecoder().decode(await objects.get({ bucket: RESULTS, key }))
      for (const line of lines.trimEnd().split('\n')) elements.push(unpack(Buffer.from(line, 'base64')))
    }
    batches.push(elements)
  }
  return batches
}
