// A command of ours in a process of its own, as a user runs it. It dies with the test that started it: when the test is over
// its time, and when the whole run is killed.

import { spawn } from 'node:child_process'
import { guard, release } from '../../infra/guardian.ts'

export interface NodeProcess {
  readonly code: number | null
  readonly stdout: string
  readonly stderr: string
}

/** Runs Node.js to its end; `signal` is that of the test's context. */
export async function runNode(
  args: readonly string[],
  { env, signal }: { readonly env: NodeJS.ProcessEnv; readonly signal?: AbortSignal },
): Promise<NodeProcess> {
  // A session of its own, so that its workers go with it.
  const child = spawn(process.execPath, args, { env, detached: true, stdio: ['ignore', 'pipe', 'pipe'] })
  const { pid } = child
  const [stdout, stderr]: [string[], string[]] = [[], []]
  child.stdout.setEncoding('utf8').on('data', (text: string) => stdout.push(text))
  child.stderr.setEncoding('utf8').on('data', (text: string) => stderr.push(text))
  if (pid !== undefined) guard('session', String(pid))
  const kill = (): void => {
    if (pid !== undefined) process.kill(-pid, 'SIGKILL')
  }
  signal?.addEventListener('abort', kill)
  try {
    const code = await new Promise<number | null>((resolve, reject) => {
      child.once('error', reject)
      child.once('close', resolve)
    })
    return { code, stdout: stdout.join(''), stderr: stderr.join('') }
  } finally {
    signal?.removeEventListener('abort', kill)
    if (pid !== undefined) release('session', String(pid))
  }
}
