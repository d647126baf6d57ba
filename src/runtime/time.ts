// Time, pure: which batch every record of a micro-batch belongs to, and how far the frontier moves (DESIGN §4).

/** The label of the batch interval that `time` falls into: its end. `T = (floor(ts / B) + 1) * B`. */
export function batchTimeOf(time: number, batch: number): number {
  return (Math.floor(time / batch) + 1) * batch
}

/** The greatest batch time that is closed when every frontier has reached `frontier`: batch T holds times in [T - B, T). */
export function closedBy(frontier: number, batch: number): number {
  return Math.floor(frontier / batch) * batch
}

/** The least of any number of times: as arguments of Math.min, some 120,000 would overflow the stack. */
export function earliest(times: Iterable<number>): number {
  let least = Number.POSITIVE_INFINITY
  for (const time of times) least = Math.min(least, time)
  return least
}

/** The greatest of any number of times, -Infinity of none. */
export function latest(times: Iterable<number>): number {
  let greatest = Number.NEGATIVE_INFINITY
  for (const time of times) greatest = Math.max(greatest, time)
  return greatest
}

/** Whether a record's timestamp is taken for another one; Kafka's -1, "no timestamp", is not out of range. */
export function isOutOfRange(timestamp: number, latest: number): boolean {
  return timestamp > latest || (timestamp < 0 && timestamp !== -1)
}

export interface TimeSettings {
  readonly time: 'record' | 'arrival'
  readonly batch: number
  /** How far a timestamp may be ahead of the clock, milliseconds. */
  readonly clockSkew: number
}

/** Records `[start, end)` of the micro-batch, which belong to batch `time`. */
export interface Segment {
  readonly time: number
  readonly start: number
  readonly end: number
}

/**
 * Cuts records, in offset order, into segments by batch time. The frontier moves record by record, so where an
 * invocation was cut makes no difference (I2): an element's time is its timestamp, but at least the frontier (an
 * out-of-order record joins the oldest open batch) and at most now plus the skew (one broken clock cannot throw the frontier into the future).
 *
 * @returns `late`: how many records joined a later batch than that of their own time.
 * @param timeOf milliseconds; negative: the record has none.
 * @param frontier where the task stands; 0 for a task that has seen nothing.
 */
export function assignBatchTimes<R>(
  records: readonly R[],
  timeOf: (record: R) => number,
  frontier: number,
  now: number,
  { time, batch, clockSkew }: TimeSettings,
): { segments: Segment[]; frontier: number; late: number } {
  const segments: Segment[] = []
  let reached = time === 'arrival' ? Math.max(frontier, now) : frontier
  let start = 0
  let current = 0
  let late = 0
  for (let i = 0; i < records.length; i++) {
    if (time === 'record') {
      const record = records[i]
      const timestamp = record === undefined ? -1 : timeOf(record)
      // Kafka's -1, "no timestamp" (message format 0): the clock is all there is.
      reached = Math.max(reached, timestamp < 0 ? now : Math.min(timestamp, now + clockSkew))
      if (timestamp >= 0 && timestamp < reached && timestamp < closedBy(reached, batch)) late++
    }
    const T = batchTimeOf(reached, batch)
    if (T === current) continue
    if (i > start) segments.push({ time: current, start, end: i })
    start = i
    current = T
  }
  if (records.length > start) segments.push({ time: current, start, end: records.length })
  return { segments, frontier: reached, late }
}
