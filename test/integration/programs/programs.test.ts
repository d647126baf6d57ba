// The programs of functions/ as they are, on real Kafka, with functions killed at random: what they publish is what a recount of the
// topic gives, as in their demos.

import { afterAll, afterEach, beforeAll, expect, it } from 'vitest'
import { readPublished } from '../../../demo/outputs.ts'
import { FRAUD } from '../../../demo/programs/fraud.ts'
import { LOG_ERRORS } from '../../../demo/programs/log-errors.ts'
import { differences, type Program } from '../../../demo/programs/program.ts'
import { RANDOM_SUM } from '../../../demo/programs/random-sum.ts'
import { RECOMMEND } from '../../../demo/programs/recommend.ts'
import type { Stage } from '../exactly-once/stage.ts'
import { KafkaService } from '../poller/kafka-service.ts'
import { bootstrap, describeWith, endpoints } from '../poller/services.ts'
import { runKilled } from '../stateful/killed.ts'

const KILLS = 12
/** So long ago that whatever times out has done so. */
const AGO = 3 * 86_400_000

let stage: Stage | undefined
let kafka: KafkaService
beforeAll(async () => {
  if (bootstrap !== '') kafka = await new KafkaService(bootstrap).connect()
})
afterAll(() => kafka?.close())
afterEach(async () => {
  await stage?.close()
  stage = undefined
})

/** What is published and should not be, or the other way round. */
async function wrong({ name, topic, batch, records, recount }: Program, endpoint: string): Promise<string[]> {
  const some = records(Math.floor((Date.now() - AGO) / batch) * batch)
  const how = { job: name, endpoint, topic: topic[0], batch, records: some, kills: KILLS }
  const { run, times } = await runKilled(kafka, how, (started) => {
    stage = started
  })
  const expected = recount(some.map(({ value }, i) => ({ value, time: times[i] ?? 0 })))
  const published = Object.entries(expected).map(async ([output, lines]) => {
    return differences(output, await readPublished(run, output, { bucket: run.bucket }), lines)
  })
  return (await Promise.all(published)).flat()
}

describeWith(bootstrap, endpoints.localstack)('on real Kafka and LocalStack', () => {
  it.each([FRAUD, RECOMMEND])('$name is exact, whatever is killed', { timeout: 900_000 }, async (program) => {
    expect(await wrong(program, endpoints.localstack)).toEqual([])
  })
})

describeWith(bootstrap, endpoints.ministack)('on real Kafka and MiniStack', () => {
  it.each([LOG_ERRORS, RANDOM_SUM])('$name is exact, whatever is killed', { timeout: 900_000 }, async (program) => {
    expect(await wrong(program, endpoints.ministack)).toEqual([])
  })
})
