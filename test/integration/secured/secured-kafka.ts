// One Kafka with all its listeners for the tests of this folder, and how to get in at each of them.

import { readFile } from 'node:fs/promises'
import { inject } from 'vitest'
import { type Kafka, type SecureListeners, startKafka } from '../../../infra/kafka.ts'
import type { KafkaSasl, KafkaTls } from '../../../src/local/event-source/kafka-login.ts'

/** Where no Kafka can be started these tests are skipped, as all that need one. */
export const noKafka = 'missing' in inject('services').kafka

export const USER = 'somebody'
export const PASSWORD = 'right-4711'

export interface Secured {
  readonly kafka: Kafka
  readonly at: SecureListeners
  /** The contents of the PEM files. */
  readonly pem: Required<KafkaTls>
}

export async function startSecured(): Promise<Secured> {
  const kafka = await startKafka({ secure: { user: USER, password: PASSWORD } })
  if (!kafka.secure) throw new Error('Kafka has no other listeners')
  const { ca, cert, key } = kafka.secure
  const [text, own, itsKey] = await Promise.all([ca, cert, key].map((file) => readFile(file, 'utf8')))
  return { kafka, at: kafka.secure, pem: { ca: text ?? '', cert: own ?? '', key: itsKey ?? '' } }
}

/** A token that is not signed, which Kafka's handler for tests takes; it ends in so many seconds. */
export function unsigned(seconds: number, now = Date.now()): string {
  const part = (value: unknown): string => Buffer.from(JSON.stringify(value)).toString('base64url')
  const iat = Math.floor(now / 1000) - 100
  return `${part({ alg: 'none' })}.${part({ sub: USER, iat, exp: iat + 100 + seconds })}.`
}

export const token = (seconds = 3600): KafkaSasl => ({ mechanism: 'oauthbearer', token: async () => unsigned(seconds) })

export const account = (
  mechanism: 'plain' | 'scram-sha-256' | 'scram-sha-512',
  password = PASSWORD,
  username = USER,
): KafkaSasl => ({ mechanism, username, password })
