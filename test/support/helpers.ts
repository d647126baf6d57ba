// Other instances of a job under test, which help when they are asked: messages wait until whoever asked looks again.

import type { LambdaHandler } from '../../src/lambda/index.ts'
import { shareMessage } from '../../src/lambda/sqs-waker.ts'
import type { Helpers, Share } from '../../src/runtime/side-by-side/share.ts'

/** The event of one request for help, as SQS delivers it. */
export function shareEvent(job: string, share: Share): unknown {
  return { Records: [{ eventSource: 'aws:sqs', body: shareMessage(job, share) }] }
}

export interface TestHelpers extends Helpers {
  /** Everything that was asked for. */
  readonly asked: Share[]
  /** How often somebody has waited. */
  pauses: number
}

/** @param deliver what becomes of a message; by default it is lost. */
export function testHelpers(deliver: (share: Share, event: unknown) => Promise<unknown> = async () => {}): TestHelpers {
  const waiting: (() => Promise<unknown>)[] = []
  const helpers: TestHelpers = {
    asked: [],
    pauses: 0,
    async ask(job, share) {
      helpers.asked.push(share)
      waiting.push(() => deliver(share, shareEvent(job, share)))
    },
    async pause() {
      helpers.pauses++
      await Promise.all(waiting.splice(0).map((go) => go()))
    },
  }
  return helpers
}

/** Delivers every message to an instance of its own. */
export function eachTo(instance: (n: number) => LambdaHandler): (share: Share, event: unknown) => Promise<unknown> {
  let n = 0
  return (_, event) => instance(n++)(event)
}
