// From what the closing of a batch knows to what listeners are told. Pure; nothing here costs a read or a write.

import { createHash } from 'node:crypto'
import type { OffsetRange } from '../sources/source.ts'
import type {
  BatchInfo,
  Offsets,
  OutputOperationInfo,
  SourceProgress,
  StreamInputInfo,
  StreamingQueryProgress,
} from './listener.ts'

/** What came in for a batch from one topic. */
export interface Input {
  /** The number of the topic in the job. */
  readonly id: number
  readonly description: string
  readonly records: number
  /** Of each partition that had any, if its source has such. */
  readonly offsets: readonly OffsetRange[]
}

/** What is known of a batch that is closed. Times are the clock, milliseconds. */
export interface ClosedBatch {
  readonly time: number
  readonly inputs: readonly Input[]
  /** Outputs that have this batch, with their numbers in the job. */
  readonly outputs: readonly { readonly id: number; readonly name: string; readonly description: string }[]
  readonly submitted: number
  readonly started: number
  /** When it was committed that the batch is closed. */
  readonly committed: number
}

/** How far it has come: everything that is known then is told. */
export type Reached = 'submitted' | 'started' | { readonly completed: number }

export function batchInfo(batch: ClosedBatch, reached: Reached): BatchInfo {
  const { time, inputs, submitted, started } = batch
  const schedulingDelay = started - submitted
  const ended = typeof reached === 'object' ? reached.completed : undefined
  const operations = reached === 'submitted' ? [] : outputInfos(batch, reached)
  return {
    batchTime: time,
    streamIdToInputInfo: Object.fromEntries(inputs.map((input) => [input.id, inputInfo(input)])),
    submissionTime: submitted,
    ...(reached !== 'submitted' && { processingStartTime: started }),
    ...(ended !== undefined && { processingEndTime: ended }),
    outputOperationInfos: Object.fromEntries(operations.map((operation) => [operation.id, operation])),
    ...(reached !== 'submitted' && { schedulingDelay }),
    ...(ended !== undefined && { processingDelay: ended - started, totalDelay: schedulingDelay + ended - started }),
    numRecords: numRecords(inputs),
  }
}

export function outputInfos({ time, outputs, started }: ClosedBatch, reached: Reached): OutputOperationInfo[] {
  return outputs.map(({ id, name, description }) => ({
    batchTime: time,
    id,
    name,
    description,
    startTime: started,
    ...(typeof reached === 'object' && { endTime: reached.completed }),
  }))
}

/** Source of the description: `DirectKafkaInputDStream.compute` of org.apache.spark.streaming.kafka010. */
function inputInfo({ id, records, offsets }: Input): StreamInputInfo {
  const lines = offsets.map(
    ({ topic, partition, fromOffset, untilOffset }) =>
      `topic: ${topic}\tpartition: ${partition}\toffsets: ${fromOffset} to ${untilOffset}`,
  )
  return { inputStreamId: id, numRecords: records, metadata: { offsets, Description: lines.join('\n') } }
}

/** Who tells: `Query` of every event of a query. */
export interface Teller {
  readonly id: string
  readonly runId: string
  readonly name: string
}

export function tellerOf(job: string, instance: string): Teller {
  return { id: uuidOf(job), runId: uuidOf(`${job} ${instance}`), name: job }
}

/** Keys in the order of `StreamingQueryProgress.jsonValue`, org.apache.spark.sql.streaming; those of maps sorted, as there. */
export function progressOf(
  { id, runId, name }: Teller,
  { time, inputs, outputs, started, committed }: ClosedBatch,
  completed: number,
  batch: number,
): StreamingQueryProgress {
  const took = completed - started
  const rates = (rows: number) => ({
    numInputRows: rows,
    inputRowsPerSecond: (rows * 1000) / batch,
    ...(took > 0 && { processedRowsPerSecond: (rows * 1000) / took }),
  })
  return {
    id,
    runId,
    name,
    timestamp: timestampOf(started),
    batchId: time / batch,
    batchDuration: took,
    ...rates(numRecords(inputs)),
    durationMs: { addBatch: completed - committed, triggerExecution: took, walCommit: committed - started },
    stateOperators: [],
    sources: inputs.map(
      ({ description, records, offsets }): SourceProgress => ({
        description,
        startOffset: offsetsOf(offsets, ({ fromOffset }) => fromOffset),
        endOffset: offsetsOf(offsets, ({ untilOffset }) => untilOffset),
        latestOffset: null,
        ...rates(records),
      }),
    ),
    sink: { description: outputs.map(({ name: output }) => output).join(', '), numOutputRows: -1 },
  }
}

export function timestampOf(milliseconds: number): string {
  return new Date(milliseconds).toISOString()
}

function offsetsOf(ranges: readonly OffsetRange[], of: (range: OffsetRange) => number): Offsets {
  const byTopic = Map.groupBy(ranges, ({ topic }) => topic)
  return Object.fromEntries(
    Array.from(byTopic, ([topic, some]) => [
      topic,
      Object.fromEntries(some.map((range) => [range.partition, of(range)])),
    ]),
  )
}

function numRecords(inputs: readonly Input[]): number {
  return inputs.reduce((sum, { records }) => sum + records, 0)
}

/** The same for the same text, in the form that RFC 9562 leaves to whoever makes one (version 8). */
function uuidOf(text: string): string {
  const hex = createHash('sha256').update(text).digest('hex')
  const variant = ((Number.parseInt(hex.charAt(16), 16) & 0x3) | 0x8).toString(16)
  return [
    hex.slice(0, 8),
    hex.slice(8, 12),
    `8${hex.slice(13, 16)}`,
    variant + hex.slice(17, 20),
    hex.slice(20, 32),
  ].join('-')
}
