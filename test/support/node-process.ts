// A command of ours in a process of its own, as a user runs it. It dies with the test that started it: when the test is over
// its time, and when the whole run is killed.

import { spawn } from 'node:child_process'
import { guard, release } from '../../infra/guardian.ts'

export interface NodeProcess {
  readonly code: number | null
  readonly stdout: string
  readonly stderr: string
}

interface Surroundings {
  readonly env: NodeJS.ProcessEnv
  readonly cwd?: string
  /** For its standard input, which is empty otherwise. */
  readonly input?: string
}

/** A process that is under way. */
export interface RunningProcess {
  readonly pid: number | undefined
  /** What it has printed so far. */
  output(): string
  errors(): string
  /** Ends it, by SIGKILL unless told otherwise, and resolves with what became of it. */
  kill(signal?: NodeJS.Signals): Promise<NodeProcess>
  readonly ended: Promise<NodeProcess>
}

/** Runs Node.js to its end; `signal` is that of the test's context. */
export function runNode(
  args: readonly string[],
  options: Surroundings & { readonly signal?: AbortSignal },
): Promise<NodeProcess> {
  return runProgram(process.execPath, args, options)
}

/** The same of any program. */
export async function runProgram(
  program: string,
  args: readonly string[],
  { signal, ...surroundings }: Surroundings & { readonly signal?: AbortSignal },
): Promise<NodeProcess> {
  const running = startProgram(program, args, surroundings)
  const kill = (): void => void running.kill()
  signal?.addEventListener('abort', kill)
  try {
    return await running.ended
  } finally {
    signal?.removeEventListener('abort', kill)
  }
}

/** Starts Node.js and lets it run. */
export function startNode(args: readonly string[], surroundings: Surroundings): RunningProcess {
  return startProgram(process.execPath, args, surroundings)
}

/** The same of any program. */
export function startProgram(
  program: string,
  args: readonly string[],
  { env, cwd, input }: Surroundings,
): RunningProcess {
  // A session of its own, so that its workers go with it.
  const child = spawn(program, args, { env, cwd, detached: true, stdio: ['pipe', 'pipe', 'pipe'] })
  const { pid } = child
  const [stdout, stderr]: [string[], string[]] = [[], []]
  child.stdout.setEncoding('utf8').on('data', (text: string) => stdout.push(text))
  child.stderr.setEncoding('utf8').on('data', (text: string) => stderr.push(text))
  child.stdin.on('error', () => undefined) // it ended without reading all
  child.stdin.end(input ?? '')
  if (pid !== undefined) guard('session', String(pid))
  const ended = new Promise<NodeProcess>((resolve, reject) => {
    child.once('error', reject)
    child.once('close', (code) => {
      if (pid !== undefined) release('session', String(pid))
      resolve({ code, stdout: stdout.join(''), stderr: stderr.join('') })
    })
  })
  return {
    pid,
    output: () => stdout.join(''),
    errors: () => stderr.join(''),
    ended,
    kill(signal = 'SIGKILL') {
      if (pid !== undefined && child.exitCode === null && child.signalCode === null) process.kill(-pid, signal)
      return ended
    },
  }
}
