// What demos and tests know of a program of `functions/`: records that could be its input, and what it must publish for them, by a plain
// recount that shares nothing with it.

import type { Published } from '../outputs.ts'
import type { TopicRecord } from '../topic.ts'

/** A record under the batch that it belongs to. */
export interface Placed {
  readonly time: number
  readonly value: string
}

/** Lines by batch time. */
export type Lines = ReadonlyMap<number, readonly string[]>

export interface Program {
  /** Of the job, and of its file in `functions/`. */
  readonly name: string
  /** The environment variable that names its topic, and the topic's name without it. */
  readonly topic: readonly [variable: string, name: string]
  /** What the records are, for people. */
  readonly what: string
  /** Milliseconds. */
  readonly batch: number
  /** Batches, for people. */
  readonly batches: string
  /** The output of which a demo shows something. */
  readonly shows: string
  /** Always the same for the same start, in the order of their times. */
  records(start: number): TopicRecord[]
  /** What each output holds for these records, which come in the order of their times. */
  recount(records: readonly Placed[]): Readonly<Record<string, Lines>>
}

/** By batch time, ascending. */
export function byBatch(records: readonly Placed[]): [time: number, values: string[]][] {
  const batches = new Map<number, string[]>()
  for (const { time, value } of records) batches.set(time, [...(batches.get(time) ?? []), value])
  return [...batches].sort(([a], [b]) => a - b)
}

/** Numbers of lines that are worked out in another order differ in their last digits. */
const CLOSE = 1e-6

const NUMBER = /-?\d+(?:\.\d+)?(?:e[-+]?\d+)?/g

/** What is published and what should be, where they differ, in words. */
export function differences(output: string, { lines, closed }: Published, expected: Lines): string[] {
  return [...new Set([...expected.keys(), ...lines.keys()])].flatMap((time) => {
    const [is, should] = [sorted(lines.get(time) ?? []), sorted(expected.get(time) ?? [])]
    const odd = should.findIndex((line, i) => !alike(line, is[i] ?? ''))
    const notClosed = closed.has(time) ? [] : [`${output} ${time}: not closed`]
    if (is.length === should.length && odd < 0) return notClosed
    const example = odd < 0 ? '' : `, such as ${is[odd]} instead of ${should[odd]}`
    return [...notClosed, `${output} ${time}: ${is.length} lines published, ${should.length} recounted${example}`]
  })
}

/** By what lines say besides numbers, which is enough to tell them apart, and then by these. */
function sorted(lines: readonly string[]): string[] {
  return lines
    .map((line) => [line.replaceAll(NUMBER, '#'), line] as const)
    .sort(([a, one], [b, other]) => compare(a, b) || compare(one, other))
    .map(([, line]) => line)
}

const compare = (a: string, b: string): number => (a < b ? -1 : Number(a > b))

function alike(a: string, b: string): boolean {
  if (a === b) return true
  const [mine, others] = [a.match(NUMBER) ?? [], b.match(NUMBER) ?? []]
  if (a.replaceAll(NUMBER, '#') !== b.replaceAll(NUMBER, '#')) return false
  return mine.every((digits, i) => {
    const [x, y] = [Number(digits), Number(others[i])]
    if (Number.isInteger(x) && Number.isInteger(y)) return x === y
    return Math.abs(x - y) <= CLOSE * Math.max(1, Math.abs(x))
  })
}
