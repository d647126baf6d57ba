// Who may ask, and with what. A server on loopback is reached by every page that a browser on this machine shows, by way of a name that
// resolves to it (DNS rebinding) or by a form; so the name that was asked for is checked, and nothing is done for a page's sake. Elsewhere
// nobody is heard without the token.

import { createHash, timingSafeEqual } from 'node:crypto'
import type { IncomingMessage } from 'node:http'
import { isIP } from 'node:net'
import { BadRequestError } from './protocol.ts'

export interface GuardOptions {
  /** What the server listens at. */
  readonly host: string
  readonly port: number
  readonly token: string | undefined
  /** Names by which it may be asked for, beside its own address. */
  readonly allowedHosts: readonly string[]
}

/** Spark's own requests have some kilobytes. */
export const MOST_BODY_BYTES = 64 * 1024
const LOOPBACK = new Set(['localhost', '127.0.0.1', '[::1]'])

export function isLoopback(host: string): boolean {
  return host === 'localhost' || host === '::1' || /^127\.\d+\.\d+\.\d+$/.test(host)
}

/** @throws BadRequestError with the status of the answer */
export function checkCaller({ headers, method }: IncomingMessage, options: GuardOptions): void {
  checkHost(headers.host, options)
  // Programs send neither; a browser sends one of them with every request that a page makes.
  const site = headers['sec-fetch-site']
  if (headers.origin !== undefined || (site !== undefined && site !== 'none'))
    throw new BadRequestError('Pages in a browser may not ask.', 403)
  if (options.token !== undefined && !isToken(headers.authorization, options.token))
    throw new BadRequestError('A token is needed: Authorization: Bearer …', 401)
  if (method === 'POST' && Number(headers['content-length'] ?? 0) > MOST_BODY_BYTES) throw tooLarge()
}

function checkHost(header: string | undefined, { host, port, allowedHosts }: GuardOptions): void {
  const [, name = '', given = '80'] = /^(\[[0-9a-f:.]+\]|[^:[\]]+)(?::(\d+))?$/i.exec(header ?? '') ?? []
  const asked = name.toLowerCase()
  const own = isIP(host) === 6 ? `[${host}]` : host.toLowerCase()
  const known = isLoopback(host)
    ? LOOPBACK.has(asked) || asked === own
    : isIP(asked.replace(/[[\]]/g, '')) > 0 || asked === own
  if ((known && Number(given) === port) || allowedHosts.includes(asked)) return
  throw new BadRequestError('This server is not asked for by that name: see --allowed-host.', 403)
}

/** Of their digests: their lengths are no secret then, and it takes as long however much of it is right. */
function isToken(header: string | undefined, token: string): boolean {
  const [, given = ''] = /^Bearer +(.+)$/i.exec(header ?? '') ?? []
  const digest = (text: string): Buffer => createHash('sha256').update(text).digest()
  return timingSafeEqual(digest(given), digest(token))
}

/** @throws BadRequestError unless the body is said to be JSON: a form of a page cannot say so without asking first */
export function checkIsJson({ headers }: IncomingMessage): void {
  const type = headers['content-type']?.split(';')[0]?.trim().toLowerCase()
  if (type !== 'application/json')
    throw new BadRequestError('The body must be JSON: Content-Type: application/json.', 415)
}

/** @throws BadRequestError when there is more than anybody has a reason to send */
export async function bodyOf(request: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = []
  let size = 0
  for await (const chunk of request) {
    size += chunk.length
    if (size > MOST_BODY_BYTES) throw tooLarge()
    chunks.push(chunk)
  }
  return Buffer.concat(chunks).toString('utf8')
}

function tooLarge(): BadRequestError {
  return new BadRequestError(`The body is larger than ${MOST_BODY_BYTES} bytes.`, 413)
}
