// A transactional producer upstream, on real Kafka: only committed records count, each once, and the offsets of markers and
// aborted records are explained by `holes: 'transactional'`. Without it they are what they look like, missing records (I7).

import { afterAll, afterEach, beforeAll, expect, it } from 'vitest'
import { isSourceCommit } from '../../../src/log/commit-record.ts'
import { TaskLog } from '../../../src/log/task-log.ts'
import { SOURCE_STAGE } from '../../../src/names/tasks.ts'
import { dynamoTable } from '../../../src/stores/dynamo-table.ts'
import { EMULATED } from '../../contract/dynalite.ts'
import { until } from '../../local/event-source/until.ts'
import { Stage } from '../exactly-once/stage.ts'
import { KafkaService } from '../poller/kafka-service.ts'
import { bootstrap, describeWith, endpoints } from '../poller/services.ts'
import { writeTransactions } from './upstream.ts'

const PARTITIONS = 3

interface Copied {
  readonly partition: number
  readonly offset: number
  readonly value: string
}

describeWith(bootstrap, endpoints.ministack)('a transactional producer on real Kafka and MiniStack', () => {
  let kafka: KafkaService
  let run: Stage | undefined
  beforeAll(async () => {
    kafka = await new KafkaService(bootstrap).connect()
  })
  afterEach(async () => {
    await run?.close()
    run = undefined
  })
  afterAll(() => kafka.close())

  async function start(holes: string): Promise<Stage> {
    const stage = new Stage(kafka, endpoints.ministack, {
      module: new URL('./function.ts', import.meta.url),
      topics: { LINES: PARTITIONS },
      env: { HOLES: holes },
    })
    run = stage
    await stage.prepare()
    return stage
  }

  async function copiedBy({ objects, bucket }: Stage): Promise<Copied[]> {
    const copied: Copied[] = []
    for await (const { key } of objects.list(bucket, 'copied-')) {
      if (key.endsWith('/_SUCCESS')) continue
      const body = new TextDecoder().decode(await objects.get({ bucket, key }))
      for (const line of body.trimEnd().split('\n')) copied.push(JSON.parse(line))
    }
    return copied
  }

  it('counts what is committed, once, with functions killed', async () => {
    const stage = await start('transactional')
    const poller = await stage.start()
    const { committed, aborted } = await writeTransactions(bootstrap, stage.topic('LINES'), PARTITIONS, {
      seed: 11,
      steps: 150,
      between: async (step) => {
        if (step % 10 === 9) poller.invoker.kill()
      },
    })
    expect(aborted.size).toBeGreaterThan(100)
    await until('all is copied', async () => (await copiedBy(stage)).length >= committed.size, 180_000)
    await until('the job is at rest', () => stage.atRest(), 60_000)
    const copied = await copiedBy(stage)
    expect(copied.filter(({ value }) => aborted.has(value))).toEqual([])
    expect(copied.length).toBe(committed.size)
    expect(new Set(copied.map(({ value }) => value))).toEqual(committed)
    expect(stage.logs.filter((line) => line.includes('OFFSET_GAP'))).toEqual([])
    expect(await missingBy(stage)).toBe(holesIn(copied))
    expect(holesIn(copied)).toBeGreaterThan(100)
  })

  it('without the declaration a marker is a missing record', async () => {
    const stage = await start('none')
    const topic = stage.topic('LINES')
    const write = (seed: number) =>
      writeTransactions(bootstrap, topic, 1, { seed, steps: 20, between: () => Promise.resolve() })
    await write(1)
    await stage.start()
    await until('it is an error', () => stage.logs.some((line) => line.includes('OFFSET_GAP')), 60_000)
    // Nothing behind the hole has been taken, and nothing is while it is delivered again and again.
    const [copied] = [await copiedBy(stage), await write(2)]
    expect(holesIn(copied)).toBe(0)
    expect(holesIn(await copiedBy(stage))).toBe(0)
  })
})

/** Offsets between the first and the last record of each partition that are not there. */
function holesIn(copied: readonly Copied[]): number {
  return [...Map.groupBy(copied, ({ partition }) => partition).values()]
    .map((list) => list.map(({ offset }) => offset).sort((a, b) => a - b))
    .reduce((sum, offsets) => sum + (offsets.at(-1) ?? 0) - (offsets[0] ?? 0) + 1 - offsets.length, 0)
}

/** What the logs say was passed over. */
async function missingBy(stage: Stage): Promise<number> {
  const table = dynamoTable({ table: stage.table, endpoint: endpoints.ministack, ...EMULATED })
  let missing = 0
  for (const { topic, partition } of stage.partitions) {
    const ref = { job: stage.job, stage: SOURCE_STAGE, task: `${topic}-${partition}` }
    const log = new TaskLog(ref, table, stage.objects, stage.bucket, isSourceCommit)
    missing += (await log.head())?.record.totals.missing ?? 0
  }
  table.close()
  return missing
}
