// The files and the command line of one Kafka node.

import { randomBytes } from 'node:crypto'
import { copyFile, mkdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { exists } from '../cache.ts'
import type { Security } from './security.ts'

export interface Node {
  readonly id: number
  readonly dir: string
  readonly data: string
  readonly properties: string
  readonly port: number
  readonly controllerPort: number
  readonly sslPort: number
  readonly saslPort: number
  readonly saslPlainPort: number
  readonly mtlsPort: number
}

export const PORTS_PER_NODE = 6

export function describeNode(root: string, id: number, ports: readonly number[]): Node {
  const [port = 0, controllerPort = 0, sslPort = 0, saslPort = 0, saslPlainPort = 0, mtlsPort = 0] = ports
  const dir = join(root, String(id))
  const paths = { dir, data: join(dir, 'data'), properties: join(dir, 'server.properties') }
  return { id, ...paths, port, controllerPort, sslPort, saslPort, saslPlainPort, mtlsPort }
}

/** Kafka's ids: 16 bytes in base64url, and command lines take no id with a leading dash. */
export function kafkaId(): string {
  for (;;) {
    const id = randomBytes(16).toString('base64url')
    if (!id.startsWith('-')) return id
  }
}

const HERE = fileURLToPath(new URL('.', import.meta.url))

/** Writes a node's server.properties. */
export async function configureNode(node: Node, all: readonly Node[], security?: Security): Promise<void> {
  await mkdir(node.data, { recursive: true })
  const replicas = Math.min(3, all.length)
  const values: Record<string, string | number> = {
    ID: node.id,
    DATA: node.data,
    REPLICAS: replicas,
    MIN_ISR: Math.max(1, replicas - 1),
    VOTERS: all.map((n) => `${n.id}@127.0.0.1:${n.controllerPort}`).join(','),
  }
  const template = await readFile(join(HERE, 'server.properties'), 'utf8')
  const filled = template.replace(/@([A-Z_]+)@/g, (match, name) => String(values[name] ?? match))
  await writeFile(node.properties, [filled, ...listeners(node, security), ...(security?.properties ?? [])].join('\n'))
}

function listeners(node: Node, security?: Security): string[] {
  const open = [
    { name: 'PLAINTEXT', protocol: 'PLAINTEXT', port: node.port },
    { name: 'CONTROLLER', protocol: 'PLAINTEXT', port: node.controllerPort },
  ]
  if (security) {
    open.push({ name: 'SSL', protocol: 'SSL', port: node.sslPort })
    open.push({ name: 'SASL_SSL', protocol: 'SASL_SSL', port: node.saslPort })
    open.push({ name: 'SASL_PLAINTEXT', protocol: 'SASL_PLAINTEXT', port: node.saslPlainPort })
    // TLS that asks who the client is.
    open.push({ name: 'MTLS', protocol: 'SSL', port: node.mtlsPort })
  }
  return [
    `listeners=${open.map((l) => `${l.name}://127.0.0.1:${l.port}`).join(',')}`,
    `listener.security.protocol.map=${open.map((l) => `${l.name}:${l.protocol}`).join(',')}`,
  ]
}

/**
 * Makes an empty data folder a formatted one. That is all `kafka-storage format` does, which would take another JVM:
 * `bootstrap.checkpoint` (feature levels, SCRAM users) is made once by the real tool and copied.
 */
export async function formatNode(node: Node, clusterId: string, checkpoint: string): Promise<void> {
  const meta = join(node.data, 'meta.properties')
  if (await exists(meta)) return
  await copyFile(checkpoint, join(node.data, 'bootstrap.checkpoint'))
  const lines = ['version=1', `node.id=${node.id}`, `cluster.id=${clusterId}`, `directory.id=${kafkaId()}`]
  await writeFile(meta, `${lines.join('\n')}\n`)
}

/** A small JVM: measured with 256 MB of heap 160 MB resident; C1 alone and the serial collector start fastest. */
export const SMALL_JVM = ['-XX:+UseSerialGC', '-XX:TieredStopAtLevel=1']

export function brokerArgs(node: Node, jars: string, options: { heap: string; flags: readonly string[] }): string[] {
  const logging = `-Dlog4j2.configurationFile=${join(HERE, 'log4j2.properties')}`
  const heap = ['-Xms64m', `-Xmx${options.heap}`]
  return [...heap, ...SMALL_JVM, ...options.flags, logging, '-cp', join(jars, '*'), 'kafka.Kafka', node.properties]
}
