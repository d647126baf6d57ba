// Starting and stopping of other programs so that nothing is left behind: every service is the leader of a session of its
// own, and what is stopped is the whole session. A pid counts as ours only together with the moment it was born.

import { type ChildProcess, spawn } from 'node:child_process'
import { closeSync, openSync, readdirSync, readFileSync } from 'node:fs'
import { setTimeout as delay } from 'node:timers/promises'
import { guard, release } from './guardian.ts'

/** A process as it can be written down and found again: pids are used again, a pid with its birth is not. */
export interface ProcessRef {
  readonly pid: number
  readonly born: string
}

export interface StartOptions {
  /** File that gets standard output and standard error. */
  readonly log: string
  readonly env?: Record<string, string>
  readonly cwd?: string
}

export interface Started extends ProcessRef {
  /** What it ended with (`0`, `1`, `SIGKILL`), `undefined` while it runs. */
  readonly ended: () => string | undefined
}

/**
 * Starts a program in a session of its own, so that it and all it starts can be stopped together. It dies with this
 * process, however that dies, unless the guardian lets go of it (`up.ts`).
 */
export async function startProcess(command: string, args: readonly string[], options: StartOptions): Promise<Started> {
  const log = openSync(options.log, 'a')
  const env = options.env ?? process.env
  let child: ChildProcess
  try {
    child = spawn(command, args, { detached: true, stdio: ['ignore', log, log], env, cwd: options.cwd })
    await new Promise((resolve, reject) => {
      child.once('spawn', resolve)
      child.once('error', reject)
    })
  } finally {
    closeSync(log)
  }
  const { pid } = child
  if (pid === undefined) throw new Error(`${command} did not start`)
  let ended: string | undefined
  guard('session', String(pid))
  child.once('exit', (code, signal) => {
    ended = String(signal ?? code)
    killSession(pid)
    release('session', String(pid))
  })
  child.unref()
  return { pid, born: bornAt(pid) ?? '', ended: () => ended }
}

/** Boot id and start tick of a running process, `undefined` when there is none (or only its zombie). */
export function bornAt(pid: number): string | undefined {
  const stat = readStat(pid)
  return stat && stat.state !== 'Z' ? `${bootId()}/${stat.start}` : undefined
}

export function isRunning(ref: ProcessRef): boolean {
  return bornAt(ref.pid) === ref.born
}

/** Stops a session leader and everything it has started: politely for `grace` ms when given, then with SIGKILL. */
export async function stopProcess(ref: ProcessRef, grace = 0): Promise<void> {
  const now = bornAt(ref.pid)
  if (now !== undefined && now !== ref.born) return // the pid is somebody else's by now
  if (now === undefined && !ref.born.startsWith(bootId())) return
  // A pid is not used again while it still names a session: what is left of a dead leader's session is ours as well.
  const sessions = now === undefined ? new Set([ref.pid]) : sessionsBelow(ref.pid)
  if (grace > 0) {
    process.kill(ref.pid, 'SIGTERM')
    await until(() => !isRunning(ref), grace).catch(() => undefined)
  }
  await until(() => {
    for (const session of sessions) killSession(session)
    return listProcesses().every((p) => p.state === 'Z' || !sessions.has(p.session))
  }, 10_000)
  await until(() => !isRunning(ref), 10_000)
}

/** The sessions of a process and of all its descendants; what they start meanwhile stays in one of these. */
function sessionsBelow(pid: number): Set<number> {
  const all = listProcesses()
  const family = new Set([pid])
  for (let before = 0; before < family.size; ) {
    before = family.size
    for (const p of all) if (family.has(p.ppid)) family.add(p.pid)
  }
  const own = readStat(process.pid)?.session
  return new Set(all.filter((p) => family.has(p.pid) && p.session !== own).map((p) => p.session))
}

function killSession(session: number): void {
  for (const p of listProcesses()) {
    if (p.session !== session || p.state === 'Z') continue
    try {
      process.kill(p.pid, 'SIGKILL')
    } catch {
      // gone meanwhile
    }
  }
}

interface Stat {
  readonly pid: number
  readonly state: string
  readonly ppid: number
  readonly session: number
  readonly start: string
}

export function listProcesses(): Stat[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .map((name) => readStat(Number(name)))
    .filter((stat) => stat !== undefined)
}

/** proc(5): `pid (comm) state ppid pgrp session …`, where field 22 is the start time; comm may hold spaces and brackets. */
function readStat(pid: number): Stat | undefined {
  try {
    const text = readFileSync(`/proc/${pid}/stat`, 'latin1')
    const [state = '', ppid, , session, ...rest] = text.slice(text.lastIndexOf(')') + 2).split(' ')
    return { pid, state, ppid: Number(ppid), session: Number(session), start: rest[15] ?? '' }
  } catch {
    return undefined
  }
}

let boot: string | undefined
function bootId(): string {
  boot ??= readFileSync('/proc/sys/kernel/random/boot_id', 'latin1').trim()
  return boot
}

/** Waits until the condition holds, looking every 20 ms. */
export async function until(
  condition: () => boolean | Promise<boolean>,
  ms: number,
  what = 'condition',
): Promise<void> {
  const end = Date.now() + ms
  while (!(await condition())) {
    if (Date.now() > end) throw new Error(`${what}: not within ${ms} ms`)
    await delay(20)
  }
}
