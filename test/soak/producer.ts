// The upstream: appends records at a steady rate, whatever Kafka goes through, and keeps what Kafka has acknowledged. A send
// is repeated until it is acknowledged, so a record may be in the topic twice; those are two records, each with its offset.

import { setTimeout as sleep } from 'node:timers/promises'
import type { Kafka, Producer } from 'kafkajs'

export interface Upstream {
  readonly topic: string
  readonly partitions: number
  /** Records a second, over all partitions. */
  readonly rate: number
  readonly toValue: (id: number) => string
}

const TICK_MS = 250

export class UpstreamProducer {
  /** Ids that Kafka has acknowledged: 0 … `acknowledged` - 1 at the end. */
  acknowledged = 0
  /** Sends that failed and were repeated. */
  repeated = 0
  readonly upstream: Upstream
  readonly #kafka: Kafka
  #producer: Producer | undefined
  #nextId = 0
  #stopped = false
  #running: Promise<void> | undefined
  /** By partition, the sends that are under way, one after the other: order and timestamps agree. */
  readonly #chains: Promise<void>[]

  constructor(kafka: Kafka, upstream: Upstream) {
    this.#kafka = kafka
    this.upstream = upstream
    this.#chains = Array.from({ length: upstream.partitions }, () => Promise.resolve())
  }

  get produced(): number {
    return this.#nextId
  }

  async start(): Promise<void> {
    this.#producer = this.#kafka.producer({
      createPartitioner:
        () =>
        ({ message }) =>
          message.partition ?? 0,
      allowAutoTopicCreation: false,
    })
    await this.#producer.connect()
    this.#running = this.#run()
  }

  /** Stops producing and waits until everything is acknowledged. */
  async stop(): Promise<void> {
    this.#stopped = true
    await this.#running
    await Promise.all(this.#chains)
    await this.#producer?.disconnect()
  }

  async #run(): Promise<void> {
    const started = Date.now()
    const { rate, partitions, toValue } = this.upstream
    while (!this.#stopped) {
      await sleep(TICK_MS)
      const due = Math.floor(((Date.now() - started) / 1000) * rate)
      const batches = Array.from({ length: partitions }, (): { value: string; timestamp: string }[] => [])
      const timestamp = String(Date.now())
      for (; this.#nextId < due; this.#nextId++) {
        batches[this.#nextId % partitions]?.push({ value: toValue(this.#nextId), timestamp })
      }
      for (const [partition, messages] of batches.entries()) {
        if (messages.length === 0) continue
        const before = this.#chains[partition] ?? Promise.resolve()
        this.#chains[partition] = before.then(() => this.#send(partition, messages))
      }
    }
  }

  /** To one partition: one send over several has lost messages without an error when a leader died (kafkajs 2.2.4). */
  async #send(partition: number, messages: { value: string; timestamp: string }[]): Promise<void> {
    for (let attempt = 0; ; attempt++) {
      try {
        await this.#producer?.send({
          topic: this.upstream.topic,
          acks: -1,
          timeout: 10_000,
          messages: messages.map((message) => ({ ...message, partition })),
        })
        this.acknowledged += messages.length
        return
      } catch {
        this.repeated++
        await sleep(Math.min(2000, 100 * 2 ** Math.min(attempt, 6)))
      }
    }
  }
}
