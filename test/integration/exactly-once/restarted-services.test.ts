// I1 with table and buckets that go away in the middle of traffic and come back with what they had: each record is published once.

import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { type MiniStack, startMiniStack } from '../../../infra/ministack.ts'
import { freePorts } from '../../../infra/ports.ts'
import { makeTempFolder, removeTempFolder } from '../../../infra/temp.ts'
import { until } from '../../local/event-source/until.ts'
import { KafkaService } from '../poller/kafka-service.ts'
import { bootstrap, describeWith, endpoints } from '../poller/services.ts'
import { notOnce, readOutputs } from './outputs.ts'
import { Stage } from './stage.ts'

const PARTITIONS = 3
const LEDGER = { module: new URL('./function.ts', import.meta.url), topics: { NARROW: PARTITIONS, WIDE: 1 } }

describeWith(bootstrap, endpoints.ministack)('on a MiniStack that is stopped and started again', () => {
  let kafka: KafkaService
  let folder: string
  let services: MiniStack
  let run: Stage

  beforeAll(async () => {
    kafka = await new KafkaService(bootstrap).connect()
    folder = await makeTempFolder('kept')
    const [port = 0] = await freePorts(1)
    services = await startMiniStack({ keep: folder, port })
    run = new Stage(kafka, services.endpoint, LEDGER)
    await run.prepare()
  })
  afterAll(async () => {
    await run?.close()
    await services?.stop()
    await kafka?.close()
    await removeTempFolder(folder)
  })

  it('every record is published once', { timeout: 600_000 }, async () => {
    const [ROUNDS, EACH] = [4, 1500]
    const start = Date.now() - 300_000
    const port = Number(new URL(services.endpoint).port)
    await run.start()
    for (let round = 0; round < ROUNDS; round++) {
      // Small values: MiniStack loses uploads that are open, and these are none.
      await kafka.append(
        Array.from({ length: EACH }, (_, i) => {
          const id = round * EACH + i
          return { topic: run.topic('NARROW'), partition: id % PARTITIONS, value: `${id}`, timestamp: start + id }
        }),
      )
      if (round === ROUNDS - 1) break
      await sleep(100 * round) // a moment of what is under way
      await services.stop()
      await sleep(500) // for a while nobody answers
      services = await startMiniStack({ keep: folder, port })
    }
    await until('all is consumed', () => run.consumed(), 300_000)
    await until('the job is at rest', () => run.atRest(), 180_000)
    const outputs = await readOutputs(run.objects, run.bucket)
    expect(notOnce(outputs.all, ROUNDS * EACH)).toEqual([])
    expect(outputs.unclosed).toEqual([])
  })
})
