// Partitions that are silent while others go on are put to sleep once, and cost nothing until they come back: they are roused in
// the closing log, so nothing is closed without them that they still add to (I1).

import { describe, expect, it } from 'vitest'
import { job, type State, StateSpec, seconds, text } from '../../src/index.ts'
import { type LambdaHandler, lambda } from '../../src/lambda/index.ts'
import { isSourceCommit, type SourceCommit } from '../../src/log/commit-record.ts'
import type { Environment } from '../../src/runtime/environment.ts'
import { openLog } from '../../src/runtime/open-log.ts'
import { countingTable } from '../../src/testing/counting-table.ts'
import { type MemoryEnvironment, memoryEnvironment, readObjects } from '../../src/testing/memory-environment.ts'
import { defined } from '../support/definition.ts'
import { kafkaEvent, lines } from '../support/kafka-events.ts'
import { bringToRest, wakeUpEvent } from '../support/rest.ts'

const copy = job('copy', { batch: seconds(1), idleAfter: seconds(10) }, ({ kafka }) => {
  kafka('lines', { value: text() })
    .map((record) => record.value)
    .saveAsTextFiles('s3://results/copy')
})

const START = 1_700_000_000_000

const results = async ({ objects }: Environment) =>
  Object.fromEntries(
    [...(await readObjects(objects, 'results'))].map(([key, body]) => [
      `${(Number(key.match(/-(\d+)\//)?.[1]) - START) / 1000}/${key.replace(/^.*?\//, '').replace(/-0{19}/, '-')}`,
      body,
    ]),
  )

const kindOf = async ({ table }: MemoryEnvironment, task: string) => {
  const head = await table.head({ job: 'copy', stage: 'source', task })
  return new TextDecoder('latin1').decode(head?.body).match(/birth|batch|idle|sleep|seal/)?.[0]
}

/** `silent` partitions that have had one record, and partition 0 that has gone on for half a minute since. */
async function asleep(silent: number, instance = memoryEnvironment(START)) {
  const { table, counts, reset } = countingTable(instance.table)
  const handler = lambda(copy, { environment: { ...instance, table } })
  const all = Array.from({ length: silent + 1 }, (_, i) => [`lines-${i}`, lines(['a'], { at: START + 500 })] as const)
  await handler(kafkaEvent(Object.fromEntries(all)))
  let seconds = 0
  const go = async (by: LambdaHandler = handler): Promise<void> => {
    seconds++
    instance.setTime(START + seconds * 1000)
    await by(kafkaEvent({ 'lines-0': lines([`b${seconds}`], { from: seconds, at: START + seconds * 1000 + 500 }) }))
  }
  for (let i = 0; i < 30; i++) await go()
  return { environment: instance, handler, go, counts, reset, now: () => START + seconds * 1000 }
}

describe('partitions that are silent while others go on', () => {
  it('cost nothing per T: a hundred of them as much as none', async () => {
    const costOf = async (silent: number) => {
      const { go, reset, counts } = await asleep(silent)
      reset()
      for (let i = 0; i < 10; i++) await go()
      return { reads: counts.reads, writes: counts.writes }
    }
    const [none, many] = [await costOf(0), await costOf(100)]
    expect(many).toEqual(none)
    expect(many.writes).toBeLessThanOrEqual(25) // a commit and a closing for each of ten batches, leases and wake-ups
  })

  it('are put to sleep by one entry, which does not expire', async () => {
    const { environment } = await asleep(2)
    expect(await kindOf(environment, 'lines-1')).toBe('sleep')
    const head = await environment.table.head({ job: 'copy', stage: 'source', task: 'lines-1' })
    expect(head?.expiresAt).toBeUndefined()
    // Its birth, the record, one entry to close its last batch, and this.
    expect(head?.version).toBe(4)
  })

  it.each(['the same instance', 'another'])('come back by %s, into a batch that is not closed', async (by) => {
    const { environment, handler, go, now } = await asleep(2)
    const back = by === 'another' ? lambda(copy, { environment: environment.another() }) : handler
    await back(kafkaEvent({ 'lines-1': lines(['late', 'now'], { from: 1, at: START + 700, step: now() - START }) }))
    await go()
    await go()
    const found = await results(environment)
    const batch = Object.keys(found).find((key) => found[key]?.startsWith('late'))
    expect(batch).toBe('31/part-lines-1-1')
    // From now on it holds the others back, as ever.
    expect(found).not.toHaveProperty('32/_SUCCESS')
    await bringToRest('copy', handler, environment)
    expect(await results(environment)).toHaveProperty('32/_SUCCESS')
  })

  it('are not closed without by an instance that does not know yet that they are back', async () => {
    const { environment, go, now } = await asleep(2)
    const other = lambda(copy, { environment: environment.another() })
    await other(kafkaEvent({ 'lines-1': lines(['back'], { from: 1, at: now() + 600 }) }))
    for (let i = 0; i < 5; i++) await go() // warm, and sure that lines-1 sleeps
    const found = await results(environment)
    const T = Object.keys(found)
      .find((key) => found[key] === 'back\n')
      ?.split('/')[0]
    expect(found).not.toHaveProperty(`${T}/_SUCCESS`)
  })

  it('come back all at once, by one entry of the closing log', async () => {
    const { environment, handler, now } = await asleep(50)
    const before = (await environment.table.head({ job: 'copy', stage: 'close', task: '0' }))?.version ?? 0
    const all = Array.from({ length: 50 }, (_, i) => [`lines-${i + 1}`, lines(['c'], { from: 1, at: now() })] as const)
    await handler(kafkaEvent(Object.fromEntries(all)))
    const after = (await environment.table.head({ job: 'copy', stage: 'close', task: '0' }))?.version ?? 0
    expect(after - before).toBeLessThanOrEqual(3)
    await bringToRest('copy', handler, environment)
    expect(Object.values(await results(environment)).filter((body) => body === 'c\n')).toHaveLength(50)
  })

  it('stay asleep at rest, and are still there when all else has expired', async () => {
    const { environment, handler } = await asleep(1)
    await bringToRest('copy', handler, environment)
    expect(await kindOf(environment, 'lines-1')).toBe('sleep')
    environment.setTime(environment.clock.now() + 9 * 86_400_000)
    environment.table.deleteExpired(environment.clock.now() / 1000)
    const later = environment.another()
    const fresh = lambda(copy, { environment: later })
    await fresh(kafkaEvent({ 'lines-1': lines(['a', 'new'], { from: 0, at: START + 500 }) }))
    await bringToRest('copy', fresh, later)
    expect(Object.values(await results(environment)).filter((body) => body === 'new\n')).toHaveLength(1)
    expect(Object.entries(await results(environment)).filter(([key]) => key.includes('part-lines-1'))).toHaveLength(2)
  })

  it('are roused for a timeout that is due when all sleep', async () => {
    const environment = memoryEnvironment(START)
    const away = job('copy', { batch: seconds(1), idleAfter: seconds(10) }, ({ kafka }) => {
      const spec = StateSpec.function((key: string, value: number | undefined, state: State<number>) => {
        if (!state.isTimingOut()) state.update(value ?? 0)
        return `${key} ${state.isTimingOut()}`
      })
      kafka('lines', { value: text() })
        .map(({ value }) => [value, 1] as const)
        .mapWithState(spec.timeout('1m').numPartitions(1))
        .saveAsTextFiles('s3://results/copy')
    })
    const handler = lambda(away, { environment })
    for (let i = 0; i < 25; i++) {
      environment.setTime(START + i * 1000)
      const some = { 'lines-0': lines(['a'], { from: i, at: START + i * 1000 }) }
      await handler(kafkaEvent(i === 0 ? { ...some, 'lines-1': lines(['b'], { at: START }) } : some))
    }
    expect(await kindOf(environment, 'lines-1')).toBe('sleep')
    for (let at = environment.armed[0] ?? 0; at < START + 50_000; at = environment.armed[0] ?? START + 50_000) {
      environment.setTime(Math.max(environment.clock.now(), at))
      await handler(wakeUpEvent('copy', environment.armed.shift() ?? 0))
    }
    // Two instances have put each other's partition to sleep.
    const log = openLog(
      { job: 'copy', stage: 'source', task: 'lines-0' },
      environment,
      defined(away).settings,
      isSourceCommit,
    )
    const head = await log.head()
    if (!head) throw new Error('lines-0 has a log')
    const record: SourceCommit = { ...head.record, kind: 'sleep', partials: [], outbox: [] }
    expect(await log.append(head.version + 1, await log.prepare(record))).toBe('committed')
    await bringToRest('copy', lambda(away, { environment: environment.another() }), environment)
    const all = Object.values(await results(environment)).join('')
    expect(all).toContain('a true')
    expect(all).toContain('b true')
  })
})

it('a partition that comes back to a closing log that is lost is an error, and begins no new one', async () => {
  const { environment, now } = await asleep(1)
  expect(await kindOf(environment, 'lines-1')).toBe('sleep')
  const closing = { job: 'copy', stage: 'close', task: '0' }
  const head = await environment.table.head(closing)
  for (let version = 1; version <= (head?.version ?? 0); version++) environment.table.deleteVersion(closing, version)
  const back = kafkaEvent({ 'lines-1': lines(['c'], { from: 1, at: now() }) })
  await expect(lambda(copy, { environment: environment.another() })(back)).rejects.toMatchObject({ code: 'LOG_LOST' })
  expect(await environment.table.head(closing)).toBeUndefined()
})
