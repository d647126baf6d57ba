// At which times a stream has a batch. A stream whose slide is S has one where T is a multiple of S, be it empty; between them
// it has none, which operators after it must not take for an empty one (Spark: `DStream.isTimeValid`).

import { InvalidOptionError } from '../errors/errors.ts'
import { type Duration, toMillis } from '../options/duration.ts'

/** Whether a stream of this slide has a batch at this time. */
export function hasBatch(time: number, slide: number): boolean {
  return time % slide === 0
}

/** The first time after `time` at which a stream of this slide has a batch. */
export function nextBatch(time: number, slide: number): number {
  return (Math.floor(time / slide) + 1) * slide
}

/** A window at every multiple of the slide, milliseconds. */
export interface Spans {
  readonly window: number
  readonly slide: number
}

/** @param every the slide of the stream that it is applied to @throws InvalidOptionError */
export function checkSpans(operator: string, window: Duration, slide: Duration, every: number): Spans {
  const spans = { window: toMillis(`${operator}, window`, window), slide: toMillis(`${operator}, slide`, slide) }
  for (const [name, value] of Object.entries(spans)) {
    if (value > 0 && value % every === 0) continue
    throw new InvalidOptionError(
      `${operator}: the ${name} (${value} ms) must be a multiple of the slide of the stream it is applied to (${every} ms). Use ${nearestMultiples(value, every)}.`,
    )
  }
  return spans
}

function nearestMultiples(value: number, every: number): string {
  const below = Math.floor(value / every) * every
  return below > 0 ? `${below} or ${below + every} ms` : `${every} ms`
}

/** Whether any window will ever hold the batch of this time: when S > W there are gaps between windows. */
export function isInAnyWindow(time: number, { window: length, slide }: Spans): boolean {
  return time > nextBatch(time - 1, slide) - length
}
