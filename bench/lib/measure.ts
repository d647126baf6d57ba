// Measuring on a machine that does other things too: contenders run in turns (A B A B …) on the same input, every round
// gives one ratio of neighbours in time, and the median of those is the figure. Nothing here asserts anything.

import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'

/** What is compared; `run` does the whole work of one round on the round's input. */
export interface Contender<I> {
  readonly name: string
  run(input: I): void | Promise<void>
}

export interface Comparison {
  readonly name: string
  /** Median time per unit, nanoseconds. */
  readonly nanos: number
  /** Speed against the first contender, round by round: above 1 is faster. */
  readonly ratio: Spread
}

/** Half of all rounds lie between `low` and `high`. */
export interface Spread {
  readonly median: number
  readonly low: number
  readonly high: number
}

export interface Rounds<I> {
  readonly rounds: number
  /** Rounds that are thrown away: until the compiler has seen enough. */
  readonly warmUp: number
  /** Makes the input of one round, outside the measured time. */
  prepare(): I
  /** How many units (records, micro-batches) one input holds. */
  readonly units: number
}

/**
 * Without this the young garbage of one contender is paid by the next. Not a full collection: that shrinks the young space
 * to its initial size and throws code away, so that what follows is slower than a warm function ever is (handler: by 40 %).
 */
const collectYoungGarbage = exposeGc()

/** Runs contenders in turns. The first is what the others are compared with. */
export async function compare<I>(contenders: readonly Contender<I>[], plan: Rounds<I>): Promise<Comparison[]> {
  const times = contenders.map((): number[] => [])
  for (let round = -plan.warmUp; round < plan.rounds; round++) {
    const input = plan.prepare()
    for (let turn = 0; turn < contenders.length; turn++) {
      // Who goes first changes from round to round.
      const index = (turn + Math.abs(round)) % contenders.length
      const contender = contenders[index]
      if (!contender) continue
      collectYoungGarbage()
      const start = process.hrtime.bigint()
      await contender.run(input)
      const nanos = Number(process.hrtime.bigint() - start) / plan.units
      if (round >= 0) times[index]?.push(nanos)
    }
  }
  const [base = []] = times
  return contenders.map(({ name }, index) => {
    const own = times[index] ?? []
    return { name, nanos: spread(own).median, ratio: spread(own.map((nanos, round) => (base[round] ?? 0) / nanos)) }
  })
}

export function spread(values: readonly number[]): Spread {
  const sorted = values.toSorted((a, b) => a - b)
  const at = (share: number): number => {
    const position = (sorted.length - 1) * share
    const [below = Number.NaN, above = below] = [sorted[Math.floor(position)], sorted[Math.ceil(position)]]
    return below + (above - below) * (position - Math.floor(position))
  }
  return { median: at(0.5), low: at(0.25), high: at(0.75) }
}

function exposeGc(): () => void {
  setFlagsFromString('--expose-gc')
  const gc: unknown = runInNewContext('gc')
  return typeof gc === 'function' ? () => void gc({ type: 'minor' }) : () => {}
}
