// Wake-ups without a queue: watches the row that every job keeps of its next wake-up, and invokes the function then.

import { setTimeout as sleep } from 'node:timers/promises'
import { wakeUpMessage } from '../lambda/sqs-waker.ts'
import { firstWakeUp } from '../runtime/wake-row.ts'
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
  /** Of the row, when it named the wake-up that was handled last. */
  let handledRev = 0
  let failures = 0

  async function tick(): Promise<void> {
    const next = await firstWakeUp(table, job)
    // Beside others that run the job, one that is handled may be followed by one for an earlier time.
    if (!next || next.over || next.rev === handledRev || next.at > clock.now()) return
    const { at } = next
    const body = wakeUpMessage(job, at)
    const { ok } = await invoker.invoke(JSON.stringify({ Records: [{ eventSource: 'aws:sqs', body }] }))
    failures = ok ? 0 : failures + 1
    if (ok) handledRev = next.rev
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
      return !next || next.over || next.rev === handledRev
    },
    async stop() {
      stopping.abort()
      await running
    },
  }
}
