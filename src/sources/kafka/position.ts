// Where a task stands in its partition, pure: offsets, and the timestamps that tell a duplicate from a record of a topic that
// was deleted and made again. Timestamps are whatever a producer says, so they are brought into range before they are kept
// (DESIGN §2a.5), and one that is far ahead of the clock does not count as the latest there ever was.

import { type SourceCommit, sourceCommitAt } from '../../log/commit-record.ts'
import { count, time } from '../../log/numbers.ts'
import { bytes, type Infer, list, maybe, optional, type Shape, shape, tuple, where } from '../../values/shape.ts'
import type { Past } from '../source.ts'
import type { KafkaEventRecord } from './event.ts'

const DAY_MS = 86_400_000
const YEAR_MS = 366 * DAY_MS

/** Older code has kept timestamps as they came, up to 2^63; `believed` brings them into range. */
const anyTime: Shape<number> = (value): value is number => typeof value === 'number' && !Number.isNaN(value)

/** A position may be just after the last offset that there can be. */
const offset: Shape<number> = (value): value is number =>
  Number.isInteger(value) && Number(value) >= 0 && Number(value) <= 2 ** 53

/** Where a task stands in its partition. Offsets as Kafka has them: `until` is the next one to read. */
export type Position = Infer<typeof isPosition>
export const isPosition = where(
  shape({
    /** First offset of this commit; equals `until` when it holds no records. */
    from: offset,
    until: offset,
    /**
     * Timestamp of the last committed record, and the greatest one ever, each brought into range, the second also to what the
     * clock allowed: they tell a duplicate from a recreated topic. The first is absent where an operator has set the position: code that
     * does not know of that refuses the record, where it could take what is told again for duplicates, or the way there for a hole.
     */
    timestamp: optional(anyTime),
    maxTimestamp: anyTime,
    /** Spans of the timestamps that were further ahead than that, from the least to the greatest. */
    ahead: optional(list(tuple<[least: number, most: number]>(time, time))),
    /** Where the task began to read, and the CRC-32 of that record; absent in logs that older code began. */
    began: optional(maybe(offset)),
    first: optional(maybe(count)),
    /** Fingerprints of some records of the last commit that held any (`evidence.ts`), and its first offset where that is not `from`. */
    prints: optional(maybe(bytes)),
    printsFrom: optional(maybe(offset)),
    /** Where an operator has set it, and from where: `moved.ts`. Once records follow, only as long as those are told again that were before. */
    moved: optional(maybe(shape({ to: offset, from: offset }))),
    /** How often records were to be told again: what is made of them must not have the names of what was made before. */
    again: optional(maybe(count)),
  }),
  ({ from, until, timestamp, moved }) => from <= until && (timestamp !== undefined || moved !== undefined),
)

/** A commit of a task of Kafka, for those who look into its log. */
export type KafkaCommit = SourceCommit<Position>

export const isKafkaCommit: Shape<KafkaCommit> = sourceCommitAt(isPosition)

/** Spans of timestamps ahead of the clock that a position remembers; the nearest two become one when there are more. */
const MAX_SPANS = 8

type Span = readonly [least: number, most: number]

/** A timestamp as it is kept and compared: Kafka's go up to 2^63, and records hold whole numbers up to 2^53 (`log/numbers.ts`). */
export function keptTimestamp(timestamp: number): number {
  return Math.min(Math.max(timestamp, Number.MIN_SAFE_INTEGER), Number.MAX_SAFE_INTEGER)
}

/**
 * Whether a record with this timestamp can be among those that are committed: it is not later than all of them, or it was
 * ahead of the clock as some of them were.
 */
export function mayBeCommitted({ maxTimestamp, ahead = [] }: Position, timestamp: number): boolean {
  const kept = keptTimestamp(timestamp)
  return kept <= maxTimestamp || ahead.some(([least, most]) => least <= kept && kept <= most)
}

/** What a head says of its position. */
type Standing = Pick<Past<Position>, 'position' | 'at' | 'clockSkew'>

/**
 * The position that a head names. Older code kept timestamps as they came, and took one of the year 2100 for the latest there ever was, after which no
 * topic could be told from one made again: what is more than a day ahead of the commit's own clock is not believed.
 */
export function believed({ position: kept, at, clockSkew }: Standing): Position | undefined {
  if (!kept) return undefined
  const position = kept.timestamp === undefined ? kept : { ...kept, timestamp: keptTimestamp(kept.timestamp) }
  const most = keptTimestamp(position.maxTimestamp)
  const latest = at + clockSkew
  if (most <= latest + DAY_MS) return { ...position, maxTimestamp: most }
  return { ...position, maxTimestamp: latest, ahead: [[Math.max(latest, most - YEAR_MS), most]] }
}

/**
 * Where a task stands after these records.
 *
 * @param latest what a timestamp may be at most: now plus the skew
 */
export function positionAfter(
  before: Position | undefined,
  records: readonly Pick<KafkaEventRecord, 'offset' | 'timestamp'>[],
  latest: number,
): Position {
  const [first, last] = [records[0], records.at(-1)]
  let maxTimestamp = before?.maxTimestamp ?? Number.MIN_SAFE_INTEGER
  let ahead: readonly Span[] = before?.ahead ?? []
  for (const record of records) {
    const timestamp = keptTimestamp(record.timestamp)
    maxTimestamp = Math.max(maxTimestamp, Math.min(timestamp, latest))
    if (timestamp > latest) ahead = withSpan(ahead, timestamp)
  }
  const spans = ahead.filter(([, most]) => most > maxTimestamp)
  return {
    from: first?.offset ?? 0,
    until: (last?.offset ?? -1) + 1,
    timestamp: keptTimestamp(last?.timestamp ?? -1),
    maxTimestamp,
    ...(spans.length > 0 && { ahead: spans }),
  }
}

/** The same place, said by a commit without records: the prints are still of the last one that held any. */
export function atRest(position: Position): Position {
  return { ...position, from: position.until, printsFrom: position.printsFrom ?? position.from }
}

/** Spans, ascending and apart, with one more timestamp in them. */
function withSpan(spans: readonly Span[], timestamp: number): readonly Span[] {
  if (spans.some(([least, most]) => least <= timestamp && timestamp <= most)) return spans
  const sorted = [...spans, [timestamp, timestamp] as const].sort(([a], [b]) => a - b)
  const near = sorted.findIndex(([, most], i) => (sorted[i + 1]?.[0] ?? Number.POSITIVE_INFINITY) - most < DAY_MS)
  if (near >= 0) return joined(sorted, near)
  if (sorted.length <= MAX_SPANS) return sorted
  const holes = sorted.slice(1).map(([least], i) => least - (sorted[i]?.[1] ?? 0))
  return joined(sorted, holes.indexOf(Math.min(...holes)))
}

/** The span at `index` and the next as one. */
function joined(spans: readonly Span[], index: number): readonly Span[] {
  return spans.flatMap((span, i): Span[] => {
    if (i === index + 1) return []
    return [i === index ? [span[0], spans[i + 1]?.[1] ?? span[1]] : span]
  })
}
