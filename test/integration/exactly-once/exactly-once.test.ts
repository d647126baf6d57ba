// I1 and I3 on real Kafka, with DynamoDB and S3 emulated: functions and pollers killed at random, pollers that overlap,
// everything delivered again, and Kafka itself killed. The published objects hold every record once.

import { randomBytes, randomInt } from 'node:crypto'
import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, afterEach, beforeAll, expect, it } from 'vitest'
import { type Kafka, startKafka } from '../../../infra/kafka.ts'
import { until } from '../../local/event-source/until.ts'
import { KafkaService } from '../poller/kafka-service.ts'
import { bootstrap, describeWith, endpoints } from '../poller/services.ts'
import { notOnce, type Outputs, readOutputs } from './outputs.ts'
import { type Running, Stage } from './stage.ts'

/** Two topics of different partition counts. */
const LEDGER = { module: new URL('./function.ts', import.meta.url), topics: { NARROW: 3, WIDE: 5 } }

/**
 * Appends `count` records, one per millisecond of record time, 3 of 5 to the narrow topic. Values of the wide topic do
 * not compress, so that some parts are too large for a commit and are staged.
 */
async function produce(run: Stage, from: number, count: number, start: number): Promise<void> {
  const records = Array.from({ length: count }, (_, i) => {
    const id = from + i
    const narrow = id % 5 < 3
    return {
      topic: run.topic(narrow ? 'NARROW' : 'WIDE'),
      partition: id % (narrow ? LEDGER.topics.NARROW : LEDGER.topics.WIDE),
      value: narrow ? `${id}` : `${id} ${randomBytes(240).toString('base64')}`,
      timestamp: start + id,
    }
  })
  await run.kafka.append(records)
}

let stage: Stage | undefined
afterEach(async () => {
  await stage?.close()
  stage = undefined
})

/** Waits until all is consumed, closed and at rest, and checks the published objects. */
async function expectOnce(on: Stage, count: number): Promise<Outputs> {
  await until('all is consumed', () => on.consumed(), 400_000)
  await until('the job is at rest', () => on.atRest(), 180_000)
  const outputs = await readOutputs(on.objects, on.bucket)
  expect(notOnce(outputs.all, count)).toEqual([])
  expect([...outputs.even.values()].filter((times) => times !== 1)).toEqual([])
  expect(outputs.even.size).toBe(await expectedEven(on))
  expect(outputs.unclosed).toEqual([])
  return outputs
}

/** Even offsets of the narrow topic's partitions. */
async function expectedEven(on: Stage): Promise<number> {
  const ends = await Promise.all(
    on.partitions.filter(({ topic }) => topic === on.topic('NARROW')).map((partition) => on.kafka.endOffset(partition)),
  )
  return ends.reduce((sum, end) => sum + Math.ceil(end / 2), 0)
}

describeWith(bootstrap, endpoints.localstack)('on real Kafka and LocalStack', () => {
  let kafka: KafkaService
  beforeAll(async () => {
    kafka = await new KafkaService(bootstrap).connect()
  })
  afterAll(() => kafka.close())

  it('every record is published once, whatever is killed, doubled or delivered again', {
    timeout: 1_500_000,
  }, async () => {
    const RECORDS = 100_000
    const KILLS = 24
    const run = new Stage(kafka, endpoints.localstack, LEDGER)
    stage = run
    await run.prepare()
    const start = Date.now() - 300_000
    let pollers: Running[] = [await run.start()]
    const kills = { functions: 0, pollers: 0, overlaps: 0 }
    let produced = 0
    const producing = (async () => {
      for (const CHUNK = 5000; produced < RECORDS; produced += CHUNK) {
        await produce(run, produced, CHUNK, start)
        // Spread over the kills: what is read in one go would be done before the first of them.
        await until('more kills', () => kills.functions + kills.pollers >= (produced / RECORDS) * KILLS, 300_000)
      }
    })()
    while (kills.functions + kills.pollers < KILLS || produced < RECORDS) {
      await sleep(randomInt(100, 700)) // a moment at random, which is the point
      const victim = pollers[randomInt(pollers.length)]
      // At random, but a rebalance and an abandoned poller are never left out.
      const done = (kills.functions + kills.pollers) / KILLS
      const due = kills.overlaps === 0 && done > 0.3 ? 9 : kills.pollers === 0 && done > 0.6 ? 7 : undefined
      const dice = due ?? randomInt(10)
      if (dice < 7) kills.functions += victim?.invoker.kill() ?? 0
      else if (dice < 9 && victim) {
        // Its invocations go on as zombies while another member of the group takes over.
        victim.abandon()
        kills.pollers++
        pollers = [...pollers.filter((poller) => poller !== victim), await run.start()]
      } else if (pollers.length < 3) {
        pollers = [...pollers, await run.start()] // a rebalance under load
        kills.overlaps++
      }
    }
    await producing
    const outputs = await expectOnce(run, RECORDS)
    console.log(
      `exactly once: ${RECORDS} records, ${outputs.parts} parts; killed ${kills.functions} functions, ${kills.pollers} pollers; ${kills.overlaps} rebalances`,
    )
    expect(kills.functions + kills.pollers).toBeGreaterThanOrEqual(20)
    expect(kills.pollers).toBeGreaterThan(0)
    expect(kills.overlaps).toBeGreaterThan(0)

    for (const poller of pollers) await poller.stop()
    for (const { topic, partition } of run.partitions)
      await until('the group is rewound', () => kafka.rewind(run.job, topic, partition, 0), 120_000)
    expect(await run.consumed()).toBe(false)
    await run.start()
    const again = await expectOnce(run, RECORDS)
    expect(again.listing).toEqual(outputs.listing)
  })
})

describeWith(bootstrap, endpoints.ministack)('on a Kafka that is killed, and MiniStack', () => {
  let broker: Kafka
  let kafka: KafkaService
  beforeAll(async () => {
    broker = await startKafka()
    kafka = await new KafkaService(broker.bootstrap).connect()
  })
  afterAll(async () => {
    await kafka.close()
    await broker.stop()
  })

  it('every record is published once, with functions killed too', { timeout: 900_000 }, async () => {
    const RECORDS = 20_000
    const run = new Stage(kafka, endpoints.ministack, LEDGER)
    stage = run
    await run.prepare()
    const start = Date.now() - 300_000
    const poller = await run.start()
    let killed = 0
    for (let round = 0; round < 3; round++) {
      const from = (round * RECORDS) / 4
      await produce(run, from, RECORDS / 4, start)
      await sleep(randomInt(50, 500)) // a moment at random
      await broker.kill()
      killed += poller.invoker.kill()
      await broker.restart()
    }
    await produce(run, (RECORDS * 3) / 4, RECORDS / 4, start)
    const outputs = await expectOnce(run, RECORDS)
    console.log(`exactly once: ${RECORDS} records, ${outputs.parts} parts; killed Kafka 3 times, ${killed} functions`)
  })
})
