// Why brokers refuse a client. What kafkajs throws tells of a wrong password and of TLS; that a port speaks something else shows as
// a connection that is closed, so the port is asked.

import { connect as connectPlain, isIP, type Socket } from 'node:net'
import { connect as connectTls, createSecureContext } from 'node:tls'
import { describeCause, InvalidOptionError, MillraceError } from '../../errors/errors.ts'
import { BrokerRefusedError } from '../../errors/stand-in-errors.ts'
import type { KafkaSourceOptions } from './kafka-options.ts'

/** What will be the same at the next attempt; undefined for what may pass by itself. */
export async function refusalOf(error: unknown, options: KafkaSourceOptions): Promise<Error | undefined> {
  const chain = causesOf(error)
  // Of whoever gives the token.
  const own = chain.find((one) => one instanceof MillraceError)
  if (own) return own
  const refused = (problem: string, remedy: string): BrokerRefusedError =>
    new BrokerRefusedError(options.brokers, problem, remedy, error)
  const login = chain.find(({ name }) => name === 'KafkaJSSASLAuthenticationError')
  const codes = chain.flatMap((one) => ('code' in one && typeof one.code === 'string' ? [one.code] : []))
  const byTls = tlsRefusal(codes)
  if (byTls) return refused(...byTls)
  if (login && !/not supported by the server/.test(login.message))
    return refused(...loginRefusal(login.message, options))
  if (codes.includes('ECONNREFUSED') || codes.includes('ENOTFOUND')) return undefined
  const asked = await Promise.all(options.brokers.map((broker) => ask(broker, options)))
  return asked.flatMap((one) => (one ? [refused(...one)] : []))[0]
}

/** @throws InvalidOptionError when they are no certificates, or the key is of another one: kafkajs would try for ever. */
export function checkCertificates({ ssl }: KafkaSourceOptions): void {
  if (typeof ssl !== 'object') return
  try {
    createSecureContext(ssl)
  } catch (cause) {
    throw new InvalidOptionError(
      `TLS to Kafka: certificate, key or authority cannot be read (${describeCause(cause)}). They are PEM, and the key is that of the certificate, without a passphrase.`,
      { cause },
    )
  }
}

type Refusal = readonly [problem: string, remedy: string]

function loginRefusal(message: string, { sasl }: KafkaSourceOptions): Refusal {
  const reason = message.replace(/^.*authentication failed: /i, '')
  if (sasl && 'username' in sasl)
    return [
      `user "${sasl.username}" cannot log in by ${sasl.mechanism}: ${reason}`,
      'Name or password are wrong, or the user is not of this mechanism. The password is read from KAFKA_PASSWORD or --password-file (`sasl` of run).',
    ]
  if (sasl?.mechanism.toLowerCase() !== 'oauthbearer')
    return [`nobody can log in by ${sasl?.mechanism ?? 'no mechanism'}: ${reason}`, 'Look at --sasl and --user.']
  // Not the broker's words: nothing was sent.
  if (reason === message)
    return [`${message[0]?.toLowerCase()}${message.slice(1)}`, 'Look at where the token comes from.']
  return [
    `the token is refused: ${reason}`,
    /expired/.test(reason)
      ? 'Get a new one: --token-command, --token-file and --token-endpoint are asked again at each connection, KAFKA_TOKEN is not.'
      : "Look at the token's issuer, audience and scope.",
  ]
}

/** https://docs.openssl.org/3.0/man1/openssl-verification-options/ has the words, Node.js the codes. */
function tlsRefusal(codes: readonly string[]): Refusal | undefined {
  const has = (pattern: RegExp): string | undefined => codes.find((code) => pattern.test(code))
  const unknown = has(/SELF_SIGNED_CERT|UNABLE_TO_(VERIFY_LEAF|GET_ISSUER)/)
  if (unknown)
    return [
      `its certificate is not signed by an authority that is trusted here (${unknown})`,
      'Name the certificate of the authority with --tls-ca (KAFKA_TLS_CA; `tls: { ca }` of run).',
    ]
  const name = has(/ERR_TLS_CERT_ALTNAME_INVALID/)
  if (name) return [`its certificate is of another name (${name})`, 'Use the names that are in the certificate.']
  const expired = has(/CERT_HAS_EXPIRED|CERT_NOT_YET_VALID/)
  if (expired) return [`its certificate is not valid now (${expired})`, 'Renew it, or look at the clock.']
  const client = has(/ALERT_(CERTIFICATE|BAD_CERTIFICATE|UNKNOWN_CA|CERTIFICATE_UNKNOWN|HANDSHAKE_FAILURE)/)
  if (client)
    return [
      `it does not take the certificate of this client, or wants one (${client})`,
      'Name one that it trusts with --tls-cert and --tls-key (`tls: { cert, key }` of run).',
    ]
  return undefined
}

/** What a port says to the first message of a login; undefined when that explains nothing. */
async function ask(broker: string, options: KafkaSourceOptions): Promise<Refusal | undefined> {
  const plain = await greet(broker, undefined)
  if (options.ssl) {
    if (plain.speaks === 'kafka')
      return [
        `${broker} speaks no TLS`,
        'Leave out --tls and KAFKA_TLS (`tls` of run), or name the port of its TLS listener.',
      ]
  } else if (plain.speaks === 'tls')
    return [
      `${broker} speaks TLS`,
      'Say --tls or KAFKA_TLS=1 (`tls: true` of run), with --tls-ca for an authority of your own.',
    ]
  const { speaks, mechanisms, code } = options.ssl ? await greet(broker, options.ssl) : plain
  const byTls = tlsRefusal(code === undefined ? [] : [code])
  if (byTls) return byTls
  if (speaks !== 'kafka') return undefined
  const wanted = options.sasl?.mechanism.toUpperCase()
  if (mechanisms.length === 0)
    return wanted === undefined
      ? undefined
      : [
          `${broker} asks nobody to log in`,
          'Leave out --sasl and --user (`sasl` of run), or name the port of its SASL listener.',
        ]
  const offered = mechanisms.join(', ')
  if (wanted === undefined)
    return [`${broker} wants a login by ${offered}`, 'Say --sasl with --user, or KAFKA_SASL_MECHANISM (`sasl` of run).']
  return mechanisms.includes(wanted)
    ? undefined
    : [
        `${broker} has no login by ${wanted}, only by ${offered}`,
        'Name one of these with --sasl (`sasl.mechanism` of run).',
      ]
}

interface Greeting {
  readonly speaks: 'kafka' | 'tls' | 'nothing'
  /** Of a port where one logs in. */
  readonly mechanisms: readonly string[]
  readonly code?: string
}

const PATIENCE_MS = 2000
/** The first byte of an alert: https://www.rfc-editor.org/rfc/rfc8446#section-5.1 */
const ALERT = 0x15

/**
 * SaslHandshake, version 1, for a mechanism that nobody has; the answer names those that there are.
 *
 *     request:  size i32 | api key i16 = 17 | version i16 = 1 | correlation id i32 | client id i16 = -1 (null) | mechanism i16 = 0 (empty)
 *     response: size i32 | correlation id i32 | error i16 | mechanisms i32 | (length i16, name) …
 *
 * Where nobody logs in the error is 34, ILLEGAL_SASL_STATE, and the list is empty.
 */
function greet(broker: string, ssl: KafkaSourceOptions['ssl'] | undefined): Promise<Greeting> {
  const request = Buffer.alloc(16)
  request.writeInt32BE(12, 0)
  request.writeInt16BE(17, 4)
  request.writeInt16BE(1, 6)
  request.writeInt32BE(7, 8)
  request.writeInt16BE(-1, 12)
  const at = broker.lastIndexOf(':')
  const host = broker.slice(0, at).replace(/^\[(.*)\]$/, '$1')
  const port = Number(broker.slice(at + 1))
  return new Promise((resolve) => {
    let socket: Socket
    const done = (greeting: Greeting): void => {
      socket.destroy()
      resolve(greeting)
    }
    const nothing: Greeting = { speaks: 'nothing', mechanisms: [] }
    const write = (): void => void socket.write(request)
    const name = isIP(host) ? {} : { servername: host }
    socket = ssl
      ? connectTls({ host, port, ...name, ...(ssl === true ? {} : ssl) }, write)
      : connectPlain({ host, port }, write)
    let answer = Buffer.alloc(0)
    socket.setTimeout(PATIENCE_MS, () => done(nothing))
    socket.on('error', (error) =>
      done({ ...nothing, ...('code' in error && typeof error.code === 'string' && { code: error.code }) }),
    )
    socket.on('close', () => done(nothing))
    socket.on('data', (data) => {
      answer = Buffer.concat([answer, data])
      if (answer[0] === ALERT) done({ ...nothing, speaks: 'tls' })
      else if (answer.length >= 4 && answer.length >= 4 + answer.readInt32BE(0)) done(greetingOf(answer))
    })
  })
}

function greetingOf(answer: Buffer): Greeting {
  if (answer.length < 14 || answer.readInt32BE(4) !== 7) return { speaks: 'nothing', mechanisms: [] }
  const mechanisms: string[] = []
  for (let at = 14, left = answer.readInt32BE(10); left > 0 && at + 2 <= answer.length; left--) {
    const length = answer.readInt16BE(at)
    mechanisms.push(answer.toString('utf8', at + 2, at + 2 + length))
    at += 2 + length
  }
  return { speaks: 'kafka', mechanisms }
}

function causesOf(error: unknown): Error[] {
  const chain: Error[] = []
  for (let at: unknown = error; at instanceof Error && !chain.includes(at); at = at.cause) chain.push(at)
  return chain
}
