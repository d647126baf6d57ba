// A function behind anything that speaks Lambda's Invoke API: AWS itself, LocalStack, MiniStack, `sam local`.
// https://docs.aws.amazon.com/lambda/latest/api/API_Invoke.html

import { InvokeCommand, type InvokeCommandInput, type InvokeCommandOutput, LambdaClient } from '@aws-sdk/client-lambda'
import { NodeHttpHandler } from '@smithy/node-http-handler'
import type { FinalizeHandlerOutput, FinalizeRequestMiddleware } from '@smithy/types'
import { describeCause } from '../../errors/errors.ts'
import { pause } from '../event-source/wakeable.ts'
import {
  answerTooLarge,
  type FunctionInvoker,
  failure,
  INVOKE_LIMIT,
  type InvokeFailure,
  type InvokeResult,
  readFailureJson,
  tooLarge,
} from './invoker.ts'

export interface LambdaEndpointOptions {
  /** Name or ARN. */
  readonly functionName: string
  /**
   * Default: a client of its own, from `endpoint`, or from the environment (`AWS_ENDPOINT_URL`, `AWS_REGION`, …). Whatever
   * its retries, an invocation is sent once.
   */
  readonly client?: LambdaClient
  readonly endpoint?: string
  readonly region?: string
  /**
   * For how long to try again while the endpoint throttles, is not ready or refuses connections; default 60,000 ms.
   * Lambda's own poller does not count throttles as failures of the function.
   */
  readonly retryForMs?: number
  /** The function could not be invoked, and is tried again: told at once, and then every ten seconds. */
  readonly onRetry?: (failure: InvokeFailure) => void
}

/** Longest a Kafka mapping lets a function run, 14 minutes, and some. */
const REQUEST_TIMEOUT_MS = 15 * 60_000

/** While it cannot be invoked. */
const TELL_EVERY_MS = 10_000

/** Answers that say that the function was not run, and may be run later. */
const TRY_AGAIN = new Set([
  'TooManyRequestsException',
  'EC2ThrottledException',
  'EC2UnexpectedException',
  'ENILimitReachedException',
  'ResourceConflictException', // being created or updated
  'ResourceNotReadyException',
  'ServiceException',
  'ECONNREFUSED',
])

/** An invoker of a deployed function, request and response. */
export function lambdaEndpointInvoker(options: LambdaEndpointOptions): FunctionInvoker {
  const { functionName, retryForMs = 60_000, onRetry } = options
  const client = options.client ?? newClient(options)
  const closed = new AbortController()

  async function invokeOnce(payload: string | Uint8Array): Promise<InvokeResult> {
    const command = new InvokeCommand({
      FunctionName: functionName,
      InvocationType: 'RequestResponse',
      Payload: payload,
    })
    command.middlewareStack.add(sentOnce, { step: 'finalizeRequest', priority: 'low', name: 'sentOnce' })
    const answer = await client.send(command, { abortSignal: closed.signal })
    const { FunctionError, Payload } = answer
    const told = {
      ...(answer.$metadata.requestId !== undefined && { requestId: answer.$metadata.requestId }),
      ...(answer.ExecutedVersion !== undefined && { executedVersion: answer.ExecutedVersion }),
    }
    // Lambda itself refuses such an answer; emulators pass it on.
    if (Payload && Payload.byteLength > INVOKE_LIMIT) return answerTooLarge()
    const json = Payload ? Payload.transformToString() : ''
    if (FunctionError) return { ...readFailureJson(json), ...told }
    return { ok: true, payload: json === '' ? null : JSON.parse(json) }
  }

  return {
    async invoke(payload, stopping) {
      const refused = tooLarge(payload)
      if (refused) return refused
      const deadline = Date.now() + retryForMs
      const ends = stopping ? AbortSignal.any([stopping, closed.signal]) : closed.signal
      let told = Number.NEGATIVE_INFINITY
      for (let attempt = 0; ; attempt++) {
        if (closed.signal.aborted) return failure('InvokerClosed', `The invoker of ${functionName} is closed.`)
        try {
          return await invokeOnce(payload)
        } catch (error) {
          const refused = refusal(functionName, error)
          if (!TRY_AGAIN.has(nameOf(error)) || Date.now() >= deadline || stopping?.aborted) return refused
          if (Date.now() - told >= TELL_EVERY_MS) {
            told = Date.now()
            onRetry?.(refused)
          }
        }
        const longest = Math.min(5000, 100 * 2 ** Math.min(attempt, 10))
        await pause(longest * (0.5 + Math.random() / 2), ends)
      }
    },
    async close() {
      closed.abort()
      if (!options.client) client.destroy()
    },
  }
}

/**
 * The SDK sends an invocation again whose answer is late or lost, and then the function runs twice side by side. Inside its
 * retries every further attempt ends as the first did.
 */
const sentOnce: FinalizeRequestMiddleware<InvokeCommandInput, InvokeCommandOutput> = (next) => {
  let first: Promise<FinalizeHandlerOutput<InvokeCommandOutput>> | undefined
  return (args) => {
    first ??= next(args)
    return first
  }
}

function newClient({ endpoint, region }: LambdaEndpointOptions): LambdaClient {
  return new LambdaClient({
    ...(endpoint !== undefined && { endpoint }),
    ...(region !== undefined && { region }),
    // Further attempts would only be delays: see `sentOnce`.
    maxAttempts: 1,
    requestHandler: new NodeHttpHandler({ requestTimeout: REQUEST_TIMEOUT_MS, connectionTimeout: 5000 }),
  })
}

/** The name of an exception of the API, or the code of a network error. */
function nameOf(error: unknown): string {
  if (!(error instanceof Error)) return 'Error'
  if (error instanceof AggregateError && error.errors.length > 0) return nameOf(error.errors[0])
  return 'code' in error && typeof error.code === 'string' && error.code.startsWith('E') ? error.code : error.name
}

function refusal(functionName: string, error: unknown): InvokeFailure {
  const name = nameOf(error)
  if (name === 'ResourceNotFoundException') {
    return failure(name, `There is no function ${functionName} at this endpoint: deploy it, or correct the name.`)
  }
  return failure(name, `Could not invoke ${functionName}: ${describeCause(error)}`)
}
