// Producers that write transactions, some of which they abort, over all partitions and at the same time, and one that writes
// without. Says which records count.

import { Kafka, logLevel, Partitioners, type Producer, type Transaction } from 'kafkajs'
import { seededRandom } from '../../../src/testing/simulation/random.ts'
import { unique } from '../poller/services.ts'

export interface Written {
  readonly committed: ReadonlySet<string>
  readonly aborted: ReadonlySet<string>
}

interface Open {
  readonly transaction: Transaction
  readonly values: string[]
}

const CHOICES = ['begin or send', 'end', 'plain'] as const

/** Takes `steps` of several producers in an order that the seed decides. */
export async function writeTransactions(
  bootstrap: string,
  topic: string,
  partitions: number,
  { seed, steps, between }: { seed: number; steps: number; between: (step: number) => Promise<void> },
): Promise<Written> {
  const random = seededRandom(seed)
  const kafka = new Kafka({ brokers: bootstrap.split(','), logLevel: logLevel.NOTHING })
  const [committed, aborted] = [new Set<string>(), new Set<string>()]
  const producers = Array.from({ length: 3 }, () =>
    kafka.producer({ transactionalId: unique('tx'), idempotent: true, maxInFlightRequests: 1 }),
  )
  const plain = kafka.producer({ createPartitioner: Partitioners.DefaultPartitioner })
  await Promise.all([...producers, plain].map((producer) => producer.connect()))
  const open = new Map<Producer, Open>()
  let next = 0

  const send = async (to: Pick<Transaction, 'send'>): Promise<string[]> => {
    const partition = random.int(0, partitions)
    const values = Array.from({ length: random.int(1, 20) }, () => `v${next++}`)
    // A key as a Java program has for the number 0: kafkajs takes it for the end of a transaction.
    const key = random.chance(0.2) ? Buffer.from([0, 0, 0, 0]) : null
    await to.send({ topic, messages: values.map((value) => ({ partition, key, value })) })
    return values
  }
  const end = async (producer: Producer): Promise<void> => {
    const under = open.get(producer)
    if (!under) return
    open.delete(producer)
    const commit = random.chance(0.6)
    await (commit ? under.transaction.commit() : under.transaction.abort())
    for (const value of under.values) (commit ? committed : aborted).add(value)
  }

  for (let step = 0; step < steps; step++) {
    const producer = random.pick(producers)
    switch (random.chance(0.6) ? CHOICES[0] : random.pick(CHOICES)) {
      case 'begin or send': {
        const under = open.get(producer) ?? { transaction: await producer.transaction(), values: [] }
        open.set(producer, under)
        under.values.push(...(await send(under.transaction)))
        break
      }
      case 'end':
        await end(producer)
        break
      case 'plain':
        for (const value of await send(plain)) committed.add(value)
    }
    await between(step)
  }
  for (const producer of producers) await end(producer)
  await Promise.all([...producers, plain].map((producer) => producer.disconnect()))
  return { committed, aborted }
}
