// SASL and TLS for a test cluster: certificates of its own, and one user who may sign in by PLAIN, SCRAM or with a token.

import { rename } from 'node:fs/promises'
import { join } from 'node:path'
import { exists, fingerprint } from '../cache.ts'
import { type Certificates, makeCertificates } from './certificates.ts'
import { type KafkaFiles, makeCheckpoint } from './install.ts'

export interface Credentials {
  readonly user: string
  readonly password: string
}

export interface Security {
  readonly certificates: Certificates
  /** SCRAM users are records in the checkpoint of a formatted folder. */
  readonly checkpoint: string
  readonly properties: readonly string[]
}

const MODULES = 'org.apache.kafka.common.security'

/** Certificates go into `folder`. */
export async function prepareSecurity(
  files: KafkaFiles,
  { user, password }: Credentials,
  folder: string,
): Promise<Security> {
  if (!/^\w+$/.test(user) || !/^[\w.+-]+$/.test(password)) {
    throw new Error('Test users have a name of letters and digits, and a password without spaces, quotes or commas')
  }
  const certificates = await makeCertificates(folder)
  const checkpoint = join(files.folder, `bootstrap-${fingerprint(user, password)}.checkpoint`)
  if (!(await exists(checkpoint))) {
    const scram = ['SCRAM-SHA-256', 'SCRAM-SHA-512'].map((m) => `${m}=[name=${user},password=${password}]`)
    const draft = `${checkpoint}.${process.pid}`
    await makeCheckpoint(
      files.jars,
      draft,
      scram.flatMap((entry) => ['--add-scram', entry]),
    )
    await rename(draft, checkpoint)
  }
  const logins: Readonly<Record<string, string>> = {
    plain: `${MODULES}.plain.PlainLoginModule required user_${user}="${password}";`,
    'scram-sha-256': `${MODULES}.scram.ScramLoginModule required;`,
    'scram-sha-512': `${MODULES}.scram.ScramLoginModule required;`,
    // Kafka's own handler for tests takes any token that is not signed and has not expired.
    oauthbearer: `${MODULES}.oauthbearer.OAuthBearerLoginModule required unsecuredLoginStringClaim_sub="broker";`,
  }
  const listeners = ['sasl_ssl', 'sasl_plaintext']
  const properties = [
    'ssl.keystore.type=PEM',
    `ssl.keystore.location=${certificates.broker}`,
    'ssl.truststore.type=PEM',
    `ssl.truststore.location=${certificates.ca}`,
    'ssl.client.auth=none',
    'listener.name.mtls.ssl.client.auth=required',
    'sasl.enabled.mechanisms=PLAIN,SCRAM-SHA-256,SCRAM-SHA-512,OAUTHBEARER',
    ...listeners.flatMap((listener) => [
      ...Object.entries(logins).map(([how, jaas]) => `listener.name.${listener}.${how}.sasl.jaas.config=${jaas}`),
      // A connection does not outlive the token that it was opened with.
      `listener.name.${listener}.oauthbearer.connections.max.reauth.ms=3600000`,
    ]),
  ]
  return { certificates, checkpoint, properties }
}
