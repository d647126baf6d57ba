// SASL and TLS for a test cluster: a self-signed certificate for localhost, and one user who may sign in by PLAIN or SCRAM.

import { readFile, rename, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { exists, fingerprint, installOnce } from '../cache.ts'
import { run } from '../run.ts'
import { type KafkaFiles, makeCheckpoint } from './install.ts'

export interface Credentials {
  readonly user: string
  readonly password: string
}

export interface Security {
  /** Path of the certificate to trust. */
  readonly ca: string
  /** SCRAM users are records in the checkpoint of a formatted folder. */
  readonly checkpoint: string
  readonly properties: readonly string[]
}

export async function prepareSecurity(files: KafkaFiles, { user, password }: Credentials): Promise<Security> {
  if (!/^\w+$/.test(user) || !/^[\w.+-]+$/.test(password)) {
    throw new Error('Test users have a name of letters and digits, and a password without spaces, quotes or commas')
  }
  const { ca, keystore } = await certificate()
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
  const plainLogin = 'org.apache.kafka.common.security.plain.PlainLoginModule required'
  const scramLogin = 'org.apache.kafka.common.security.scram.ScramLoginModule required;'
  const properties = [
    'ssl.keystore.type=PEM',
    `ssl.keystore.location=${keystore}`,
    'ssl.client.auth=none',
    'sasl.enabled.mechanisms=PLAIN,SCRAM-SHA-256,SCRAM-SHA-512',
    `listener.name.sasl_ssl.plain.sasl.jaas.config=${plainLogin} user_${user}="${password}";`,
    `listener.name.sasl_ssl.scram-sha-256.sasl.jaas.config=${scramLogin}`,
    `listener.name.sasl_ssl.scram-sha-512.sasl.jaas.config=${scramLogin}`,
  ]
  return { ca, checkpoint, properties }
}

async function certificate(): Promise<{ ca: string; keystore: string }> {
  const folder = await installOnce('localhost-certificate', async (target) => {
    const key = join(target, 'key.pem')
    const ca = join(target, 'ca.pem')
    await run('openssl', [
      ...['req', '-x509', '-newkey', 'rsa:2048', '-nodes', '-days', '3650', '-keyout', key, '-out', ca],
      ...['-subj', '/CN=localhost', '-addext', 'subjectAltName=DNS:localhost,IP:127.0.0.1'],
    ])
    // Kafka's PEM keystore is the unencrypted key and the certificate in one file.
    await writeFile(join(target, 'broker.pem'), (await readFile(key, 'utf8')) + (await readFile(ca, 'utf8')))
  })
  return { ca: join(folder, 'ca.pem'), keystore: join(folder, 'broker.pem') }
}
