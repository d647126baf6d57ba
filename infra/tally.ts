// A vitest reporter that counts test cases over all projects, for the last line of `npm test`.

import type { Reporter, TestModule, TestSuite } from 'vitest/node'

export interface Counts {
  passed: number
  failed: number
  skipped: number
}

export class Tally implements Reporter {
  readonly counts: Counts = { passed: 0, failed: 0, skipped: 0 }

  /** Each failed hook or file counts as one failure: its tests do not run, and would else look skipped. */
  onTestRunEnd(modules: readonly TestModule[]): void {
    for (const module of modules) {
      this.#countBroken(module)
      for (const suite of module.children.allSuites()) this.#countBroken(suite)
      for (const test of module.children.allTests()) {
        const { state } = test.result()
        // A test that never got to run, because the run was cut short, has not passed.
        if (state === 'pending') this.counts.failed++
        else this.counts[state]++
      }
    }
  }

  #countBroken(container: TestModule | TestSuite): void {
    if (container.errors().length > 0) this.counts.failed++
  }
}

/** `12 passed, 0 failed`, with `, 3 skipped` when there are any. */
export function summary({ passed, failed, skipped }: Counts): string {
  return `${passed} passed, ${failed} failed${skipped > 0 ? `, ${skipped} skipped` : ''}`
}

/** Nothing failed, and something was tested. */
export function isGood({ passed, failed }: Counts): boolean {
  return failed === 0 && passed > 0
}
