// kafkajs, tamed: silent unless somebody listens, every socket known so that a member can vanish as a crash would make
// it, and short errors at the start instead of long waits. Only the kafka-* files know this library (it has had no
// release since 2024); everybody else knows the TopicSource port.

import { connect as connectPlain, isIP, type Socket } from 'node:net'
import { connect as connectTls } from 'node:tls'
import kafkajs, { type Admin, type Kafka } from 'kafkajs'
import { BrokerUnreachableError, TopicMissingError } from '../../errors/stand-in-errors.ts'
import { mendFetches } from './kafka-aborted.ts'
import { addCodecs } from './kafka-codecs.ts'
import type { KafkaSourceOptions } from './kafka-options.ts'
import { checkCertificates, refusalOf } from './kafka-refusal.ts'
import { pause } from './wakeable.ts'

export type { KafkaSourceOptions } from './kafka-options.ts'

// A CommonJS package: Node finds none of its names but the default.
const { logLevel } = kafkajs

addCodecs()
mendFetches()

/** One connection to Kafka, which can be cut. */
export interface KafkaClient {
  readonly kafka: Kafka
  readonly options: KafkaSourceOptions
  /** Destroys every socket and lets no new one be opened. */
  cut(): void
}

/** Retries of one operation: some 8 seconds, which a restarting broker needs about half of. */
const RETRY = { initialRetryTime: 100, maxRetryTime: 1000, retries: 10, restartOnFailure: async () => false }

/**
 * A client of its own sockets.
 *
 * @param onTrouble hears of each socket that fails, or that the broker closes: kafkajs tells of it when it has tried for long
 */
export function kafkaClient(options: KafkaSourceOptions, onTrouble?: (error: Error) => void): KafkaClient {
  const sockets = new Set<Socket>()
  let isCut = false
  const kafka = new kafkajs.Kafka({
    clientId: options.clientId ?? 'millrace-poller',
    brokers: [...options.brokers],
    connectionTimeout: 3000,
    retry: RETRY,
    ...(options.ssl !== undefined && { ssl: options.ssl }),
    ...(options.sasl !== undefined && { sasl: options.sasl }),
    logLevel: options.log ? logLevel.WARN : logLevel.NOTHING,
    logCreator:
      () =>
      ({ level, log: { message, timestamp: _, logger: __, ...facts } }) =>
        options.log?.(level === logLevel.ERROR ? 'error' : 'warn', `kafkajs: ${message}`, facts),
    socketFactory: ({ host, port, ssl, onConnect }) => {
      if (isCut) throw new Error('The connection was cut')
      const socket = ssl
        ? connectTls({ host, port, ...(isIP(host) ? {} : { servername: host }), ...ssl }, onConnect)
        : connectPlain({ host, port }, onConnect)
      socket.setKeepAlive(true, 60_000)
      sockets.add(socket)
      if (onTrouble) {
        socket.on('error', onTrouble)
        // Before Node.js ends its own side in answer, which is how to tell who was first.
        socket.prependListener(
          'end',
          () => socket.writableEnded || onTrouble(new Error('the broker has closed the connection')),
        )
      }
      socket.once('close', () => sockets.delete(socket))
      return socket
    },
  })
  return {
    kafka,
    options,
    cut() {
      isCut = true
      for (const socket of sockets) socket.destroy()
    },
  }
}

/**
 * Makes sure that a broker answers and that the topics exist.
 *
 * @throws BrokerUnreachableError, BrokerRefusedError, TopicMissingError
 */
export async function checkTopics({ options }: KafkaClient, topics: readonly string[]): Promise<void> {
  const { brokers, connectTimeoutMs = 5000 } = options
  checkCertificates(options)
  const refusal = Promise.withResolvers<Error>()
  const look = async (error: unknown): Promise<void> => {
    const refused = await refusalOf(error, options)
    if (refused) refusal.resolve(refused)
  }
  // A client of its own, cut in the end: kafkajs goes on retrying in the background after a failure.
  const client = kafkaClient(options, (error) => void look(error))
  const deadline = Date.now() + connectTimeoutMs
  let cause: unknown = new Error('no answer')
  try {
    while (Date.now() < deadline) {
      const attempt = listTopics(client).catch(async (error: unknown) => {
        cause = error
        await look(error)
        return undefined
      })
      const found = await Promise.race([attempt, refusal.promise, pause(deadline - Date.now())])
      if (found instanceof Error) throw found
      if (found) {
        const missing = topics.filter((topic) => !found.includes(topic))
        if (missing.length > 0) throw new TopicMissingError(missing, brokers)
        return
      }
      await pause(Math.min(200, deadline - Date.now()))
    }
    throw new BrokerUnreachableError(brokers, connectTimeoutMs, cause)
  } finally {
    client.cut()
  }
}

function listTopics(client: KafkaClient): Promise<string[]> {
  return withAdmin(client, (admin) => admin.listTopics(), { retries: 0 })
}

/**
 * Runs one administrative request on a connection of its own. Such requests are rare (one per rebalance), and a new
 * connection saves telling a stale one from a broken one: `fetchOffsets` does not retry a closed connection.
 */
export async function withAdmin<T>(
  { kafka }: KafkaClient,
  use: (admin: Admin) => Promise<T>,
  retry: { readonly retries: number } = { retries: 3 },
): Promise<T> {
  const admin = kafka.admin({ retry: { ...RETRY, ...retry } })
  try {
    await admin.connect()
    return await use(admin)
  } finally {
    await admin.disconnect().catch(() => {})
  }
}
