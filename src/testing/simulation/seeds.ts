// Many seeds, spread over worker processes: who runs them sends chunks, workers send back what they found.

import { type ChildProcess, fork } from 'node:child_process'
import { availableParallelism } from 'node:os'
import { Coverage, type CoverageCounts } from './coverage.ts'

/** What one seed came to. */
export interface SeedOutcome {
  readonly violations: readonly string[]
  readonly coverage: CoverageCounts
  /** Called for a seed that failed. */
  readonly tell: () => Promise<string>
}

/** One seed that failed. */
export interface SeedFailure {
  readonly seed: number
  readonly violations: readonly string[]
  readonly story: string
}

interface Chunk {
  readonly from: number
  readonly count: number
}

interface ChunkResult {
  readonly done: number
  readonly coverage: CoverageCounts
  readonly failures: readonly SeedFailure[]
}

export interface SeedsOptions {
  /** The module that calls {@link serveSeeds}. */
  readonly worker: URL
  readonly args: readonly string[]
  readonly from: number
  readonly seeds: number
  /** Default: one for each processor. */
  readonly processes?: number
  /** No more seeds are begun after so many failures. */
  readonly failures: number
  readonly onProgress: (done: number, failures: readonly SeedFailure[]) => void
}

export interface SeedsResult {
  readonly done: number
  readonly failures: readonly SeedFailure[]
  readonly coverage: Coverage
  /** Seeds per second. */
  readonly speed: number
}

const CHUNK = 20

/** In the parent: runs seeds `from` to `from + seeds - 1`. @throws when a worker ends by itself */
export async function runSeeds(options: SeedsOptions): Promise<SeedsResult> {
  const { worker, args, from, seeds, processes = availableParallelism(), onProgress } = options
  const coverage = new Coverage()
  const failures: SeedFailure[] = []
  const began = performance.now()
  let [next, done] = [from, 0]

  const work = async (): Promise<void> => {
    const child = fork(worker, args, { execArgv: process.execArgv })
    try {
      while (next < from + seeds && failures.length < options.failures) {
        const chunk = { from: next, count: Math.min(CHUNK, from + seeds - next) }
        next += chunk.count
        const result = await ask(child, chunk)
        done += result.done
        coverage.add(result.coverage)
        failures.push(...result.failures)
        onProgress(done, failures)
      }
    } finally {
      child.kill()
    }
  }
  await Promise.all(Array.from({ length: Math.min(processes, Math.ceil(seeds / CHUNK)) }, work))
  return { done, failures, coverage, speed: (done / (performance.now() - began)) * 1000 }
}

function ask(child: ChildProcess, chunk: Chunk): Promise<ChunkResult> {
  return new Promise((resolve, reject) => {
    const ended = (code: number | null): void =>
      reject(
        new Error(`A worker ended with code ${code} during seeds ${chunk.from} to ${chunk.from + chunk.count - 1}.`),
      )
    child.once('exit', ended)
    child.once('message', (result: ChunkResult) => {
      child.off('exit', ended)
      resolve(result)
    })
    child.send(chunk)
  })
}

/** In a worker: runs the seeds that the parent asks for. */
export function serveSeeds(run: (seed: number) => Promise<SeedOutcome>): void {
  process.on('message', (chunk: Chunk) => {
    void serve(chunk).then((result) => process.send?.(result))
  })

  async function serve({ from, count }: Chunk): Promise<ChunkResult> {
    const coverage = new Coverage()
    const failures: SeedFailure[] = []
    for (let seed = from; seed < from + count; seed++) {
      const { violations, coverage: counts, tell } = await run(seed)
      coverage.add(counts)
      // One story is enough for a while: to find it takes hundreds of runs.
      if (violations.length > 0) failures.push({ seed, violations, story: failures.length === 0 ? await tell() : '' })
    }
    return { done: count, coverage: coverage.counts(), failures }
  }
}
