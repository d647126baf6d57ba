// Leader changes on demand. kafkajs can reorder the replicas of a partition, but not ask for the election that makes the first
// of them the leader, so that one request is written here.

import { connect } from 'node:net'
import kafkajs, { type Kafka } from 'kafkajs'

export function quietKafka(bootstrap: string): Kafka {
  return new kafkajs.Kafka({
    brokers: bootstrap.split(','),
    logLevel: kafkajs.logLevel.NOTHING,
    connectionTimeout: 2000,
    retry: { initialRetryTime: 100, maxRetryTime: 1000, retries: 8 },
  })
}

export interface Partition {
  readonly partitionId: number
  readonly leader: number
  readonly replicas: readonly number[]
  readonly isr: readonly number[]
}

export async function describePartitions(kafka: Kafka, topic: string): Promise<Partition[]> {
  const admin = kafka.admin()
  try {
    await admin.connect()
    const { topics } = await admin.fetchTopicMetadata({ topics: [topic] })
    return topics[0]?.partitions ?? []
  } finally {
    await admin.disconnect()
  }
}

/** Makes the next replica the leader. */
export async function moveLeader(kafka: Kafka, ports: readonly number[], topic: string, partition: Partition) {
  const { partitionId, leader, replicas } = partition
  const next = replicas[(replicas.indexOf(leader) + 1) % replicas.length] ?? leader
  const order = [next, ...replicas.filter((id) => id !== next)]
  const admin = kafka.admin()
  try {
    await admin.connect()
    const partitionAssignment = [{ partition: partitionId, replicas: order }]
    await admin.alterPartitionReassignments({ topics: [{ topic, partitionAssignment }] })
  } finally {
    await admin.disconnect()
  }
  for (const port of ports) if (await electPreferred(port, topic, partitionId)) return
}

/**
 * One ElectLeaders request, version 1. False when the broker did not take it.
 *
 *     request:  size i32 | api key i16 = 43 | version i16 = 1 | correlation id i32 | client id i16 = -1 (null)
 *               | type i8 = 0 (preferred) | topics i32 = 1 | topic string | partitions i32 = 1 | partition i32 | timeout i32
 *     response: size i32 | correlation id i32 | throttle time i32 | error i16 | …
 */
export function electPreferred(port: number, topic: string, partition: number): Promise<boolean> {
  const name = Buffer.from(topic)
  const body = Buffer.alloc(14 + 1 + 4 + 2 + name.length + 4 + 4 + 4)
  let at = body.writeInt32BE(body.length - 4, 0)
  for (const [value, bytes] of [
    [43, 2],
    [1, 2],
    [11, 4],
    [-1, 2],
    [0, 1],
    [1, 4],
    [name.length, 2],
  ] as const) {
    at = body.writeIntBE(value, at, bytes)
  }
  at += name.copy(body, at)
  for (const value of [1, partition, 5000]) at = body.writeInt32BE(value, at)
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1', () => socket.write(body))
    let answer = Buffer.alloc(0)
    const done = (taken: boolean): void => {
      socket.destroy()
      resolve(taken)
    }
    socket.setTimeout(6000, () => done(false))
    socket.on('error', () => done(false))
    socket.on('close', () => done(false))
    socket.on('data', (data) => {
      answer = Buffer.concat([answer, data])
      if (answer.length >= 14) done(answer.readInt16BE(12) === 0)
    })
  })
}
