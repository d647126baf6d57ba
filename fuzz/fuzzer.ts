// A coverage-guided fuzzer: an input that makes something run that has never run is kept, and changed further.

import type { Coverage } from './coverage.ts'
import { mutate, type Random } from './mutate.ts'

/** What is fuzzed. */
export interface Target {
  readonly name: string
  /** The files, below src/, of which it should reach as much as possible. */
  readonly covers: readonly string[]
  /** Inputs to start from, besides those in `corpus/<name>/`. */
  readonly seeds: readonly Buffer[]
  /** Throws when an invariant does not hold; what is refused by name is no failure. */
  run(input: Buffer): void | Promise<void>
  /** A change that keeps the input's structure. */
  mutate?(input: Buffer, random: Random): Buffer
}

export interface FuzzOptions {
  readonly target: Target
  readonly corpus: readonly Buffer[]
  readonly random: Random
  readonly coverage: Coverage
  /** Told of each input before it runs. */
  readonly begin: (input: Buffer) => void
  /** Stops at whichever comes first. */
  readonly seconds: number
  readonly runs: number
  /** How many inputs run between looks at the coverage; undefined: as the target's speed suggests. Given, runs repeat by seed. */
  readonly batch?: number | undefined
}

export interface FuzzResult {
  readonly runs: number
  readonly seconds: number
  /** How many inputs are kept because each ran something new. */
  readonly kept: number
  readonly failure: { readonly input: Buffer; readonly error: unknown } | undefined
}

/** Taking the coverage costs as much as some hundred runs of a small target, so it is taken for many at once. */
const LEAST_BATCH = 16
const GREATEST_BATCH = 4096

export async function fuzz(options: FuzzOptions): Promise<FuzzResult> {
  const { target, corpus, random, coverage, begin, seconds, runs } = options
  const start = performance.now()
  const kept: Buffer[] = []
  let done = 0
  const elapsed = (): number => (performance.now() - start) / 1000
  const result = (failure?: FuzzResult['failure']): FuzzResult => ({
    runs: done,
    seconds: elapsed(),
    kept: kept.length,
    failure,
  })
  const attempt = async (input: Buffer): Promise<FuzzResult['failure']> => {
    done++
    begin(input)
    try {
      await target.run(input)
      return undefined
    } catch (error) {
      return { input, error }
    }
  }
  const pick = (): Buffer => kept[random(kept.length)] ?? Buffer.alloc(0)

  coverage.take()
  for (const input of [Buffer.alloc(0), ...target.seeds, ...corpus]) {
    const failure = await attempt(input)
    if (failure) return result(failure)
    if (coverage.take() > 0 || kept.length === 0) kept.push(input)
  }
  let batch = options.batch ?? LEAST_BATCH
  while (done < runs && elapsed() < seconds) {
    const inputs = Array.from({ length: batch }, () => {
      const base = random(4) === 0 ? pick() : (kept.at(-1 - random(Math.min(8, kept.length))) ?? pick())
      return target.mutate && random(2) === 0 ? target.mutate(base, random) : mutate(base, pick(), random)
    })
    const before = performance.now()
    for (const input of inputs) {
      const failure = await attempt(input)
      if (failure) return result(failure)
    }
    const between = performance.now()
    const fresh = coverage.take()
    // Four fifths of the time for the target.
    const longer = between - before < 4 * (performance.now() - between)
    batch = options.batch ?? Math.min(GREATEST_BATCH, Math.max(LEAST_BATCH, longer ? batch * 2 : batch / 2))
    if (fresh === 0) continue
    coverage.forgetLast() // and run them again one by one, to see which of them it was
    for (const input of inputs) {
      const failure = await attempt(input)
      if (failure) return result(failure)
      if (coverage.take() > 0) kept.push(input)
    }
  }
  return result()
}
