// A vitest reporter that says what a run waits for when that takes long, and how long it has: a run that stands still on a
// busy machine must be told from one that hangs.

import type { Reporter, TestCase, TestModule } from 'vitest/node'

/** After the first of these, and again whenever it has taken twice as long. */
const FIRST_AFTER_MS = 60_000
const LOOK_EVERY_MS = 5000

interface Running {
  readonly since: number
  sayAfter: number
}

export class Waiting implements Reporter {
  readonly #running = new Map<string, Running>()
  readonly #say: (line: string) => void
  readonly #firstAfter: number
  readonly #timer: NodeJS.Timeout

  constructor(say: (line: string) => void = console.log, firstAfter = FIRST_AFTER_MS) {
    this.#say = say
    this.#firstAfter = firstAfter
    this.#timer = setInterval(() => this.look(Date.now()), LOOK_EVERY_MS).unref()
  }

  onTestModuleStart(module: TestModule): void {
    this.begin(module.relativeModuleId)
  }

  onTestModuleEnd(module: TestModule): void {
    this.end(module.relativeModuleId)
  }

  onTestCaseReady(test: TestCase): void {
    this.end(test.module.relativeModuleId) // the test says it better
    this.begin(nameOf(test))
  }

  onTestCaseResult(test: TestCase): void {
    this.end(nameOf(test))
    this.begin(test.module.relativeModuleId) // for its hooks
  }

  onTestRunEnd(): void {
    clearInterval(this.#timer)
  }

  /** Something began that may take long; also for what is no test. */
  begin(what: string, now = Date.now()): void {
    this.#running.set(what, { since: now, sayAfter: this.#firstAfter })
  }

  end(what: string): void {
    this.#running.delete(what)
  }

  look(now: number): void {
    for (const [what, one] of this.#running) {
      const took = now - one.since
      if (took < one.sayAfter) continue
      one.sayAfter = took * 2
      this.#say(`waiting for ${what} (${Math.round(took / 1000)} s so far)`)
    }
  }
}

const nameOf = (test: TestCase): string => `${test.module.relativeModuleId} > ${test.fullName}`
