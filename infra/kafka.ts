// Real Apache Kafka (KRaft, broker and controller in one JVM) without Docker, in about a second: for tests, which also kill
// it and bring it back on the same data and ports, and for `infra/up.ts`. Needs Java 17 and, the first time, Maven.

import { mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import { exists } from './cache.ts'
import { installKafka, type KafkaFiles } from './kafka/install.ts'
import { untilReady } from './kafka/metadata.ts'
import {
  brokerArgs,
  configureNode,
  describeNode,
  formatNode,
  kafkaId,
  type Node,
  PORTS_PER_NODE,
} from './kafka/nodes.ts'
import { type Credentials, prepareSecurity } from './kafka/security.ts'
import { freePorts } from './ports.ts'
import { type Started, startProcess, stopProcess, until } from './process.ts'
import { makeTempFolder, removeTempFolder } from './temp.ts'

export interface KafkaOptions {
  /** Brokers; 1 by default. With 3, topics can have three replicas. */
  readonly nodes?: number
  /**
   * Opens listeners by TLS, by TLS with a client's certificate, and with SASL (PLAIN, SCRAM-SHA-256, SCRAM-SHA-512, OAUTHBEARER) with and
   * without TLS as well. Needs openssl.
   */
  readonly secure?: Credentials
  /** Heap of each broker; `256m` by default. */
  readonly heap?: string
  /** An empty folder for its data, which stays after `stop()`; a temp folder by default, which does not. */
  readonly dir?: string
}

export interface KafkaBroker {
  readonly id: number
  readonly port: number
  readonly pid: number
  readonly born: string
}

export interface Kafka {
  /** `host:port,…` of the plain listeners. */
  readonly bootstrap: string
  readonly brokers: readonly KafkaBroker[]
  readonly dir: string
  /** Only with `secure`. */
  readonly secure?: SecureListeners
  /** Stops all brokers and removes the data folder, unless it was given. */
  stop(): Promise<void>
  /** SIGKILL to one broker or to all; comes back when they are gone. */
  kill(id?: number): Promise<void>
  /** Starts one broker, or all that do not run, on the same data and ports; comes back when they are ready. */
  restart(id?: number): Promise<void>
}

/** The other listeners, and the paths of the certificate to trust and of a client's. */
export interface SecureListeners extends Credentials {
  readonly ssl: string
  readonly mtls: string
  readonly saslSsl: string
  readonly saslPlaintext: string
  readonly ca: string
  readonly cert: string
  readonly key: string
}

export async function startKafka(options: KafkaOptions = {}): Promise<Kafka> {
  const files = await installKafka()
  const dir = options.dir ?? (await makeTempFolder('kafka'))
  await mkdir(dir, { recursive: true })
  const security = options.secure && (await prepareSecurity(files, options.secure, join(dir, 'tls')))
  const count = options.nodes ?? 1
  const ports = await freePorts(count * PORTS_PER_NODE)
  const nodes = Array.from({ length: count }, (_, i) =>
    describeNode(dir, i + 1, ports.slice(i * PORTS_PER_NODE, (i + 1) * PORTS_PER_NODE)),
  )
  const clusterId = kafkaId()
  for (const node of nodes) {
    await configureNode(node, nodes, security)
    await formatNode(node, clusterId, security?.checkpoint ?? files.checkpoint)
  }
  const cluster = new Cluster(nodes, files, options)
  const stop = async () => {
    // Data that stays is closed properly, data that goes need not be.
    await cluster.stop(options.dir === undefined ? 0 : 30_000)
    if (options.dir === undefined) await removeTempFolder(dir)
  }
  try {
    await cluster.restart()
  } catch (error) {
    await stop()
    throw error
  }
  const listener = (port: 'port' | 'sslPort' | 'mtlsPort' | 'saslPort' | 'saslPlainPort') =>
    nodes.map((n) => `127.0.0.1:${n[port]}`).join(',')
  return {
    bootstrap: listener('port'),
    get brokers() {
      return cluster.brokers()
    },
    dir,
    ...(options.secure &&
      security && {
        secure: {
          ...options.secure,
          ssl: listener('sslPort'),
          mtls: listener('mtlsPort'),
          saslSsl: listener('saslPort'),
          saslPlaintext: listener('saslPlainPort'),
          ca: security.certificates.ca,
          cert: security.certificates.cert,
          key: security.certificates.key,
        },
      }),
    stop,
    kill: (id) => cluster.kill(id),
    restart: (id) => cluster.restart(id),
  }
}

class Cluster {
  readonly #nodes: readonly Node[]
  readonly #files: KafkaFiles
  readonly #options: KafkaOptions
  readonly #running = new Map<number, Started>()

  constructor(nodes: readonly Node[], files: KafkaFiles, options: KafkaOptions) {
    this.#nodes = nodes
    this.#files = files
    this.#options = options
  }

  brokers(): KafkaBroker[] {
    return this.#nodes.flatMap(({ id, port }) => {
      const process = this.#alive(id)
      return process ? [{ id, port, pid: process.pid, born: process.born }] : []
    })
  }

  async restart(id?: number): Promise<void> {
    for (const node of this.#select(id)) {
      if (!this.#alive(node.id)) this.#running.set(node.id, await this.#launch(node))
    }
    const living = this.#nodes.flatMap((node) => {
      const process = this.#alive(node.id)
      return process ? [{ port: node.port, ended: process.ended, log: logOf(node) }] : []
    })
    await untilReady(living, living.length)
  }

  async kill(id?: number): Promise<void> {
    await this.#end(this.#select(id), 0)
  }

  async stop(grace: number): Promise<void> {
    await this.#end(this.#nodes, grace)
  }

  async #end(nodes: readonly Node[], grace: number): Promise<void> {
    await Promise.all(
      nodes.map(async (node) => {
        const process = this.#alive(node.id)
        if (!process) return
        await stopProcess(process, grace)
        await until(() => process.ended() !== undefined, 10_000, `end of broker ${node.id}`)
      }),
    )
  }

  #alive(id: number): Started | undefined {
    const process = this.#running.get(id)
    return process?.ended() === undefined ? process : undefined
  }

  #select(id?: number): readonly Node[] {
    if (id === undefined) return this.#nodes
    const node = this.#nodes.find((each) => each.id === id)
    if (!node) throw new Error(`There is no broker ${id}, only 1 to ${this.#nodes.length}`)
    return [node]
  }

  async #launch(node: Node): Promise<Started> {
    const { jars, classArchive } = this.#files
    const flags = (await exists(classArchive)) ? [`-XX:SharedArchiveFile=${classArchive}`] : []
    const args = brokerArgs(node, jars, { heap: this.#options.heap ?? '256m', flags })
    return startProcess('java', args, { log: logOf(node) })
  }
}

function logOf(node: Node): string {
  return join(node.dir, 'kafka.log')
}
