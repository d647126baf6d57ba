// How large the items and objects of a job are, by what its plan says of edges and outputs, and how many of them there are.

import type { Edge, PlannedOutput, Program, ShuffleStage } from '../plan/plan.ts'
import { BYTES, COMPRESSED_FROM, INLINE_BYTES, type Load, PAIRS_PACKED } from './assumptions.ts'
import { distinct, meanUnits } from './units.ts'

/** A task of a source: how often it commits, and how much comes with one commit. */
export interface Feed {
  readonly commits: number
  /** Records of one commit. */
  readonly records: number
  /** Seconds of records in one commit. */
  readonly span: number
}

/** Of one commit: its bytes; of all, per second: objects. */
export interface Entries {
  readonly bytes: number
  readonly puts: number
  readonly objectBytes: number
}

/** What a micro-batch writes: what travels, combined on this side, and the objects that it promises. */
export function sourceEntries(program: Program, feed: Feed, load: Load, interval: number): Entries {
  const kept = feed.records * load.keep
  const edges = unique(program.edges.map(({ edge }) => edge))
  const outputs = unique(program.outputs.map(({ output }) => output)).filter(writesObjects)
  const travels = edges.reduce((sum, edge) => sum + edgeBytes(edge, kept, load), 0)
  const written = kept * (load.size + 1)
  const body = packed(written, load)
  const inline = body <= INLINE_BYTES
  const inPlace = program.inPlace && inPlaceEntries(program.inPlace.stage, load, interval)
  // Records around the end of a batch are parts of two.
  const parts = feed.commits * (1 + Math.min(1, feed.span / interval)) * outputs.length
  return {
    bytes:
      BYTES.names +
      BYTES.record +
      packed(travels, load, PAIRS_PACKED) +
      outputs.length * (BYTES.output + (inline ? body : 0)) +
      (inPlace?.bytes ?? 0) / feed.commits,
    puts: parts * (inline ? 1 : REQUESTS_OF_UPLOAD) + (inPlace?.puts ?? 0),
    objectBytes: feed.commits * outputs.length * written + (inPlace?.objectBytes ?? 0),
  }
}

/** Create, part, complete. */
const REQUESTS_OF_UPLOAD = 3

export interface BucketEntries {
  /** All per second. */
  readonly commits: number
  readonly units: number
  readonly bytes: number
  readonly puts: number
  readonly gets: number
  readonly objectBytes: number
  /** Write units of the busiest log. */
  readonly busiest: number
}

/** What the buckets of a stage write when a batch is closed: what has changed of the state, what goes on, objects. */
export function bucketEntries(stage: ShuffleStage, load: Load, interval: number): BucketEntries {
  const perBatch = keysIn(interval, load)
  const alone = stage.inputs.every(({ edge }) => edge.how === 'one')
  const keys = alone ? 1 : perBatch
  const busy = distinct(stage.numPartitions, keys)
  const share = keys / Math.max(1, busy)
  const changed = stage.steps.length * share * PAIR_BYTES
  const onward = unique(stage.edges.map(({ edge }) => edge)).reduce(
    (sum, edge) => sum + edgeBytes(edge, share, load),
    0,
  )
  const objects = stageObjects(stage, load, alone)
  const commits = busy / interval
  const bytes =
    BYTES.names + BYTES.record + packed(changed + onward, load, PAIRS_PACKED) + objects.inline / Math.max(commits, 1e-9)
  const units = commits * meanUnits(bytes)
  const state = Math.max(SNAPSHOT_FROM_BYTES, (load.keys / stage.numPartitions) * PAIR_BYTES)
  return {
    commits,
    units,
    bytes: commits * bytes,
    puts: objects.puts + (commits * bytes) / state,
    gets: objects.gets,
    objectBytes: objects.bytes,
    busiest: units / Math.max(1, busy),
  }
}

/** `runtime/snapshot-due.ts` */
const SNAPSHOT_FROM_BYTES = 64 * 1024
const PAIR_BYTES = BYTES.key + BYTES.element

/** The objects of a stage, per second: one for each bucket that has something, and a look whether the batch is there already. */
function stageObjects(stage: ShuffleStage, load: Load, alone: boolean) {
  const sums = { puts: 0, gets: 0, bytes: 0, inline: 0 }
  for (const output of unique(stage.outputs.map(({ output: one }) => one)).filter(writesObjects)) {
    const slides = 1000 / output.slide
    const keys = alone ? 1 : Math.max(keysIn(output.slide / 1000, load), keepsKeys(stage) ? load.keys : 0)
    const buckets = distinct(stage.numPartitions, keys)
    const bytes = (keys / Math.max(1, buckets)) * (BYTES.key + BYTES.text)
    const body = packed(bytes, load, PAIRS_PACKED)
    sums.puts += slides * buckets * (body <= INLINE_BYTES ? 1 : REQUESTS_OF_UPLOAD)
    sums.gets += slides
    sums.bytes += slides * buckets * bytes
    if (body <= INLINE_BYTES) sums.inline += slides * buckets * body
  }
  return sums
}

/** Operators by key in a source task write with its commits, when the partition has passed a batch. */
function inPlaceEntries(stage: ShuffleStage, load: Load, interval: number): Entries {
  const { bytes, puts, objectBytes } = bucketEntries({ ...stage, numPartitions: load.partitions }, load, interval)
  return { bytes, puts, objectBytes }
}

/** It has state, so that what it emits may be of keys that did not come now. */
const keepsKeys = (stage: ShuffleStage): boolean =>
  stage.steps.some(({ node, every }) => 'state' in node.operator || node.slide > every)

/** What a number of elements takes on an edge: combined, each key is there once. */
function edgeBytes({ combine, how }: Edge, elements: number, { keys, size, value }: Load): number {
  if (how === 'one' && combine) return PAIR_BYTES
  return combine ? distinct(keys, elements) * PAIR_BYTES : elements * ((how === 'key' ? value : size) + BYTES.key)
}

/** Distinct keys of so many seconds. */
const keysIn = (seconds: number, { keys, keep, rate }: Load): number => distinct(keys, rate * keep * seconds)

/** Small things are not compressed: it would save nothing below one unit. */
function packed(bytes: number, { compressed }: Load, factor = 1): number {
  return bytes + BYTES.record < COMPRESSED_FROM ? bytes : bytes * compressed * factor
}

export const writesObjects = ({ node }: PlannedOutput): boolean => node.sink.places.length > 0

const unique = <T>(list: readonly T[]): T[] => [...new Set(list)]
