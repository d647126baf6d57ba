// Wake-ups of a job under test: delivered when they are due, until none is left.

import type { LambdaHandler } from '../../src/lambda/index.ts'
import { wakeUpMessage } from '../../src/lambda/sqs-waker.ts'
import type { MemoryEnvironment } from '../../src/testing/memory-environment.ts'

/** The event of one wake-up, as SQS delivers it. */
export function wakeUpEvent(job: string, at: number): { Records: { eventSource: string; body: string }[] } {
  return { Records: [{ eventSource: 'aws:sqs', body: wakeUpMessage(job, at) }] }
}

/** Moves the clock from wake-up to wake-up until the job arms no more; how many there were. */
export async function bringToRest(
  job: string,
  handler: LambdaHandler,
  environment: MemoryEnvironment,
): Promise<number> {
  let handled = 0
  for (let at = environment.armed.shift(); at !== undefined; at = environment.armed.shift()) {
    environment.setTime(Math.max(environment.clock.now(), at))
    await handler(wakeUpEvent(job, at))
    if (++handled > 50) throw new Error(`job ${job} does not come to rest`)
  }
  return handled
}
