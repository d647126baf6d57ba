// A function of this very process. Fast and easy to debug; what it lacks is isolation: a handler that hangs cannot be
// killed, and one that is over its time goes on in the background while its invocation is reported as timed out.

import { randomUUID } from 'node:crypto'
import {
  type FunctionInvoker,
  failure,
  type LambdaHandler,
  lambdaContext,
  runHandler,
  timedOut,
  tooLarge,
} from './invoker.ts'

export interface InProcessOptions {
  /** Default `local`. */
  readonly functionName?: string
  /** Milliseconds; default 840,000: the 14 minutes that a Kafka mapping allows a function at most. */
  readonly timeoutMs?: number
}

/** An invoker of a handler in this process; invocations run side by side. */
export function inProcessInvoker(handler: LambdaHandler, options: InProcessOptions = {}): FunctionInvoker {
  const { functionName = 'local', timeoutMs = 14 * 60_000 } = options
  const open = new Set<() => void>()
  let closed = false

  return {
    async invoke(payload) {
      if (closed) return failure('InvokerClosed', `The invoker of ${functionName} is closed.`)
      const refused = tooLarge(payload)
      if (refused) return refused
      const requestId = randomUUID()
      const context = lambdaContext(functionName, requestId, Date.now() + timeoutMs)
      const text = typeof payload === 'string' ? payload : Buffer.from(payload).toString()

      const ended = Promise.withResolvers<'timeout' | 'closed'>()
      const timer = setTimeout(() => ended.resolve('timeout'), timeoutMs)
      const close = (): void => ended.resolve('closed')
      open.add(close)
      try {
        const result = await Promise.race([runHandler(handler, text, context), ended.promise])
        if (result === 'timeout') return timedOut(requestId, timeoutMs)
        if (result === 'closed') return failure('InvokerClosed', `The invoker of ${functionName} was closed.`)
        return result.ok ? { ok: true, payload: JSON.parse(result.json) } : result
      } finally {
        clearTimeout(timer)
        open.delete(close)
      }
    },
    async close() {
      closed = true
      for (const end of open) end()
    },
  }
}
