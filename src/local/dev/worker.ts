// The worker of a job in development: one process, one invocation at a time, whose code and clock can be exchanged between two of
// them. It is what Lambda would have: a new process for new code, state and positions from the table.

import { randomInt } from 'node:crypto'
import { type ChildProcessInvoker, childProcessInvoker } from '../invoker/child-process.ts'
import { type FunctionInvoker, failure, type InvokeResult } from '../invoker/invoker.ts'

/** What a worker runs. */
export interface WorkerCode {
  readonly file: string
  readonly exportName: string
  /** Who runs the job, for the table. */
  readonly functionName: string
  readonly env: Readonly<Record<string, string>>
}

export interface DevWorkerOptions {
  /** Port of the debugger; then no invocation is ever over its time, since somebody may have stopped it. */
  readonly inspect?: string
  /** How far the worker's clock is ahead, milliseconds. */
  readonly ahead: () => number
  readonly onLine: (line: string, stream: 'stdout' | 'stderr') => void
  readonly onInvocation?: (result: InvokeResult, milliseconds: number) => void
}

/** The longest that setTimeout takes: 24 days. */
const NEVER_MS = 2 ** 31 - 1
/** As long as a Kafka mapping lets a function run. */
const LONGEST_MS = 14 * 60_000

export class DevWorker implements FunctionInvoker {
  readonly #options: DevWorkerOptions
  #code: WorkerCode | undefined
  #invoker: ChildProcessInvoker | undefined
  #turns: Promise<unknown> = Promise.resolve()
  #kill: ((killed: number) => void) | undefined
  /** Milliseconds of an invocation, a running mean. */
  #usual = 20
  #closed = false
  /** The invocation that has ended last was killed on purpose. */
  wasKilled = false

  constructor(options: DevWorkerOptions) {
    this.#options = options
  }

  /** Exchanges the code when the invocation under way is done. The next one starts a process. */
  replace(code: WorkerCode): Promise<void> {
    return this.#inTurn(async () => {
      this.#code = code
      await this.#restart()
    })
  }

  /** A new process, because its clock is set when it starts. */
  restart(): Promise<void> {
    return this.#inTurn(() => this.#restart())
  }

  invoke(payload: string | Uint8Array): Promise<InvokeResult> {
    return this.#inTurn(async () => {
      if (this.#closed || !this.#invoker) return failure('InvokerClosed', 'The worker is closed.')
      const killing = this.#kill && this.#killWithin(this.#usual)
      this.wasKilled = false
      const started = performance.now()
      const result = await this.#invoker.invoke(payload)
      clearTimeout(killing)
      const milliseconds = performance.now() - started
      if (result.ok) this.#usual = 0.7 * this.#usual + 0.3 * milliseconds
      this.#options.onInvocation?.(result, milliseconds)
      return result
    })
  }

  /** SIGKILL somewhere in the next invocation; resolves with the milliseconds after which it came. */
  killNext(): Promise<number> {
    return new Promise((resolve) => {
      this.#kill = resolve
    })
  }

  pids(): number[] {
    return this.#invoker?.pids() ?? []
  }

  async close(): Promise<void> {
    this.#closed = true
    await this.#invoker?.close()
  }

  #killWithin(milliseconds: number): NodeJS.Timeout {
    const after = randomInt(0, Math.max(2, Math.round(milliseconds)))
    return setTimeout(() => {
      if (!this.#invoker?.kill()) return
      this.wasKilled = true
      this.#kill?.(after)
      this.#kill = undefined
    }, after)
  }

  async #restart(): Promise<void> {
    await this.#invoker?.close()
    const code = this.#code
    if (!code || this.#closed) return
    const { inspect, ahead, onLine } = this.#options
    this.#invoker = childProcessInvoker({
      module: code.file,
      exportName: code.exportName,
      functionName: code.functionName,
      execArgv: [
        '--enable-source-maps',
        '--disable-warning=ExperimentalWarning',
        ...(inspect === undefined ? [] : [`--inspect=${inspect}`]),
      ],
      timeoutMs: inspect === undefined ? LONGEST_MS : NEVER_MS,
      env: { ...code.env, MILLRACE_CLOCK_AHEAD: String(ahead()) },
      onLog: onLine,
    })
  }

  #inTurn<T>(work: () => Promise<T>): Promise<T> {
    const turn = this.#turns.then(work)
    this.#turns = turn.catch(() => undefined)
    return turn
  }
}
