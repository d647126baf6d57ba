// Spark's REST submission server, for jobs of a fixed list: create, status and kill, with its answers for paths that it does not know.
// RestSubmissionServer.scala; docs/decisions/081-asked-from-afar.md.

import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import { describeCause } from '../../errors/errors.ts'
import type { Log } from '../../runtime/environment.ts'
import { bodyOf, checkCaller, checkIsJson, type GuardOptions } from './guard.ts'
import {
  type Answer,
  BadRequestError,
  PROTOCOL_VERSION,
  readRequest,
  toJson,
  UNKNOWN_PROTOCOL_VERSION,
} from './protocol.ts'
import type { Submissions } from './submissions.ts'

export interface ControlServerOptions extends Omit<GuardOptions, 'port'> {
  readonly port: number
  readonly submissions: Submissions
  readonly log: Log
}

export interface ControlServer {
  readonly port: number
  close(): Promise<void>
}

/** A request that dawdles holds nobody up for long. */
const TIMEOUT_MS = 10_000
const MOST_CONNECTIONS = 100

export async function controlServer(options: ControlServerOptions): Promise<ControlServer> {
  const { submissions, log, host } = options
  let port = options.port
  const server: Server = createServer(
    { requestTimeout: TIMEOUT_MS, headersTimeout: TIMEOUT_MS, maxHeaderSize: 16_384 },
    (request, response) => {
      answer(request, { ...options, port })
        .catch((error: unknown) => {
          if (error instanceof BadRequestError) return submissions.error(error.message, error.status)
          log.error({ path: request.url, cause: describeCause(error) }, 'a request failed')
          return submissions.error(`Internal server error: ${describeCause(error)}`, 500)
        })
        .then((found) => send(request, response, found))
    },
  )
  server.maxConnections = MOST_CONNECTIONS
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject)
    server.listen(port, host, resolve)
  })
  const address = server.address()
  if (typeof address === 'object' && address) port = address.port
  return {
    port,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve())
        server.closeAllConnections()
      }),
  }
}

function send(request: IncomingMessage, response: ServerResponse, { status, body }: Answer): void {
  response.writeHead(status, {
    'content-type': 'application/json;charset=utf-8',
    'cache-control': 'no-store',
    'x-content-type-options': 'nosniff',
    // What is left of a body that was not wanted is not waited for.
    ...(request.complete ? {} : { connection: 'close' }),
    ...(status === 401 && { 'www-authenticate': 'Bearer' }),
  })
  response.end(toJson(body), () => {
    if (!request.complete) request.destroy()
  })
}

async function answer(request: IncomingMessage, options: ControlServerOptions): Promise<Answer> {
  checkCaller(request, options)
  const { submissions } = options
  const url = URL.parse(request.url ?? '/', 'http://server')
  if (!url) throw new BadRequestError('What is asked for is no path.')
  const { pathname, searchParams } = url
  const parts = pathname.split('/').filter(Boolean)
  const [version, prefix, action, id] = parts
  if (version !== PROTOCOL_VERSION || prefix !== 'submissions' || !isAction(action)) return unknown(parts, submissions)
  const method = action === 'status' ? 'GET' : 'POST'
  if (request.method !== method) throw new BadRequestError(`It is asked with ${method}.`, 405)
  if (action === 'create') {
    checkIsJson(request)
    return submissions.create(readRequest(await bodyOf(request)))
  }
  const submissionId = id === undefined ? undefined : decoded(id)
  if (!submissionId) throw new BadRequestError(`Submission ID is missing in ${action} request.`)
  return action === 'status' ? submissions.status(submissionId) : submissions.kill(submissionId, drainOf(searchParams))
}

const ACTIONS = ['create', 'status', 'kill'] as const
const isAction = (word: string | undefined): word is (typeof ACTIONS)[number] => ACTIONS.some((one) => one === word)

function decoded(text: string): string {
  try {
    return decodeURIComponent(text)
  } catch {
    throw new BadRequestError('The submission ID is not encoded as a part of a URL.')
  }
}

/** Beyond Spark's protocol, whose kill says nothing of how. */
function drainOf(query: URLSearchParams): boolean | undefined {
  const drain = query.get('drain')
  if (drain === null) return undefined
  if (drain === 'true' || drain === 'false') return drain === 'true'
  throw new BadRequestError('drain is true or false.')
}

function unknown([version, prefix]: readonly string[], submissions: Submissions): Answer {
  const ask = ` Please submit requests through http://[host]:[port]/${PROTOCOL_VERSION}/submissions/...`
  if (version === undefined) return submissions.error(`Missing protocol version.${ask}`, 400)
  if (version !== PROTOCOL_VERSION)
    return submissions.error(`Unknown protocol version '${version.slice(0, 100)}'.${ask}`, UNKNOWN_PROTOCOL_VERSION, {
      highestProtocolVersion: PROTOCOL_VERSION,
    })
  if (prefix !== 'submissions') return submissions.error(`Missing the /submissions prefix.${ask}`, 400)
  return submissions.error(`Missing an action: please specify one of /create, /kill, or /status.${ask}`, 400)
}
