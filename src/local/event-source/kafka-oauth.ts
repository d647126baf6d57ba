// SASL/OAUTHBEARER. kafkajs sends the token and takes any answer for a yes, so a token that the broker refuses shows as a connection
// that is closed a moment later. Here the answer is read, and the broker asked for its reason.
// https://www.rfc-editor.org/rfc/rfc7628#section-3.2.3, org.apache.kafka.common.security.oauthbearer.internals.OAuthBearerSaslServer

import kafkajs, { type Mechanism } from 'kafkajs'
import { describeCause, MillraceError } from '../../errors/errors.ts'

const SEPARATOR = '\u0001'

/** kafkajs knows its own by the name, and its types do not let us make one. */
class LoginRefused extends kafkajs.KafkaJSNonRetriableError {
  override readonly name = 'KafkaJSSASLAuthenticationError'
}

/** A login by tokens. `token` is asked at each connection, and again before the broker's session with the last one ends. */
export function tokenLogin(token: () => Promise<string>): Mechanism {
  return {
    mechanism: 'oauthbearer',
    authenticationProvider: ({ saslAuthenticate }) => ({
      async authenticate() {
        const bearer = await tokenOf(token)
        const send = (text: string): Promise<string | undefined> =>
          saslAuthenticate({
            request: { encode: () => bytes(text) },
            response: { decode: textOf, parse: String },
          }).then((answer) => answer || undefined)
        const refused = await send(`n,,${SEPARATOR}auth=Bearer ${bearer}${SEPARATOR}${SEPARATOR}`).catch(messageOf)
        if (refused === undefined) return
        // The broker waits for this, and says then in an error that it is over.
        const last = await send(SEPARATOR).catch(messageOf)
        throw new LoginRefused(
          `SASL OAUTHBEARER authentication failed: ${whyRefused(bearer, last?.includes(refused) ? last : `${refused}, ${last}`)}`,
        )
      },
    }),
  }
}

async function tokenOf(token: () => Promise<string>): Promise<string> {
  let bearer: string
  try {
    bearer = (await token()).trim()
  } catch (error) {
    if (error instanceof MillraceError) throw error
    throw new LoginRefused(`There is no token (${describeCause(error)})`)
  }
  // What is no token would end the message early: https://www.rfc-editor.org/rfc/rfc6750#section-2.1
  if (/^[\w.~+/-]+=*$/.test(bearer)) return bearer
  throw new LoginRefused(
    `What was given as the token is none: it ${bearer.length === 0 ? 'is empty' : 'has characters that no token has'}`,
  )
}

/** The end of a token's life in milliseconds, if it is a JWT that says so. https://www.rfc-editor.org/rfc/rfc7519#section-4.1.4 */
export function expiryOf(token: string): number | undefined {
  const [, claims] = token.split('.')
  try {
    const read: unknown = JSON.parse(Buffer.from(claims ?? '', 'base64url').toString())
    const seconds: unknown = typeof read === 'object' && read !== null && 'exp' in read ? read.exp : undefined
    return typeof seconds === 'number' ? seconds * 1000 : undefined
  } catch {
    return undefined // An opaque token, of which only its issuer knows more.
  }
}

function whyRefused(token: string, answer: string): string {
  const end = expiryOf(token)
  if (end === undefined || end > Date.now()) return answer
  return `the token expired at ${new Date(end).toISOString()} (${answer})`
}

const messageOf = (error: unknown): string => (error instanceof Error ? error.message : describeCause(error))

/** As Kafka has bytes: behind their length. */
function bytes(text: string): Buffer {
  const content = Buffer.from(text)
  const length = Buffer.alloc(4)
  length.writeInt32BE(content.length)
  return Buffer.concat([length, content])
}

const textOf = (answer: Buffer): Buffer => answer.subarray(4)
