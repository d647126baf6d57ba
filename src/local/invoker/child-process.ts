// A function in processes of its own: each is what Lambda calls an execution environment, so module state lives as long
// as the process, one invocation at a time, and a crash or a timeout takes nothing else with it.

import { type FunctionInvoker, failure, type InvokeResult, tooLarge } from './invoker.ts'
import { Worker, type WorkerSpec } from './worker.ts'

export interface ChildProcessOptions {
  /** Path or `file:` URL of the module. */
  readonly module: string
  /** Default `handler`. */
  readonly exportName?: string
  /** Default `local`. */
  readonly functionName?: string
  /** Processes, and so invocations side by side; more wait in turn. Default 1. */
  readonly concurrency?: number
  /** Milliseconds for an invocation, after which the process is killed; default 840,000, a Kafka mapping's most. */
  readonly timeoutMs?: number
  /**
   * Milliseconds for loading the module; default: `timeoutMs`. Lambda begins again after 10 s and then gives it as long as an
   * invocation; to begin again on a machine that is busy would be to begin for ever.
   */
  readonly initTimeoutMs?: number
  /** Arguments of node, such as `--conditions=millrace-source`; default: those of this process. */
  readonly execArgv?: readonly string[]
  /** Environment variables, over those of this process. */
  readonly env?: Readonly<Record<string, string>>
  /** Whether the processes also get this process's environment; default true. */
  readonly inheritEnv?: boolean
  readonly cwd?: string
  /** Each line that the function writes; default: written through to this process's stdout and stderr. */
  readonly onLog?: (line: string, stream: 'stdout' | 'stderr') => void
}

/** A child-process invoker, with what crash tests need. */
export interface ChildProcessInvoker extends FunctionInvoker {
  /** Process ids that run at the moment. */
  pids(): number[]
  /** Kills every process (SIGKILL by default) and says how many; the next invocations start new ones. */
  kill(signal?: NodeJS.Signals): number
  /** Other variables from the next invocation of each process on, which begins anew with them. */
  renew(env: Readonly<Record<string, string>>): void
}

/** An invoker of `module`'s export in processes of its own. */
export function childProcessInvoker(options: ChildProcessOptions): ChildProcessInvoker {
  const envOf = (env = options.env): WorkerSpec['env'] =>
    options.inheritEnv === false ? { ...env } : { ...process.env, ...env }
  const spec: WorkerSpec = {
    module: options.module,
    exportName: options.exportName ?? 'handler',
    functionName: options.functionName ?? 'local',
    timeoutMs: options.timeoutMs ?? 14 * 60_000,
    initTimeoutMs: options.initTimeoutMs ?? options.timeoutMs ?? 14 * 60_000,
    execArgv: options.execArgv ?? process.execArgv,
    env: envOf(),
    ...(options.cwd !== undefined && { cwd: options.cwd }),
    ...(options.onLog && { onLog: options.onLog }),
  }
  const workers = Array.from({ length: options.concurrency ?? 1 }, () => new Worker(spec))
  const idle = [...workers]
  const waiting: ((worker: Worker | undefined) => void)[] = []
  /** Those that run with variables that count no more. */
  const stale = new Set<Worker>()
  let closed = false

  const acquire = (): Promise<Worker | undefined> | Worker => {
    // The one that ran last, so that little load keeps one process warm and starts no others.
    const worker = idle.pop()
    if (worker) return worker
    return new Promise((resolve) => waiting.push(resolve))
  }
  const release = (worker: Worker): void => {
    const next = waiting.shift()
    if (next) next(worker)
    else idle.push(worker)
  }
  const closedFailure = (): InvokeResult => failure('InvokerClosed', `The invoker of ${spec.functionName} is closed.`)

  return {
    async invoke(payload) {
      if (closed) return closedFailure()
      const refused = tooLarge(payload)
      if (refused) return refused
      const worker = await acquire()
      if (!worker || closed) return closedFailure()
      try {
        if (stale.delete(worker)) await worker.retire()
        const result = await worker.invoke(payload)
        return closed && !result.ok ? closedFailure() : result
      } finally {
        release(worker)
      }
    },
    async close() {
      closed = true
      for (const next of waiting.splice(0)) next(undefined)
      await Promise.all(workers.map((worker) => worker.close()))
    },
    pids: () => workers.flatMap((worker) => worker.pid ?? []),
    renew(env) {
      for (const worker of workers) {
        worker.env = envOf(env)
        stale.add(worker)
      }
    },
    kill: (signal = 'SIGKILL') => workers.filter((worker) => worker.kill(signal)).length,
  }
}
