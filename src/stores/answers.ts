// Whether what came back is the service's own answer. A status of 200 does not say so: S3 answers 200 before it has put an
// upload together and may end with an error, and what stands between (a proxy, its login page, another server on the port)
// answers 200 with whatever it has. The SDK makes an empty success of most of these; taken at its word, output that nobody
// can read would count as published (I3) and a log that was not read as empty (I7).

import type { FinalizeRequestMiddleware, MetadataBearer, MiddlewareStack } from '@smithy/types'

/** What a service's answer to a command must hold; undefined when it does, else in a few words what is wrong. */
export type AnswerCheck = (answer: Answer) => string | undefined

export interface Answer {
  readonly status: number
  readonly contentType: string
  /** What the SDK made of it. */
  readonly output: object
}

/** An answer of success that the service cannot have given. The SDK tries again: it is no refusal, and calls are idempotent. */
export class ForeignAnswerError extends Error {
  override readonly name = 'ForeignAnswer'
  readonly $retryable = { throttling: false }
  /** The SDK writes down here how often it has tried. */
  readonly $metadata: { readonly httpStatusCode: number }
  constructor(problem: string, head?: Pick<Answer, 'status' | 'contentType'>, options?: ErrorOptions) {
    super(head ? `${problem}; content type ${head.contentType || 'none'}` : problem, options)
    this.$metadata = { httpStatusCode: head?.status ?? 200 }
  }
}

/** Has every answer to a client's commands looked at before it counts, inside the SDK's retries. Once per client, however often it is called. */
export function checkAnswers<I extends object, O extends MetadataBearer>(
  { middlewareStack }: { readonly middlewareStack: MiddlewareStack<I, O> },
  checks: ReadonlyMap<string, AnswerCheck>,
): void {
  const middleware: FinalizeRequestMiddleware<I, O> = (next, context) => {
    const check = checks.get(String(context.commandName).replace(/Command$/, ''))
    if (!check) return next
    return async (args) => {
      const result = await next(args).catch((error: unknown) => {
        throw foreignIfSuccess(error)
      })
      const answer = { ...headOf(result.response), output: result.output }
      const problem = check(answer)
      if (problem !== undefined) throw new ForeignAnswerError(problem, answer)
      return result
    }
  }
  // Low: inside the retries of the same step.
  middlewareStack.add(middleware, { step: 'finalizeRequest', priority: 'low', name: 'checkAnswers', override: true })
}

/** A body that cannot be parsed, under a status of success. */
function foreignIfSuccess(error: unknown): unknown {
  if (!(error instanceof Error) || !('$response' in error)) return error
  const head = headOf(error.$response)
  if (head.status < 200 || head.status >= 300) return error
  return new ForeignAnswerError(`the body cannot be read (${error.message.split('\n')[0]})`, head, { cause: error })
}

function headOf(response: unknown): { status: number; contentType: string } {
  const status = field(response, 'statusCode')
  const contentType = field(field(response, 'headers'), 'content-type')
  return {
    status: typeof status === 'number' ? status : 0,
    contentType: typeof contentType === 'string' ? contentType : '',
  }
}

/** A field of an answer, whatever it is. */
export function field(value: unknown, name: string): unknown {
  return typeof value === 'object' && value !== null ? Reflect.get(value, name) : undefined
}
