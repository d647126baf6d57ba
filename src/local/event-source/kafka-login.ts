// How one logs in at Kafka, in words of our own: kafkajs' types are not part of what users see.

import { tokenLogin } from './kafka-oauth.ts'
import type { KafkaSourceOptions } from './kafka-options.ts'

/** TLS, beyond the certificates that Node.js trusts. Each is PEM text. */
export interface KafkaTls {
  /** Certificates to trust in place of those. */
  readonly ca?: string
  /** The client's own certificate, with its key. */
  readonly cert?: string
  /** The key of `cert`. */
  readonly key?: string
}

/** How to log in. A token of OAUTHBEARER is asked for at each connection, and again before the broker's session with it ends. */
export type KafkaSasl =
  | {
      readonly mechanism: 'plain' | 'scram-sha-256' | 'scram-sha-512'
      readonly username: string
      readonly password: string
    }
  | { readonly mechanism: 'oauthbearer'; readonly token: () => Promise<string> }

type Login = Pick<KafkaSourceOptions, 'ssl' | 'sasl'>

export function loginOf(tls: boolean | KafkaTls | undefined, sasl: KafkaSasl | undefined): Login {
  const ssl = typeof tls === 'object' ? { ...tls } : tls
  const how = sasl && saslOf(sasl)
  return { ...(ssl !== undefined && { ssl }), ...(how !== undefined && { sasl: how }) }
}

/** kafkajs' type tells the mechanisms apart, so each is named by itself. */
function saslOf(sasl: KafkaSasl): Login['sasl'] {
  if (sasl.mechanism === 'oauthbearer') return tokenLogin(sasl.token)
  const { mechanism, username, password } = sasl
  if (mechanism === 'plain') return { mechanism, username, password }
  return mechanism === 'scram-sha-256' ? { mechanism, username, password } : { mechanism, username, password }
}
