// What is done with batches after their commit (`foreachRDD`), held against the log as it grows: with every T that is committed, none
// skipped, at least once; never before the commit, and with T+1 never before the success of T is committed.

import { pack } from '../../log/codec.ts'
import type { BucketCommit } from '../../log/commit-record.ts'
import type { WaitingBatch } from '../../runtime/environment.ts'
import type { Coverage } from './coverage.ts'

/** What the log says of a batch that waits: how often somebody has begun with it, and until when others leave it alone. */
interface Begun {
  readonly attempts: number
  readonly from: number
}

/** One output's batches. */
interface Batches {
  /** Those that wait, and how often the log says that somebody has begun with them. */
  readonly waiting: Map<number, Begun>
  readonly done: Set<number>
  /** What the function was given, as text, and whether it has ever come to its end. */
  readonly given: Map<number, string>
  readonly succeeded: Set<number>
  /** Calls, by time and attempt. */
  readonly calls: Set<string>
}

export class EffectsLedger {
  /** When something was done for the last time, or was to be done again. */
  lastAt = 0
  readonly #outputs = new Map<string, Batches>()
  readonly #now: () => number
  readonly #coverage: Coverage
  readonly #violation: (what: string) => void

  constructor(now: () => number, coverage: Coverage, violation: (what: string) => void) {
    this.#now = now
    this.#coverage = coverage
    this.#violation = violation
  }

  /** Takes a commit of a bucket down. */
  take(stage: string, { state, kind, at }: BucketCommit): void {
    if (kind === 'seal') return
    for (const [id, changes] of state) {
      if (id !== stage) continue
      for (const { cell, value, deleted } of changes) {
        const [name, time] = Array.isArray(cell) ? cell : []
        if (name === 'waiting' && deleted) this.#done(id, time)
        else if (name === 'waiting') this.#comes(id, time)
        else if (name === 'tried' && !deleted) this.#tried(id, time, value, at)
      }
    }
  }

  /** Stands around one call. */
  async around(who: string, batch: WaitingBatch, work: () => Promise<void>): Promise<void> {
    const { output, time, attempt, elements, offsetRanges } = batch
    const { waiting, done, given, succeeded, calls } = this.#of(output)
    const noted = waiting.get(time)?.attempts ?? 0
    if (!waiting.has(time) && !done.has(time))
      this.#violation(`${who} does something with T = ${time} of ${output} before it is committed`)
    else if (done.has(time) || noted > attempt) this.#coverage.path('a batch done again after others had gone on')
    else {
      if (noted < attempt) this.#violation(`${who} begins with T = ${time} of ${output}, and the log does not say so`)
      for (const other of waiting.keys())
        if (other < time)
          this.#violation(`${who} begins with T = ${time} of ${output} before success with ${other} is committed`)
    }
    if (calls.has(`${time} ${attempt}`))
      this.#violation(`${who} has not begun with T = ${time} of ${output}: attempt ${attempt} is somebody else's`)
    calls.add(`${time} ${attempt}`)
    if (attempt > 1) this.#coverage.path('a batch tried again after its commit')
    const text = `${asText(elements)} from ${JSON.stringify(offsetRanges)}`
    if ((given.get(time) ?? text) !== text)
      this.#violation(`T = ${time} of ${output} has other elements or offsets at attempt ${attempt} than before`)
    given.set(time, text)
    await work()
    succeeded.add(time)
  }

  /** That nothing waits any more. @param stages those that there is code for: others' batches wait for it */
  checkRest(stages?: ReadonlySet<string>): void {
    for (const [output, { waiting }] of this.#outputs)
      if (!stages || stages.has(output))
        for (const time of waiting.keys()) this.#violation(`at rest T = ${time} of ${output} still waits`)
  }

  /** That all has been done that is done without faults, with the same elements. @param until batches up to here */
  compare(reference: EffectsLedger, until: number): void {
    for (const output of new Set([...this.#outputs.keys(), ...reference.#outputs.keys()])) {
      const [actual, wanted] = [this.#of(output).given, reference.#of(output).given]
      for (const time of new Set([...actual.keys(), ...wanted.keys()])) {
        // A job that never rests is left in the middle of something.
        if (time > until || [...this.#of(output).waiting.keys()].some((one) => one <= time)) continue
        if (actual.get(time) === wanted.get(time)) continue
        const [a, w] = [actual, wanted].map((given) => given.get(time)?.slice(0, 300) ?? 'nothing')
        this.#violation(`${output} is called at T = ${time} with ${a} instead of ${w} (I1, I2)`)
      }
    }
  }

  #comes(output: string, time: number): void {
    const { waiting, done } = this.#of(output)
    if (waiting.has(time) || done.has(time)) this.#violation(`T = ${time} of ${output} is to be done twice (I1)`)
    waiting.set(time, { attempts: 0, from: 0 })
  }

  #tried(output: string, time: number, value: unknown, at: number): void {
    const [attempts, from] = Array.isArray(value) ? value : []
    const { waiting } = this.#of(output)
    const before = waiting.get(time)
    if (before && attempts > before.attempts && at < before.from)
      this.#violation(
        `T = ${time} of ${output} is begun with again at ${at}, and is to be left alone until ${before.from}`,
      )
    waiting.set(time, { attempts, from })
    this.lastAt = Math.max(this.lastAt, from)
  }

  #done(output: string, time: number): void {
    this.lastAt = Math.max(this.lastAt, this.#now())
    const { waiting, done, succeeded } = this.#of(output)
    if (!waiting.delete(time)) this.#violation(`success with T = ${time} of ${output} is committed twice`)
    if (!succeeded.has(time)) this.#violation(`success with T = ${time} of ${output} is committed, and there was none`)
    done.add(time)
  }

  #of(output: string): Batches {
    const known = this.#outputs.get(output)
    if (known) return known
    const batches = {
      waiting: new Map(),
      done: new Set<number>(),
      given: new Map(),
      succeeded: new Set<number>(),
      calls: new Set<string>(),
    }
    this.#outputs.set(output, batches)
    return batches
  }
}

/** In which order elements come from several tasks is not decided by the records. */
function asText(elements: readonly unknown[]): string {
  return elements
    .map((element) => JSON.stringify(element) ?? pack(element).toString('base64'))
    .sort()
    .join(' ')
}
