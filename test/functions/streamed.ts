// Records of a program as the batches of `testStream`, and its results as lines, to be held against the recount.

import type { Program } from '../../demo/programs/program.ts'
import { differences, type Placed } from '../../demo/programs/program.ts'

/** All ways in which results must be the same. */
export const WAYS = [1, 3].flatMap((partitions) => [
  { partitions, restart: 'never' as const },
  { partitions, restart: 'every-batch' as const },
])

export interface Batched {
  readonly placed: readonly Placed[]
  /** One input of `testStream`. */
  readonly values: string[][]
}

/** The records from time 0 on, which is where `testStream` begins; `limit`: the first so many. */
export function batched({ batch, records }: Program, limit = Number.POSITIVE_INFINITY): Batched {
  const placed = records(0)
    .slice(0, limit)
    .map(({ timestamp, value }) => ({ time: (Math.floor(timestamp / batch) + 1) * batch, value }))
  const values = Array.from({ length: (placed.at(-1)?.time ?? 0) / batch }, (_, i) =>
    placed.flatMap(({ time, value }) => (time === (i + 1) * batch ? [value] : [])),
  )
  return { placed, values }
}

/** What of the elements of each batch differs from what the recount has for an output, in words. */
export function wrongIn(
  output: string,
  program: Program,
  placed: readonly Placed[],
  results: readonly (readonly unknown[])[],
): string[] {
  const lines = new Map(
    results.map((elements, i) => [(i + 1) * program.batch, elements.map((one) => JSON.stringify(one))]),
  )
  const closed = new Set(lines.keys())
  return differences(output, { lines, closed }, program.recount(placed)[output] ?? new Map())
}
