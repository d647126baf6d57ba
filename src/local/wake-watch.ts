// Wake-ups without a queue: watches the row that every job keeps of its next wake-up, and invokes the function then.

import { setTimeout as sleep } from 'node:timers/promises'
import { wakeUpMessage } from '../lambda/sqs-waker.ts'
import { firstWakeUp, type WakeUp } from '../runtime/wake-row.ts'
import type { StateTable } from '../stores/table.ts'
import type { FunctionInvoker } from './invoker/invoker.ts'

export interface WakeWatch {
  /** Whether the job's last wake-up has been handled and left none behind. */
  atRest(): Promise<boolean>
  stop(): Promise<void>
}

/** How often the row is read, milliseconds. */
const INTERVAL_MS = 200
/** After failures. */
const LONGEST_INTERVAL_MS = 5000

export interface WakeWatchOptions {
  /** Default: the machine's. */
  readonly clock?: { now(): number }
  /** The table could not be read; it is tried again. */
  readonly onError?: (error: unknown) => void
}

/** Wakes `job` through `invoker`; a wake-up whose invocation fails is repeated, later and later. */
export function watchWakeUps(
  table: StateTable,
  job: string,
  invoker: FunctionInvoker,
  { clock = Date, onError }: WakeWatchOptions = {},
): WakeWatch {
  const stopping = new AbortController()
  /** What was handled last: its time, and the row's number when it named it. */
  let handled = { at: 0, rev: 0 }
  /** Whatever was being handled when the process before this one was killed: the row may name a later one already. */
  let owed = true
  let failures = 0

  async function tick(): Promise<void> {
    const next = await firstWakeUp(table, job)
    if (!next || (!owed && (isHandled(next) || next.at > clock.now()))) return
    owed = true
    const at = Math.min(next.at, clock.now())
    const body = wakeUpMessage(job, at)
    const { ok } = await invoker.invoke(JSON.stringify({ Records: [{ eventSource: 'aws:sqs', body }] }))
    failures = ok ? 0 : failures + 1
    if (!ok) return
    owed = false
    handled = { at, rev: next.rev }
  }

  /**
   * Beside others that run the job, one that is handled may be followed by one for an earlier time. One that the row says has
   * begun is not done: who began it may have been killed.
   */
  function isHandled({ at, rev, begun }: WakeUp): boolean {
    return begun ? at === handled.at : rev === handled.rev
  }

  async function run(): Promise<void> {
    while (!stopping.signal.aborted) {
      try {
        await tick()
      } catch (error) {
        failures++
        if (!onError) throw error
        onError(error)
      }
      await sleep(Math.min(LONGEST_INTERVAL_MS, INTERVAL_MS * 2 ** failures), undefined, {
        signal: stopping.signal,
      }).catch(() => undefined)
    }
  }

  const running = run()
  return {
    async atRest() {
      const next = await firstWakeUp(table, job)
      return !next || (!owed && isHandled(next))
    },
    async stop() {
      stopping.abort()
      await running
    },
  }
}
