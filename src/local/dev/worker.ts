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
  /** State is in a folder: then a kill meets a commit. */
  readonly inFolder?: boolean
  /** Port of the debugger; then no invocation is ever over its time, since somebody may have stopped it. */
  readonly inspect?: string
  /** Most milliseconds of an invocation without a debugger; default: as long as a Kafka mapping lets a function run. */
  readonly timeoutMs?: number
  /** How far the worker's clock is ahead, milliseconds. */
  readonly ahead: () => number
  readonly onLine: (line: string, stream: 'stdout' | 'stderr') => void
  readonly onInvocation?: (result: InvokeResult, milliseconds: number) => void
}

/** Where in a commit a worker dies, in words, one after the other. */
const MOMENTS = {
  after: 'in the middle of a commit: written, and nothing published of what it promises',
  before: 'in the middle of a commit, before it was written',
} as const
type Moment = keyof typeof MOMENTS

/** This file runs as TypeScript in the repository and as JavaScript in the package. */
const KILLER = new URL(import.meta.url.endsWith('.ts') ? './kill-at-commit.ts' : './kill-at-commit.js', import.meta.url)

/** An event without messages: there is nothing to do. */
const NOTHING = JSON.stringify({ Records: [] })

/** What an invoker says of a process that has ended. */
const DIED = 'Runtime.ExitError'

/** The longest that setTimeout takes: 24 days. */
const NEVER_MS = 2 ** 31 - 1
/** As long as a Kafka mapping lets a function run. */
const LONGEST_MS = 14 * 60_000

export class DevWorker implements FunctionInvoker {
  readonly #options: DevWorkerOptions
  #code: WorkerCode | undefined
  #invoker: ChildProcessInvoker | undefined
  #turns: Promise<unknown> = Promise.resolve()
  #kill: ((killed: string) => void) | undefined
  /** The process that runs dies there. */
  #dies: Moment | undefined
  #diesNext: Moment = 'after'
  /** Milliseconds that an invocation takes at least: one that is over cannot be killed. */
  #usual = 20
  #killing: NodeJS.Timeout | undefined
  #busy = false
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
      if (this.#kill && !this.#dies) this.#killing = this.#killWithin(this.#usual)
      this.#busy = true
      this.wasKilled = false
      const started = performance.now()
      const result = await this.#invoker.invoke(payload)
      clearTimeout(this.#killing)
      this.#busy = false
      if (this.#dies && !result.ok && result.errorType === DIED) await this.#died(this.#dies)
      const milliseconds = performance.now() - started
      if (result.ok) this.#usual = Math.min(milliseconds, 2 * this.#usual)
      this.#options.onInvocation?.(result, milliseconds)
      return result
    })
  }

  /** An invocation is under way. */
  get busy(): boolean {
    return this.#busy
  }

  /** SIGKILL in the next commit, or else somewhere in an invocation; resolves with when it came, in words. */
  killNext(): Promise<string> {
    return new Promise((resolve) => {
      this.#kill = resolve
      if (this.#options.inFolder)
        void this.#inTurn(() => {
          this.#dies = this.#diesNext
          return this.#restart()
        })
      else if (this.#busy) this.#killing = this.#killWithin(this.#usual / 2)
    })
  }

  pids(): number[] {
    return this.#invoker?.pids() ?? []
  }

  async close(): Promise<void> {
    this.#closed = true
    await this.#invoker?.close()
  }

  async #died(moment: Moment): Promise<void> {
    this.wasKilled = true
    this.#dies = undefined
    this.#diesNext = moment === 'after' ? 'before' : 'after'
    this.#kill?.(MOMENTS[moment])
    this.#kill = undefined
    await this.#restart()
  }

  #killWithin(milliseconds: number): NodeJS.Timeout {
    const after = randomInt(0, Math.max(2, Math.round(milliseconds)))
    return setTimeout(() => {
      if (!this.#invoker?.kill()) return
      this.wasKilled = true
      this.#kill?.(`${after} ms into an invocation`)
      this.#kill = undefined
    }, after)
  }

  async #restart(): Promise<void> {
    await this.#invoker?.close()
    const code = this.#code
    if (!code || this.#closed) return
    const { inspect, ahead, onLine, timeoutMs = LONGEST_MS } = this.#options
    this.#invoker = childProcessInvoker({
      module: code.file,
      exportName: code.exportName,
      functionName: code.functionName,
      execArgv: [
        '--enable-source-maps',
        '--disable-warning=ExperimentalWarning',
        ...(this.#dies === undefined ? [] : ['--import', KILLER.href]),
        ...(inspect === undefined ? [] : [`--inspect=${inspect}`]),
      ],
      timeoutMs: inspect === undefined ? timeoutMs : NEVER_MS,
      env: { ...code.env, MILLRACE_CLOCK_AHEAD: String(ahead()), MILLRACE_DIE_AT_COMMIT: this.#dies ?? '' },
      onLog: onLine,
    })
    // Started now and not with the first record, which would wait; and code that cannot start says so.
    const result = await this.#invoker.invoke(NOTHING)
    if (!result.ok) this.#options.onInvocation?.(result, 0)
  }

  #inTurn<T>(work: () => Promise<T>): Promise<T> {
    const turn = this.#turns.then(work)
    this.#turns = turn.catch(() => undefined)
    return turn
  }
}
