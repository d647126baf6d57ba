import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { expect } from 'vitest'
import { guard, release } from '../../../infra/guardian.ts'
import { until } from '../../local/event-source/until.ts'

const MAIN = process.env.MILLRACE_TEST_CLI ?? new URL('../../../src/cli/main.ts', import.meta.url).pathname

/** `millrace poller` in a process of its own; dies with the test. */
export class Command {
  out = ''
  readonly child: ChildProcess
  readonly exited: Promise<unknown>

  constructor(...args: string[]) {
    const env = { ...process.env, AWS_REGION: 'us-east-1', AWS_ACCESS_KEY_ID: 'x', AWS_SECRET_ACCESS_KEY: 'x' }
    const flags = ['--conditions=millrace-source', '--no-warnings']
    this.child = spawn(process.execPath, [...flags, MAIN, 'poller', ...args], {
      env,
      detached: true, // a session, which the guardian ends with this process
      stdio: ['ignore', 'pipe', 'pipe'],
    })
    const { pid } = this.child
    guard('session', String(pid))
    this.child.once('exit', () => release('session', String(pid)))
    this.exited = once(this.child, 'exit')
    for (const stream of [this.child.stdout, this.child.stderr]) stream?.on('data', (text) => (this.out += text))
  }

  async says(text: string | RegExp): Promise<void> {
    await until(`the command says ${text} and not: ${this.out}`, () => this.has(text) || this.ended)
    expect(this.out).toMatch(text)
  }

  has(text: string | RegExp): boolean {
    return typeof text === 'string' ? this.out.includes(text) : text.test(this.out)
  }

  get ended(): boolean {
    return this.child.exitCode !== null || this.child.signalCode !== null
  }

  /** Its exit code, and how long it took. Loaded machines are slow, so the bound is wide: for ever is what must not be. */
  async stop(signal: NodeJS.Signals = 'SIGTERM'): Promise<number | null> {
    this.child.kill(signal)
    const patience = setTimeout(() => this.child.kill('SIGKILL'), 45_000)
    await this.exited
    clearTimeout(patience)
    expect(this.child.signalCode, this.out).toBeNull()
    return this.child.exitCode
  }
}
