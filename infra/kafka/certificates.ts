// Certificates of one cluster: an authority of its own, the broker's, and a client's. Elliptic curves, so that all three take a
// tenth of a second.

import { mkdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { run } from '../run.ts'

/** Paths of PEM files. */
export interface Certificates {
  /** The authority, which brokers and clients trust. */
  readonly ca: string
  /** The broker's key and certificate in one file, as Kafka's PEM keystore wants it. */
  readonly broker: string
  /** A client's certificate. */
  readonly cert: string
  /** The key of `cert`. */
  readonly key: string
}

const CURVE = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes', '-days', '3650']

export async function makeCertificates(folder: string): Promise<Certificates> {
  await mkdir(folder, { recursive: true })
  const file = (name: string): string => join(folder, name)
  const [ca, caKey] = [file('ca.pem'), file('ca-key.pem')]
  await run('openssl', ['req', '-x509', ...CURVE, '-keyout', caKey, '-out', ca, '-subj', '/CN=millrace test authority'])
  const signed = async (name: string, extra: readonly string[]): Promise<{ cert: string; key: string }> => {
    const [cert, key] = [file(`${name}.pem`), file(`${name}-key.pem`)]
    const by = ['-CA', ca, '-CAkey', caKey, '-subj', `/CN=${name}`, ...extra]
    await run('openssl', ['req', '-x509', ...CURVE, '-keyout', key, '-out', cert, ...by])
    return { cert, key }
  }
  const server = await signed('localhost', ['-addext', 'subjectAltName=DNS:localhost,IP:127.0.0.1'])
  const client = await signed('somebody', ['-addext', 'basicConstraints=CA:FALSE'])
  const broker = file('broker.pem')
  await writeFile(broker, (await readFile(server.key, 'utf8')) + (await readFile(server.cert, 'utf8')))
  return { ca, broker, ...client }
}
