// The logs as the monitor has seen them grow: each entry must go on from the one before, and from what others have committed.

import {
  type BatchPartial,
  type BucketCommit,
  type CloseCommit,
  isBucketCommit,
  isCloseCommit,
  type SourceCommit,
} from '../../log/commit-record.ts'
import { isInPlace, stageOfEdge } from '../../names/edges.ts'
import { CLOSE_STAGE, SOURCE_STAGE, type TaskRef } from '../../names/tasks.ts'
import { isKafkaCommit, type KafkaCommit } from '../../sources/kafka/position.ts'
import type { Coverage } from './coverage.ts'
import type { EffectsLedger } from './effects-ledger.ts'
import type { Ledger } from './ledger.ts'
import type { OutputKeys } from './outputs.ts'
import type { Trace } from './trace.ts'

export type WatchedCommit = SourceCommit | CloseCommit | BucketCommit

export interface MonitorParts {
  readonly keys: OutputKeys
  readonly ledger: Ledger
  readonly effects: EffectsLedger
  readonly coverage: Coverage
  readonly trace: Trace | undefined
}

export interface WatchedHead {
  readonly version: number
  readonly record: WatchedCommit
  /** Who committed it. */
  readonly by: string
}

export class MonitoredLogs {
  /** Batches up to here are closed. */
  closedUntil = 0
  /** When the last closing was committed, by the clock of who did. */
  closedAt = 0
  /** The last batch time that something was done for: records that came, or what was due. */
  lastDone = 0
  readonly #parts: MonitorParts
  readonly #violation: (what: string) => void
  readonly #heads = new Map<string, WatchedHead>()
  /** Who closed what was closed last. */
  #closer = ''
  /** By stage and bucket the batch times for which something travels to it, not yet known to be done. */
  readonly #waiting = new Map<string, Set<number>>()

  readonly #givenUp = new Set<string>()

  constructor(parts: MonitorParts, violation: (what: string) => void) {
    this.#parts = parts
    this.#violation = violation
  }

  /** By stage and task. */
  head(name: string): WatchedHead | undefined {
    return this.#heads.get(name)
  }

  get heads(): ReadonlyMap<string, WatchedHead> {
    return this.#heads
  }

  /** Nobody waits for what travels to these stages any more. */
  giveUp(stages: readonly string[]): void {
    for (const stage of stages) this.#givenUp.add(stage)
    for (const name of this.#waiting.keys()) if (this.#givenUp.has(splitName(name)[0])) this.#waiting.delete(name)
  }

  take(task: TaskRef, version: number, record: WatchedCommit, by: string): void {
    const name = `${task.stage} ${task.task}`
    const before = this.#heads.get(name)
    if (version !== (before?.version ?? 0) + 1) this.#violation(`${name}: version ${version} is not dense`)
    this.#heads.set(name, { version, record, by })
    if (isBucketCommit(record)) this.#takeBucket(name, before?.record, record, by)
    else if (isKafkaCommit(record) && task.stage === SOURCE_STAGE) this.#takeSource(name, task, before, record)
    else if (isCloseCommit(record) && task.stage === CLOSE_STAGE) this.#takeClose(record, by)
    else this.#violation(`${name}: version ${version} is no record of this kind of task`)
  }

  #takeSource(name: string, { task }: TaskRef, before: WatchedHead | undefined, record: KafkaCommit): void {
    const { coverage, ledger } = this.#parts
    const previous = before && isKafkaCommit(before.record) ? before.record : undefined
    const reached = Math.max(previous?.frontier ?? 0, this.#joinedAt(task))
    if (record.frontier < reached && record.kind !== 'birth') this.#violation(`${name}: the frontier moves back`)
    const until = previous?.position?.until
    if (record.position && until !== undefined && record.position.from !== until)
      this.#violation(`${name}: a commit goes on from ${record.position.from}, but ${until} was reached (I1)`)
    for (const { time } of record.partials)
      if (time <= this.closedUntil) this.#violation(`${name}: adds to T = ${time}, which is closed`)
    this.lastDone = Math.max(this.lastDone, ...record.partials.map(({ time }) => time))
    this.#expect(record.partials)
    if (record.kind === 'idle') coverage.path('silent partition moved on')
    if (record.kind === 'sleep') coverage.path('silent partition put to sleep')
    if (record.kind === 'seal') coverage.path('source log sealed')
    if (record.counts.duplicates > 0) coverage.path('duplicates dropped')
    if (record.kind === 'batch')
      for (const problem of ledger.commit(task, record, reached)) this.#violation(`${name}: ${problem}`)
  }

  /** The frontier at which the closing task let a source task begin. */
  #joinedAt(task: string): number {
    const close = this.#heads.get(`${CLOSE_STAGE} 0`)?.record
    return close && isCloseCommit(close) ? (close.tasks.find((mark) => mark.task === task)?.frontier ?? 0) : 0
  }

  #takeClose(record: CloseCommit, by: string): void {
    const { coverage } = this.#parts
    if (record.closedUntil < this.closedUntil) this.#violation(`closedUntil moves back to ${record.closedUntil}`)
    // An entry has a successor only when all that it closes is done.
    for (const [name, times] of this.#waiting) {
      for (const time of times) {
        if (time <= this.closedUntil)
          this.#violation(`${name}: has not done T = ${time}, and closing goes on without it`)
      }
    }
    if (record.closedUntil > this.closedUntil) this.closedAt = record.at
    this.closedUntil = record.closedUntil
    if (record.kind === 'close') this.#closer = by
    if (record.kind === 'seal') coverage.path('closing log sealed')
    if (record.kind === 'join' && record.closedUntil > 0) coverage.path('partition joined late')
  }

  #takeBucket(name: string, before: WatchedCommit | undefined, record: BucketCommit, by: string): void {
    const { coverage } = this.#parts
    const { closedUntil, ran } = record
    this.lastDone = Math.max(this.lastDone, ...ran)
    const done = before && isBucketCommit(before) ? before.closedUntil : 0
    if (closedUntil < done) this.#violation(`${name}: moves back from ${done} to ${closedUntil}`)
    if (closedUntil > this.closedUntil) this.#violation(`${name}: ${closedUntil} is not closed yet`)
    for (const [i, time] of ran.entries()) {
      if (time <= (ran[i - 1] ?? done)) this.#violation(`${name}: runs ${time} again (I1)`)
      if (time > closedUntil) this.#violation(`${name}: runs ${time}, but only ${closedUntil} is closed`)
    }
    for (const time of this.#waiting.get(name) ?? []) {
      if (time > closedUntil) continue
      if (!ran.includes(time))
        this.#violation(`${name}: goes on to ${closedUntil} without what came for T = ${time} (I1)`)
      this.#waiting.get(name)?.delete(time)
    }
    if (record.kind === 'seal') coverage.path('bucket log sealed')
    else if (record.kind === 'bucket' && by !== this.#closer)
      coverage.path('buckets run by another instance than closed')
    if (record.kind === 'bucket') this.#expect(record.partials)
  }

  /** What travels has to be folded by the buckets that it travels to. */
  #expect(partials: readonly BatchPartial[]): void {
    for (const { time, shuffle } of partials) {
      for (const [edge, bucket] of shuffle) {
        if (isInPlace(edge)) continue // for the task itself
        const stage = stageOfEdge(edge)
        if (this.#givenUp.has(stage)) continue
        const name = `${stage} ${bucket}`
        const times = this.#waiting.get(name) ?? new Set()
        this.#waiting.set(name, times.add(time))
      }
    }
  }
}

/** Of `<stage> <task>`: tasks hold no space. */
export function splitName(name: string): [stage: string, task: string] {
  const space = name.lastIndexOf(' ')
  return [name.slice(0, space), name.slice(space + 1)]
}
