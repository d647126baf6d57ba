// Is a cluster ready? Asked in Kafka's own protocol, so that no client has to be loaded and no log line be trusted.

import { connect } from 'node:net'
import { lastLines } from '../health.ts'
import { until } from '../process.ts'

interface Broker {
  readonly port: number
  readonly ended: () => string | undefined
  readonly log: string
}

/** Three nodes on two busy cores took 5.5 s; the rest is room for a machine that is doing something else as well. */
const LONGEST_START = 120_000

/** Waits until each of these brokers knows `count` living brokers. */
export async function untilReady(brokers: readonly Broker[], count: number): Promise<void> {
  await until(
    async () => {
      const dead = brokers.find((broker) => broker.ended() !== undefined)
      if (dead) throw new Error(`Kafka ended with ${dead.ended()} instead of starting:\n${await lastLines(dead.log)}`)
      const seen = await Promise.all(brokers.map((broker) => brokersSeen(broker.port)))
      return seen.every((number) => number === count)
    },
    LONGEST_START,
    'Kafka ready',
  )
}

/**
 * One Metadata request, version 1, for no topics; the answer starts with the list of living brokers.
 *
 *     request:  size i32 | api key i16 = 3 | version i16 = 1 | correlation id i32 | client id i16 = -1 (null) | topics i32 = 0
 *     response: size i32 | correlation id i32 | brokers i32 | …
 */
export function brokersSeen(port: number): Promise<number> {
  const request = Buffer.alloc(18)
  request.writeInt32BE(14, 0)
  request.writeInt16BE(3, 4)
  request.writeInt16BE(1, 6)
  request.writeInt32BE(7, 8)
  request.writeInt16BE(-1, 12)
  request.writeInt32BE(0, 14)
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1', () => socket.write(request))
    let answer = Buffer.alloc(0)
    const done = (count: number) => {
      socket.destroy()
      resolve(count)
    }
    socket.setTimeout(1000, () => done(0))
    socket.on('error', () => done(0))
    socket.on('close', () => done(0))
    socket.on('data', (data) => {
      answer = Buffer.concat([answer, data])
      if (answer.length >= 12) done(answer.readInt32BE(8))
    })
  })
}
