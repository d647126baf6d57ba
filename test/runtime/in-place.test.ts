// Operators by key in source tasks: state in the task's own log, closing by the partition's own frontier.

import { describe, expect, it } from 'vitest'
import { type JobOptions, type State, StateSpec } from '../../src/index.ts'
import { lambda } from '../../src/lambda/index.ts'
import { isSourceCommit, type SourceCommit } from '../../src/log/commit-record.ts'
import { TaskLog } from '../../src/log/task-log.ts'
import { testStream } from '../../src/testing/index.ts'
import { type MemoryEnvironment, memoryEnvironment, readObjects } from '../../src/testing/memory-environment.ts'
import { incompressible } from '../support/incompressible.ts'
import { kafkaEvent, type SimpleRecord } from '../support/kafka-events.ts'
import { byBatch, keyedJob, type Words } from '../support/keyed-topic.ts'
import { bringToRest, wakeUpEvent } from '../support/rest.ts'

const add = (a: number, b: number): number => a + b
const ones = (words: Words) => words.mapValues(() => 1)
const OPTIONS: JobOptions = { batch: 1000, idleAfter: 10_000 }

const counts = keyedJob(OPTIONS, true, (words) => ones(words).reduceByKey(add).saveAsTextFiles('s3://results/counts'))
const running = keyedJob(OPTIONS, true, (words) =>
  words
    .updateStateByKey((values: readonly string[], n: number | undefined) => (n ?? 0) + values.length)
    .saveAsTextFiles('s3://results/running'),
)

/** Two partitions are known unless something else is said. */
function environmentOf(partitions = new Map([['words', 2]])): MemoryEnvironment {
  return memoryEnvironment().another({ partitions })
}

/** Another process that knows the same. */
function another(environment: MemoryEnvironment, changes: { code?: string } = {}): MemoryEnvironment {
  return environment.another({ partitions: environment.partitions, ...changes })
}

/** `a@500 b@1200`: keys at times, from an offset on. */
function keys(text: string, from = 0): SimpleRecord[] {
  return text.split(' ').map((one, i) => {
    const [key = '', at] = one.split('@')
    return { key, value: 'x', offset: from + i, timestamp: Number(at) }
  })
}

async function results({ objects }: MemoryEnvironment): Promise<Record<string, string>> {
  return Object.fromEntries(await readObjects(objects, 'results'))
}

async function headOf({ table, objects }: MemoryEnvironment, task: string): Promise<SourceCommit> {
  const ref = { job: 'keyed', stage: 'source', task }
  const head = await new TaskLog(ref, table, objects, 'state', isSourceCommit).head()
  if (!head) throw new Error(`no commit of ${task}`)
  return head.record
}

describe('a batch that the partition has passed', () => {
  it('runs in the commit that passes it, as one part of the task, however many micro-batches it came in', async () => {
    const environment = environmentOf()
    const handler = lambda(counts, { environment })
    await handler(kafkaEvent({ 'words-0': keys('a@100 b@200'), 'words-1': keys('z@300') }))
    await handler(kafkaEvent({ 'words-0': keys('a@400', 2) }))
    expect(await results(environment)).toEqual({})
    await handler(kafkaEvent({ 'words-0': keys('a@1500', 3) }))
    expect(await results(environment)).toEqual({ 'counts-1000/part-words-0': '(a,2)\n(b,1)\n' })
  })

  it('has its _SUCCESS when all partitions have passed it', async () => {
    const environment = environmentOf()
    const handler = lambda(counts, { environment })
    await handler(kafkaEvent({ 'words-0': keys('a@100 b@1200'), 'words-1': keys('z@300') }))
    expect(await results(environment)).not.toHaveProperty('counts-1000/_SUCCESS')
    await handler(kafkaEvent({ 'words-1': keys('z@1300', 1) }))
    expect(await results(environment)).toEqual({
      'counts-1000/_SUCCESS': '',
      'counts-1000/part-words-0': '(a,1)\n',
      'counts-1000/part-words-1': '(z,1)\n',
    })
  })

  it('is printed when it is closed', async () => {
    const environment = environmentOf(new Map([['words', 1]]))
    const printing = keyedJob(OPTIONS, true, (words) => ones(words).reduceByKeyAndWindow(add, 2000, 2000).print())
    await lambda(printing, { environment })(kafkaEvent({ 'words-0': keys('a@100 a@1100 b@2100') }))
    expect(environment.printed.map((text) => text.split('\n').slice(1, 4))).toEqual([
      ['Time: 2000 ms', '-------------------------------------------', '(a,2)'],
    ])
  })
})

describe('state', () => {
  it('goes on in an instance that knows nothing, from the log alone', async () => {
    const environment = environmentOf(new Map([['words', 1]]))
    for (let i = 0; i < 5; i++) {
      const handler = lambda(running, { environment: another(environment) })
      await handler(
        kafkaEvent({ 'words-0': keys(`a@${i * 1000 + 100} ${i % 2 ? 'b' : 'c'}@${i * 1000 + 200}`, 2 * i) }),
      )
    }
    expect((await results(environment))['running-4000/part-words-0']).toBe('(a,4)\n(c,2)\n(b,2)\n')
  })

  it('is read again after a lost race, and user code runs on what the winner left', async () => {
    const environment = environmentOf(new Map([['words', 1]]))
    const [a, b] = [environment, another(environment)].map((one) => lambda(running, { environment: one }))
    if (!a || !b) throw new Error('two instances')
    await a(kafkaEvent({ 'words-0': keys('a@100 a@1100') }))
    await b(kafkaEvent({ 'words-0': keys('a@100 a@1100 a@2100 b@2200') }))
    // Does not know of the last two; what it thinks is new conflicts.
    await a(kafkaEvent({ 'words-0': keys('a@2100 b@2200 a@3100', 2) }))
    expect(await results(environment)).toMatchObject({
      'running-1000/part-words-0': '(a,1)\n',
      'running-2000/part-words-0': '(a,2)\n',
      'running-3000/part-words-0': '(a,3)\n(b,1)\n',
    })
  })

  it('is as it was when a function throws: nothing of the micro-batch is committed', async () => {
    let broken = true
    const counting = StateSpec.function((key: string, _: string | undefined, state: State<number>) => {
      if (broken && key === 'b') throw new Error('broken')
      state.update((state.getOption() ?? 0) + 1)
      return `(${key},${state.get()})`
    })
    const flaky = keyedJob(OPTIONS, true, (words) =>
      words.mapWithState(counting).saveAsTextFiles('s3://results/running'),
    )
    const environment = environmentOf(new Map([['words', 1]]))
    const handler = lambda(flaky, { environment })
    await handler(kafkaEvent({ 'words-0': keys('a@100 a@1100 b@1150') }))
    const event = kafkaEvent({ 'words-0': keys('a@2100', 3) })
    await expect(handler(event)).rejects.toMatchObject({
      code: 'BATCH_FAILED',
      time: 2000,
      message: expect.stringMatching(/mapWithState\(words\) fails on batch 2000 in partition words-0: Error: broken/),
    })
    broken = false
    await handler(event)
    expect((await results(environment))['running-2000/part-words-0']).toBe('(a,2)\n(b,1)\n')
  })

  it('is refused when it cannot be saved, and the records are not blamed for it', async () => {
    const unsavable = keyedJob({ ...OPTIONS, onPoison: 'skip' }, true, (words) =>
      words.updateStateByKey((_values: readonly string[], _state: unknown) => () => 'a function').print(),
    )
    const environment = environmentOf(new Map([['words', 1]]))
    const handler = lambda(unsavable, { environment })
    await handler(kafkaEvent({ 'words-0': keys('a@100') }))
    await expect(handler(kafkaEvent({ 'words-0': keys('a@1100', 1) }))).rejects.toMatchObject({
      code: 'UNSAVABLE_VALUE',
    })
    environment.setTime(environment.clock.now() + 3_600_000) // waitForFailed: until then it is not moved on
    await expect(handler(wakeUpEvent('keyed', 0))).rejects.toMatchObject({ code: 'UNSAVABLE_VALUE' })
    expect(await headOf(environment, 'words-0')).toMatchObject({ kind: 'batch', counts: { records: 1, skipped: 0 } })
  })

  it('of a silent partition moves on when what its head has promised is there', async () => {
    const counted = keyedJob(OPTIONS, true, (words) => words.groupByKey().saveAsTextFiles('s3://results/groups'))
    const environment = environmentOf(new Map([['words', 1]]))
    const broken = {
      ...environmentOf(new Map([['words', 1]])),
      table: environment.table,
      objects: { ...environment.objects, put: () => Promise.reject(new Error('S3 is away')) },
    }
    await lambda(counted, { environment: broken })(kafkaEvent({ 'words-0': keys('a@100 a@1100') })).catch(() => {})
    expect(Object.keys(await results(environment))).toEqual([])
    environment.setTime(environment.clock.now() + 60_000)
    await lambda(counted, { environment })(wakeUpEvent('keyed', environment.clock.now()))
    expect((await headOf(environment, 'words-0'))?.kind).toBe('seal')
    expect(Object.keys(await results(environment)).sort()).toEqual(
      ['1000', '2000'].flatMap((time) => [`groups-${time}/_SUCCESS`, `groups-${time}/part-words-0`]),
    )
  })

  it('is in a snapshot when the log has outgrown it, and what is carried is in it, too', async () => {
    const environment = environmentOf(new Map([['words', 1]]))
    const ballast = incompressible(40 * 1024)
    const heavy = keyedJob(OPTIONS, true, (words) =>
      words
        .map(([key, value]) => [key, `${value}${ballast}`] as const)
        .preservesPartitioning()
        .groupByKey()
        .mapValues((values) => values.map((value) => value.slice(0, 1)).join('+'))
        .saveAsTextFiles('s3://results/heavy'),
    )
    for (let i = 0; i < 6; i++) {
      const handler = lambda(heavy, { environment: another(environment) })
      await handler(kafkaEvent({ 'words-0': [{ key: 'k', value: String(i), offset: i, timestamp: i * 100 }] }))
    }
    const { inPlace } = await headOf(environment, 'words-0')
    expect(inPlace?.snapshot).toBeDefined()
    expect(inPlace?.since).toBe(inPlace?.snapshot?.version)
    const last = another(environment)
    await lambda(heavy, { environment: last })(kafkaEvent({ 'words-0': keys('k@1500', 6) }))
    expect((await results(environment))['heavy-1000/part-words-0']).toBe('(k,0+1+2+3+4+5)\n')
  })

  it('lives through a log whose older entries have expired', async () => {
    const DAY = 86_400_000
    const options: JobOptions = { batch: '1d', idleAfter: '1h', retention: '4d' }
    const daily = keyedJob(options, true, (words) =>
      words
        .updateStateByKey((values: readonly string[], n: number | undefined) => (n ?? 0) + values.length)
        .saveAsTextFiles('s3://results/daily'),
    )
    const environment = environmentOf(new Map([['words', 1]]))
    const start = 10_000 * DAY
    for (let day = 0; day < 20; day++) {
      environment.setTime(start + day * DAY)
      environment.table.deleteExpired(environment.clock.now() / 1000)
      const handler = lambda(daily, { environment: another(environment) })
      await handler(kafkaEvent({ 'words-0': keys(`a@${start + day * DAY}`, day) }))
    }
    expect((await results(environment))[`daily-${start + 19 * DAY}/part-words-0`]).toBe('(a,19)\n')
  })

  it('may begin in a log that is old already', async () => {
    const environment = environmentOf(new Map([['words', 1]]))
    const before = keyedJob(OPTIONS, true, (words) => words.saveAsTextFiles('s3://results/words'))
    await lambda(before, { environment })(kafkaEvent({ 'words-0': keys('a@100 a@1100') }))
    for (let version = 1; version < 2; version++)
      environment.table.deleteVersion({ job: 'keyed', stage: 'source', task: 'words-0' }, version)
    const after = another(environment, { code: 'v2' })
    await lambda(running, { environment: after })(kafkaEvent({ 'words-0': keys('a@2100 a@3100', 2) }))
    expect((await results(environment))['running-3000/part-words-0']).toBe('(a,1)\n')
    const last = another(environment, { code: 'v2' })
    await lambda(running, { environment: last })(kafkaEvent({ 'words-0': keys('a@4100', 4) }))
    expect((await results(environment))['running-4000/part-words-0']).toBe('(a,2)\n')
  })
})

describe('a partition that falls silent', () => {
  it('runs what it passes when others move it on, in the same commit', async () => {
    const environment = environmentOf()
    const handler = lambda(counts, { environment })
    await handler(kafkaEvent({ 'words-0': keys('a@100'), 'words-1': keys('z@300 z@350') }))
    environment.setTime(environment.clock.now() + 20_000)
    await lambda(counts, { environment: another(environment) })(kafkaEvent({ 'words-0': keys('a@1500', 1) }))
    expect(await results(environment)).toEqual({
      'counts-1000/_SUCCESS': '',
      'counts-1000/part-words-0': '(a,1)\n',
      'counts-1000/part-words-1': '(z,2)\n',
    })
    expect((await headOf(environment, 'words-1')).kind).toBe('idle')
    // What it sends later joins a batch that is open, and goes on from there.
    await handler(kafkaEvent({ 'words-1': keys('z@700 z@2500', 2) }))
    expect((await results(environment))['counts-2000/part-words-1']).toBe('(z,1)\n')
  })

  it('has windows that empty and timeouts that come, though nothing arrives', async () => {
    const goodbye = StateSpec.function((key: string, value: string | undefined, state: State<number>) => {
      if (value === undefined) return `${key} gone`
      state.update(1)
      return undefined
    })
    const leaving = keyedJob(OPTIONS, true, (words) => {
      ones(words).reduceByKeyAndWindow(add, 3000, 1000).saveAsTextFiles('s3://results/window')
      words
        .mapWithState(goodbye.timeout(3_600_000))
        .filter((line) => line !== undefined)
        .saveAsTextFiles('s3://results/gone')
    })
    const environment = environmentOf()
    const handler = lambda(leaving, { environment })
    const start = environment.clock.now()
    await handler(kafkaEvent({ 'words-0': keys(`a@${start}`), 'words-1': keys(`z@${start + 10}`) }))
    await bringToRest('keyed', handler, environment)
    const batches = byBatch(await readObjects(environment.objects, 'results'))
    const windows = Object.entries(batches).filter(([name, { lines }]) => name.startsWith('window') && lines.length > 0)
    expect(windows.map(([, batch]) => batch)).toEqual(Array(3).fill({ lines: ['(a,1)', '(z,1)'], done: true }))
    const gone = Object.entries(batches).filter(([name, { lines }]) => name.startsWith('gone') && lines.length > 0)
    expect(gone).toEqual([[`gone-${start + 3_602_000}`, { lines: ['a gone', 'z gone'], done: true }]])
  })

  it('is sealed at rest: its log ends with an entry that stands on a snapshot of its own', async () => {
    const environment = environmentOf()
    const handler = lambda(running, { environment })
    await handler(kafkaEvent({ 'words-0': keys('a@100 a@1100'), 'words-1': keys('z@300') }))
    await bringToRest('keyed', handler, environment)
    const sealed = await headOf(environment, 'words-0')
    expect(sealed).toMatchObject({ kind: 'seal', inPlace: { snapshot: {}, state: [], logBytes: 0 } })
    // Years later, when all else has expired, by an instance that knows nothing.
    environment.setTime(environment.clock.now() + 1000 * 86_400_000)
    environment.table.deleteExpired(environment.clock.now() / 1000)
    const later = another(environment)
    await lambda(running, { environment: later })(kafkaEvent({ 'words-0': keys('a@5100 b@6100', 2) }))
    expect((await results(environment))['running-6000/part-words-0']).toBe('(a,3)\n')
  })

  it('is left alone while it is at work in this very process', async () => {
    const environment = environmentOf()
    const handler = lambda(counts, { environment })
    await handler(kafkaEvent({ 'words-0': keys('a@100'), 'words-1': keys('z@300') }))
    environment.setTime(environment.clock.now() + 60_000)
    await Promise.all([
      handler(kafkaEvent({ 'words-0': keys('a@1500', 1) })),
      handler(kafkaEvent({ 'words-1': keys('z@1300', 1) })),
      handler(wakeUpEvent('keyed', 0)),
    ])
    await bringToRest('keyed', handler, environment)
    const batches = byBatch(await readObjects(environment.objects, 'results'))
    expect(batches['counts-1000']).toEqual({ lines: ['(a,1)', '(z,1)'], done: true })
    expect(Object.values(batches).flatMap(({ lines }) => lines)).toHaveLength(4)
  })
})

describe('a topic that gets partitions', () => {
  it('is an error: keys are elsewhere than their state', async () => {
    const environment = environmentOf()
    const handler = lambda(counts, { environment })
    await handler(kafkaEvent({ 'words-0': keys('a@100') }))
    await expect(handler(kafkaEvent({ 'words-2': keys('a@200') }))).rejects.toMatchObject({
      code: 'PARTITION_ADDED',
      message: expect.stringMatching(/partition 2 of topic 'words'.*had 2 partitions.*newPartitions: 'join'/s),
    })
    const deployed = environment.another({ code: 'v2', partitions: new Map([['words', 3]]) })
    await expect(
      lambda(counts, { environment: deployed })(kafkaEvent({ 'words-0': keys('a@200', 1) })),
    ).rejects.toMatchObject({
      code: 'INCOMPATIBLE_JOB',
      message: expect.stringContaining('topic words has 3 partitions and had 2'),
    })
  })

  it('is an error also when nobody knows how many it had', async () => {
    const handler = lambda(counts, { environment: environmentOf(new Map()) })
    await expect(handler(kafkaEvent({ 'words-0': keys('a@100') }))).rejects.toMatchObject({
      code: 'PARTITIONS_UNKNOWN',
      message: expect.stringMatching(/MILLRACE_PARTITIONS=words=4/),
    })
  })

  it('may, when its keys stay where they are', async () => {
    const environment = environmentOf(new Map())
    const growing = keyedJob(OPTIONS, false, (words) =>
      ones(words.preservesPartitioning({ newPartitions: 'join' }))
        .reduceByKey(add)
        .saveAsTextFiles('s3://results/counts'),
    )
    const handler = lambda(growing, { environment })
    await handler(kafkaEvent({ 'words-0': keys('a@100') }))
    await handler(kafkaEvent({ 'words-7': keys('z@200 z@1200'), 'words-0': keys('a@1100', 1) }))
    expect(await results(environment)).toEqual({
      'counts-1000/_SUCCESS': '',
      'counts-1000/part-words-0': '(a,1)\n',
      'counts-1000/part-words-7': '(z,1)\n',
    })
  })
})

describe('with idle: run', () => {
  const counting = StateSpec.function((_: string, one: number | undefined, state: State<number>) =>
    state.update((state.getOption() ?? 0) + (one ?? 0)),
  )

  /** Elements in the order of their texts: partitions and buckets differ in it. */
  async function streams(marked: boolean, restart: 'never' | 'every-batch'): Promise<unknown> {
    const tested = await testStream(
      {
        batch: 1000,
        inputs: [[['a', 'b'], [], ['a', 'c', 'c'], ['d'], []]],
        partitions: 3,
        partitionBy: (word) => word,
        restart,
        batches: 7,
      },
      (words) => {
        const all = words.map((word) => [word, 1] as const)
        const pairs = marked ? all.preservesPartitioning() : all
        return [
          pairs.updateStateByKey((values: readonly number[], n: number | undefined) => (n ?? 0) + values.length),
          pairs.mapWithState(counting).stateSnapshots(),
          pairs.reduceByKeyAndWindow(add, (a, b) => a - b, 2000),
        ]
      },
    )
    return tested.map((batches) => batches.map((elements) => elements.map((one) => JSON.stringify(one)).sort()))
  }

  it.each(['never', 'every-batch'] as const)('what emits all keys emits all keys (restart: %s)', async (restart) => {
    expect(await streams(true, restart)).toEqual(await streams(false, 'never'))
  })
})
