// A job of functions/ over records on real Kafka, while its functions are killed at moments that nobody chose.

import { randomInt } from 'node:crypto'
import { setTimeout as sleep } from 'node:timers/promises'
import { expect } from 'vitest'
import { until } from '../../local/event-source/until.ts'
import { Stage } from '../exactly-once/stage.ts'
import type { KafkaService } from '../poller/kafka-service.ts'
import { placeLines } from './placed.ts'

export const PARTITIONS = 4

export interface KilledRun {
  readonly job: string
  readonly endpoint: string
  /** The environment variable that names the job's topic. */
  readonly topic: string
  /** Milliseconds. */
  readonly batch: number
  /** Record i goes into partition i modulo their number. */
  readonly records: readonly { readonly timestamp: number; readonly value: string }[]
  readonly kills: number
}

/** Runs until all is closed; `times` are the batch times of the records. `started`: told of the stage before anything runs, to close it. */
export async function runKilled(
  kafka: KafkaService,
  { job, endpoint, topic, batch, records, kills: wanted }: KilledRun,
  started: (stage: Stage) => void,
): Promise<{ readonly run: Stage; readonly times: readonly number[] }> {
  const run = new Stage(kafka, endpoint, {
    module: new URL(`../../../functions/${job}.ts`, import.meta.url),
    job,
    topics: { [topic]: PARTITIONS },
    env: { IDLE_AFTER: '20s' }, // longer than the pauses that kills make: what is silent for longer is rightly not waited for (I2)
  })
  started(run)
  await run.prepare()
  const poller = await run.start()
  let kills = 0
  const chunk = Math.ceil(records.length / wanted)
  for (let from = 0; from < records.length; from += chunk) {
    await kafka.append(
      records.slice(from, from + chunk).map(({ timestamp, value }, i) => {
        return { topic: run.topic(topic), partition: (from + i) % PARTITIONS, value, timestamp }
      }),
    )
    await sleep(randomInt(50, 400)) // a moment at random
    await until('a function runs', () => {
      const killed = poller.invoker.kill()
      kills += killed
      return killed > 0
    })
  }
  await until('all is consumed', () => run.consumed(), 300_000)
  await until('the job is at rest', () => run.atRest(), 300_000)
  console.log(`${job}: ${records.length} records, functions killed ${kills} times`)
  expect(kills).toBeGreaterThanOrEqual(wanted)
  return { run, times: await placeLines(run, endpoint, records, batch) }
}
