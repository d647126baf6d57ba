// What this process starts dies with it, even when it is killed with SIGKILL: a small shell process, one per starter, holds
// the list of sessions and temp folders at the other end of a pipe and clears them away when the pipe ends.

import { spawn } from 'node:child_process'
import type { Writable } from 'node:stream'
import { fileURLToPath } from 'node:url'

type Kind = 'session' | 'folder'

let pipe: Writable | undefined

/** Registers a session (by its leader's pid) or a folder that must not outlive this process. */
export function guard(kind: Kind, what: string): void {
  pipe ??= startGuardian()
  pipe.write(`+${kind} ${what}\n`)
}

/** Takes it off the list again: it is stopped, or removed. */
export function release(kind: Kind, what: string): void {
  pipe?.write(`-${kind} ${what}\n`)
}

/** Forgets everything: what is on the list stays when this process ends. */
export async function letGo(): Promise<void> {
  const last = pipe
  pipe = undefined
  if (last) await new Promise<void>((resolve) => last.end('let go\n', () => resolve()))
}

function startGuardian(): Writable {
  const script = fileURLToPath(new URL('guardian.sh', import.meta.url))
  const child = spawn('sh', [script], { detached: true, stdio: ['pipe', 'ignore', 'ignore'] })
  child.unref()
  child.stdin.on('error', () => undefined) // the guardian itself was killed: nothing to do about it
  // A pipe of a child is a socket, and an open socket would keep this process from ending.
  if ('unref' in child.stdin && typeof child.stdin.unref === 'function') child.stdin.unref()
  return child.stdin
}
