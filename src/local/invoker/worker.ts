// The parent's side of one worker process: starts it, invokes it, and notices when it dies. A worker that died, timed
// out or could not load is started again by the next invocation, as Lambda makes a new execution environment.

import { type ChildProcess, spawn } from 'node:child_process'
import { randomUUID } from 'node:crypto'
import { Socket } from 'node:net'
import { createInterface } from 'node:readline'
import type { Readable } from 'node:stream'
import { fileURLToPath } from 'node:url'
import { type Frame, readFrames, sendFrame } from './frames.ts'
import { failure, type InvokeFailure, type InvokeResult, readFailureJson, timedOut } from './invoker.ts'

/** What a worker is started with. */
export interface WorkerSpec {
  readonly module: string
  readonly exportName: string
  readonly functionName: string
  readonly timeoutMs: number
  /** Most milliseconds for loading the module. */
  readonly initTimeoutMs: number
  readonly execArgv: readonly string[]
  readonly env: Readonly<Record<string, string | undefined>>
  readonly cwd?: string
  readonly onLog?: (line: string, stream: 'stdout' | 'stderr') => void
}

/** This file runs as TypeScript in the repository and as JavaScript in the package. */
const WORKER_MAIN = fileURLToPath(
  new URL(import.meta.url.endsWith('.ts') ? './worker-main.ts' : './worker-main.js', import.meta.url),
)

interface Running {
  readonly child: ChildProcess
  readonly socket: Socket
  /** Takes the next frame, or the news that the process is gone. */
  receive: (event: Frame | 'exit') => void
}

/** How long a worker may take to close what it holds for the job. */
export const GOODBYE_MS = 5000

/** One process, one invocation at a time. */
export class Worker {
  readonly #spec: WorkerSpec
  #running: Running | undefined
  /** Of the next process. */
  env: WorkerSpec['env']

  constructor(spec: WorkerSpec) {
    this.#spec = spec
    this.env = spec.env
  }

  /** Process id, undefined while none runs. */
  get pid(): number | undefined {
    return this.#running?.child.pid
  }

  async invoke(payload: string | Uint8Array): Promise<InvokeResult> {
    const running = this.#running ?? (await this.#start())
    if ('ok' in running) return running
    const requestId = randomUUID()
    const { timeoutMs } = this.#spec
    const next = this.#next(running, timeoutMs)
    sendFrame(running.socket, 'invoke', { id: requestId, deadline: Date.now() + timeoutMs }, payload)
    const event = await next
    if (event === 'timeout') {
      await this.#end(running)
      return timedOut(requestId, timeoutMs)
    }
    if (event === 'exit') {
      // Lambda's words for a process that ended, by itself or by a signal.
      const { exitCode, signalCode } = running.child
      const how = signalCode ? `signal: ${signalCode}` : `exit status ${exitCode}`
      return failure('Runtime.ExitError', `RequestId: ${requestId} Error: Runtime exited with error: ${how}`)
    }
    if (event.type === 'failure') return readFailure(event)
    return { ok: true, payload: JSON.parse(event.body.toString('utf8')) }
  }

  /** Lets the process close what it holds, if one runs, and waits until it is gone. */
  async retire(): Promise<void> {
    const { child } = this.#running ?? {}
    if (!child) return
    const gone = new Promise((resolve) => child.once('exit', resolve))
    child.kill('SIGTERM')
    const patience = setTimeout(() => child.kill('SIGKILL'), GOODBYE_MS)
    await gone
    clearTimeout(patience)
  }

  /** Ends the process, if one runs, and waits until it is gone. */
  async close(): Promise<void> {
    if (this.#running) await this.#end(this.#running)
  }

  /** Sends a signal to the process, if one runs; false when none does. */
  kill(signal: NodeJS.Signals): boolean {
    return this.#running?.child.kill(signal) ?? false
  }

  async #start(): Promise<Running | InvokeFailure> {
    const { module, exportName, functionName, execArgv, cwd, onLog, initTimeoutMs } = this.#spec
    const { env } = this
    const output = onLog ? 'pipe' : 'inherit'
    const child = spawn(process.execPath, [...execArgv, WORKER_MAIN, module, exportName, functionName], {
      stdio: ['ignore', output, output, 'pipe'],
      env: { ...env, AWS_LAMBDA_FUNCTION_NAME: functionName, _HANDLER: `${module}.${exportName}` },
      ...(cwd !== undefined && { cwd }),
    })
    const socket = child.stdio[3]
    if (!(socket instanceof Socket)) return failure('Runtime.InvalidEntrypoint', 'The worker process has no channel.')
    if (onLog) {
      eachLine(child.stdout, (line) => onLog(line, 'stdout'))
      eachLine(child.stderr, (line) => onLog(line, 'stderr'))
    }
    const running: Running = { child, socket, receive: () => {} }
    this.#running = running
    const gone = (): void => {
      if (this.#running === running) this.#running = undefined
      running.receive('exit')
    }
    child.on('exit', gone)
    child.on('error', gone) // could not be started
    socket.on('error', () => {}) // a write to a process that just died; its exit says the rest
    readFrames(socket, (frame) => running.receive(frame))

    const event = await this.#next(running, initTimeoutMs)
    if (event !== 'timeout' && event !== 'exit' && event.type === 'ready') return running
    await this.#end(running)
    if (event === 'timeout') return failure('Sandbox.Timedout', `Init of ${module} timed out after ${initTimeoutMs} ms`)
    if (event === 'exit') return failure('Runtime.ExitError', `${module}: the process exited while loading the module`)
    return readFailure(event)
  }

  #next(running: Running, timeoutMs: number): Promise<Frame | 'exit' | 'timeout'> {
    return new Promise((resolve) => {
      const settle = (event: Frame | 'exit' | 'timeout'): void => {
        clearTimeout(timer)
        running.receive = () => {}
        resolve(event)
      }
      const timer = setTimeout(settle, timeoutMs, 'timeout')
      running.receive = settle
    })
  }

  async #end(running: Running): Promise<void> {
    if (this.#running === running) this.#running = undefined
    const { child } = running
    if (child.pid === undefined || child.exitCode !== null || child.signalCode !== null) return
    const gone = new Promise((resolve) => child.once('exit', resolve))
    child.kill('SIGKILL')
    await gone
  }
}

function readFailure(frame: Frame): InvokeFailure {
  return readFailureJson(frame.body.toString('utf8'))
}

function eachLine(stream: Readable | null, onLine: (line: string) => void): void {
  if (stream) createInterface({ input: stream }).on('line', onLine)
}
