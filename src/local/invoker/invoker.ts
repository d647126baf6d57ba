// The port through which the poller calls a function, whatever runs it. A failure of the function is an answer, not an
// exception: the poller decides what to do about it, as Lambda's own does.

import { describeCause } from '../../errors/errors.ts'

/** The function answered. */
export interface InvokeSuccess {
  readonly ok: true
  /** The function's answer, from JSON; null when it answered nothing. */
  readonly payload: unknown
}

/** The function failed, or could not be run. */
export interface InvokeFailure {
  readonly ok: false
  /** Lambda's words: the name of the error thrown, `Sandbox.Timedout`, `Runtime.ExitError`, … */
  readonly errorType: string
  readonly errorMessage: string
  readonly trace?: readonly string[]
  /** Of the invocation, where whoever ran the function tells. */
  readonly requestId?: string
  /** `$LATEST`, or the version that ran; as above. */
  readonly executedVersion?: string
}

/** What came of one synchronous invocation. */
export type InvokeResult = InvokeSuccess | InvokeFailure

/** Something that invokes one function. */
export interface FunctionInvoker {
  /**
   * Invokes the function with a JSON payload and waits for its answer; never rejects for what the function does.
   *
   * @param stopping once it aborts, an invocation that could not be begun is not tried again.
   */
  invoke(payload: string | Uint8Array, stopping?: AbortSignal): Promise<InvokeResult>
  /** Lets go of processes and connections; invocations that are under way fail. */
  close(): Promise<void>
}

/** The part of Lambda's context object that functions use. https://docs.aws.amazon.com/lambda/latest/dg/nodejs-context.html */
export interface LambdaContext {
  readonly awsRequestId: string
  readonly functionName: string
  readonly functionVersion: string
  readonly invokedFunctionArn: string
  readonly memoryLimitInMB: string
  readonly logGroupName: string
  readonly logStreamName: string
  callbackWaitsForEmptyEventLoop: boolean
  getRemainingTimeInMillis(): number
}

/** A Lambda handler of the promise kind. */
export type LambdaHandler = (event: unknown, context: LambdaContext) => unknown

/** Most bytes of a payload and of an answer. https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html */
export const INVOKE_LIMIT = 6 * 1024 * 1024

/** A failure, in Lambda's words. */
export function failure(errorType: string, errorMessage: string, trace?: readonly string[]): InvokeFailure {
  return { ok: false, errorType, errorMessage, ...(trace && { trace }) }
}

/** A failure from the JSON in which a function's runtime reports it; Python's says `stackTrace`, Node's `trace`. */
export function readFailureJson(json: string): InvokeFailure {
  let parsed: unknown
  try {
    parsed = JSON.parse(json)
  } catch {
    parsed = undefined
  }
  if (typeof parsed !== 'object' || parsed === null) return failure('Runtime.Unknown', json)
  const errorType = 'errorType' in parsed ? String(parsed.errorType) : 'Error'
  const errorMessage = 'errorMessage' in parsed ? String(parsed.errorMessage) : ''
  const lines = 'trace' in parsed ? parsed.trace : 'stackTrace' in parsed ? parsed.stackTrace : undefined
  return failure(errorType, errorMessage, Array.isArray(lines) ? lines.map(String) : undefined)
}

/** What a thrown value looks like to whoever invoked the function: as the Node runtime of Lambda reports it, and what caused it below. */
export function failureFrom(thrown: unknown): InvokeFailure {
  if (!(thrown instanceof Error)) return failure(typeof thrown, String(thrown))
  return failure(thrown.name, thrown.message, [...tracesOf(thrown)])
}

function* tracesOf(thrown: Error): Generator<string, void> {
  let depth = 0
  for (let error: unknown = thrown; error instanceof Error && depth < DEEPEST_CAUSE; error = error.cause) {
    const [first = '', ...frames] = (error.stack ?? String(error)).split('\n')
    yield depth++ === 0 ? first : `Caused by: ${first}`
    yield* frames
  }
}

/** A cause may be its own. */
const DEEPEST_CAUSE = 10

/** Lambda's answer to a function that ran for too long. */
export function timedOut(requestId: string, timeoutMs: number): InvokeFailure {
  const seconds = (timeoutMs / 1000).toFixed(2)
  return failure('Sandbox.Timedout', `RequestId: ${requestId} Error: Task timed out after ${seconds} seconds`)
}

/** Refuses a payload that Lambda would refuse, before anything runs. */
export function tooLarge(payload: string | Uint8Array): InvokeFailure | undefined {
  const bytes = typeof payload === 'string' ? Buffer.byteLength(payload) : payload.byteLength
  if (bytes <= INVOKE_LIMIT) return undefined
  return failure('RequestTooLargeException', `Request must be smaller than ${INVOKE_LIMIT} bytes; it has ${bytes}`)
}

/** Lambda's answer to a function whose answer is over the limit. */
export function answerTooLarge(): InvokeFailure {
  return failure('Function.ResponseSizeTooLarge', `Response payload size exceeded ${INVOKE_LIMIT} bytes.`)
}

/** The context of one invocation. */
export function lambdaContext(functionName: string, requestId: string, deadline: number): LambdaContext {
  return {
    awsRequestId: requestId,
    functionName,
    functionVersion: '$LATEST',
    invokedFunctionArn: `arn:aws:lambda:us-east-1:000000000000:function:${functionName}`,
    memoryLimitInMB: process.env.AWS_LAMBDA_FUNCTION_MEMORY_SIZE ?? '1024',
    logGroupName: `/aws/lambda/${functionName}`,
    logStreamName: `local/[$LATEST]${process.pid}`,
    callbackWaitsForEmptyEventLoop: true,
    getRemainingTimeInMillis: () => Math.max(0, deadline - Date.now()),
  }
}

/**
 * Runs a handler once and puts its answer into words: the part that the in-process invoker and the worker process
 * share. The answer is JSON, `null` when the handler answered nothing.
 */
export async function runHandler(
  handler: LambdaHandler,
  payload: string,
  context: LambdaContext,
): Promise<{ readonly ok: true; readonly json: string } | InvokeFailure> {
  try {
    const json = stringify(await handler(JSON.parse(payload), context))
    if (typeof json !== 'string') return json
    if (Buffer.byteLength(json) <= INVOKE_LIMIT) return { ok: true, json }
    return answerTooLarge()
  } catch (error) {
    return failureFrom(error)
  }
}

function stringify(answer: unknown): string | InvokeFailure {
  try {
    return JSON.stringify(answer) ?? 'null'
  } catch (error) {
    return failure('Runtime.MarshalError', `Unable to stringify response body: ${describeCause(error)}`)
  }
}
