// Where the tokens of SASL/OAUTHBEARER come from: a command, a file, the environment, or the endpoint of an authorization server.

import { execFile } from 'node:child_process'
import { readFile } from 'node:fs/promises'
import { promisify } from 'node:util'
import { describeCause, InvalidOptionError } from '../errors/errors.ts'
import { expiryOf } from '../local/event-source/kafka-oauth.ts'

export interface TokenFlags {
  readonly tokenCommand?: string
  readonly tokenFile?: string
  readonly tokenEndpoint?: string
  readonly tokenScope?: string
}

type Variables = Readonly<Record<string, string | undefined>>

/** Who asks an endpoint. */
export interface Client {
  readonly id: string
  readonly secret: string
}

const TIMEOUT_MS = 30_000
/** A token is not used in the last part of its life: it has to last until the broker has read it. */
const SPARE_MS = 30_000

const WAYS = '--token-command, --token-file, --token-endpoint with --user, or KAFKA_TOKEN'

/**
 * What the flags name, or else the variables; a flag counts more than a variable.
 *
 * @param client asked for where there is an endpoint
 * @throws InvalidOptionError when nothing or several are named
 */
export async function tokensOf(
  flags: TokenFlags,
  variables: Variables,
  client: () => Promise<Client>,
): Promise<() => Promise<string>> {
  const { tokenCommand, tokenFile, tokenEndpoint } = flags
  const byFlag = [tokenCommand, tokenFile, tokenEndpoint].some((flag) => flag !== undefined)
  const of = (flag: string | undefined, name: string): string | undefined =>
    byFlag ? flag : variables[name] || undefined
  const command = of(tokenCommand, 'KAFKA_TOKEN_COMMAND')
  const file = of(tokenFile, 'KAFKA_TOKEN_FILE')
  const endpoint = of(tokenEndpoint, 'KAFKA_TOKEN_ENDPOINT')
  const token = of(undefined, 'KAFKA_TOKEN')
  const named = [command, file, endpoint, token].filter((one) => one !== undefined)
  if (named.length !== 1)
    throw new InvalidOptionError(
      `--sasl oauthbearer: where does the token come from? Name ${named.length > 1 ? 'only one of' : 'one of'} ${WAYS}.`,
    )
  if (command !== undefined) return kept(() => tokenOfCommand(command))
  if (file !== undefined) return () => tokenOfFile(file)
  if (endpoint === undefined) return async () => token ?? ''
  const scope = flags.tokenScope ?? variables.KAFKA_TOKEN_SCOPE
  const who = await client()
  return kept(() => tokenOfEndpoint(endpoint, who, scope))
}

interface Token {
  readonly token: string
  /** Milliseconds; without it the token is asked for anew each time. */
  readonly until?: number
}

/** Each connection asks: a token is kept for as long as it says that it lives. */
export function kept(ask: () => Promise<Token>, now: () => number = Date.now): () => Promise<string> {
  let last: Token | undefined
  return async () => {
    if (last?.until === undefined || last.until - SPARE_MS <= now()) last = await ask()
    return last.token
  }
}

async function tokenOfCommand(command: string): Promise<Token> {
  try {
    const { stdout } = await promisify(execFile)('/bin/sh', ['-c', command], { timeout: TIMEOUT_MS })
    return withExpiry(stdout.trim())
  } catch (cause) {
    // Its words may hold the secret that it was given: only how it ended is told.
    const code: unknown = cause instanceof Error && 'code' in cause ? cause.code : undefined
    throw new InvalidOptionError(
      `--token-command: it ${code === undefined || code === null ? 'was ended, or took longer than 30 s' : `failed (${String(code)})`}. Try it by itself; its standard output is the token.`,
    )
  }
}

async function tokenOfFile(file: string): Promise<string> {
  try {
    return (await readFile(file, 'utf8')).trim()
  } catch (cause) {
    throw new InvalidOptionError(`--token-file ${file}: it cannot be read (${describeCause(cause)}).`, { cause })
  }
}

/** https://www.rfc-editor.org/rfc/rfc6749#section-4.4, as Kafka's own OAuthBearerLoginCallbackHandler asks (KIP-768). */
async function tokenOfEndpoint(endpoint: string, { id, secret }: Client, scope: string | undefined): Promise<Token> {
  const at = `--token-endpoint ${endpoint}`
  let response: Response
  let answer: unknown
  try {
    response = await fetch(endpoint, {
      method: 'POST',
      headers: {
        authorization: `Basic ${Buffer.from(`${encodeURIComponent(id)}:${encodeURIComponent(secret)}`).toString('base64')}`,
        accept: 'application/json',
      },
      body: new URLSearchParams({ grant_type: 'client_credentials', ...(scope !== undefined && { scope }) }),
      signal: AbortSignal.timeout(TIMEOUT_MS),
    })
    answer = await response.json().catch(() => undefined)
  } catch (cause) {
    throw new InvalidOptionError(`${at}: it does not answer (${describeCause(cause)}).`, { cause })
  }
  const field = (name: string): unknown =>
    typeof answer === 'object' && answer !== null ? Reflect.get(answer, name) : undefined
  const token = field('access_token')
  if (response.ok && typeof token === 'string') {
    const seconds = field('expires_in')
    return typeof seconds === 'number' ? { token, until: Date.now() + seconds * 1000 } : withExpiry(token)
  }
  // RFC 6749, 5.2: a word such as invalid_client, and a sentence for people.
  const words = [field('error'), field('error_description')].filter((word) => typeof word === 'string').join(': ')
  throw new InvalidOptionError(
    `${at}: it gives client ${id} no token (${response.status}${words && `, ${words}`}). Look at --user, its secret (KAFKA_PASSWORD or --password-file) and --token-scope.`,
  )
}

function withExpiry(token: string): Token {
  const until = expiryOf(token)
  return { token, ...(until !== undefined && { until }) }
}
