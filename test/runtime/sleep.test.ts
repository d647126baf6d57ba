// Partitions that are silent while others go on are put to sleep once, and cost nothing until they come back: they are roused in
// the closing log, so nothing is closed without them that they still add to (I1).

import { describe, expect, it } from 'vitest'
import { job, type State, StateSpec, seconds, text } from '../../src/index.ts'
import { isSourceCommit, type SourceCommit } from '../../src/log/commit-record.ts'
import { openLog } from '../../src/runtime/open-log.ts'
import { countingTable } from '../../src/testing/counting-table.ts'
import { defined } from '../support/definition.ts'
import { copying, type Driven, driven, records } from '../support/driven.ts'

const code = copying({ idleAfter: '10s' })

const START = 1_700_000_000_000

const results = async (copy: Driven) =>
  Object.fromEntries(
    Object.entries(await copy.published()).map(([key, body]) => [
      `${(Number(key.match(/-(\d+)\//)?.[1]) - START) / 1000}/${key.replace(/^.*?\//, '').replace(/-0{19}/, '-')}`,
      body,
    ]),
  )

const kindOf = async (copy: Driven, task: string) =>
  new TextDecoder('latin1').decode((await copy.head('source', task))?.body).match(/birth|batch|idle|sleep|seal/)?.[0]

/** `silent` partitions that have had one record, and partition 0 that has gone on for half a minute since. */
async function asleep(silent: number) {
  const first = driven(code, { start: START })
  const { table, counts, reset } = countingTable(first.environment.table)
  const copy = first.another({ table: () => table })
  await copy.deliver(...Array.from({ length: silent + 1 }, (_, i) => records(`lines-${i}`, ['a'], { at: START + 500 })))
  let seconds = 0
  const now = () => START + seconds * 1000
  const go = async (): Promise<void> => {
    seconds++
    copy.environment.setTime(now())
    await copy.deliver(records('lines-0', [`b${seconds}`], { at: now() + 500 }))
  }
  for (let i = 0; i < 30; i++) await go()
  return { copy, go, counts, reset, now }
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
    const { copy } = await asleep(2)
    expect(await kindOf(copy, 'lines-1')).toBe('sleep')
    const head = await copy.head('source', 'lines-1')
    expect(head?.expiresAt).toBeUndefined()
    // Its birth, the record, one entry to close its last batch, and this.
    expect(head?.version).toBe(4)
  })

  it.each(['the same instance', 'another'])('come back by %s, into a batch that is not closed', async (by) => {
    const { copy, go, now } = await asleep(2)
    const back = by === 'another' ? copy.another() : copy
    await back.deliver(records('lines-1', ['late', 'now'], { at: START + 700, step: now() - START }))
    await go()
    await go()
    const found = await results(copy)
    const batch = Object.keys(found).find((key) => found[key]?.startsWith('late'))
    expect(batch).toBe('31/part-lines-1-1')
    // From now on it holds the others back, as ever.
    expect(found).not.toHaveProperty('32/_SUCCESS')
    await copy.rest()
    expect(await results(copy)).toHaveProperty('32/_SUCCESS')
  })

  it('are not closed without by an instance that does not know yet that they are back', async () => {
    const { copy, go, now } = await asleep(2)
    await copy.another().deliver(records('lines-1', ['back'], { at: now() + 600 }))
    for (let i = 0; i < 5; i++) await go() // warm, and sure that lines-1 sleeps
    const found = await results(copy)
    const T = Object.keys(found)
      .find((key) => found[key] === 'back\n')
      ?.split('/')[0]
    expect(found).not.toHaveProperty(`${T}/_SUCCESS`)
  })

  it('come back all at once, by one entry of the closing log', async () => {
    const { copy, now } = await asleep(50)
    const before = (await copy.head('close', '0'))?.version ?? 0
    await copy.deliver(...Array.from({ length: 50 }, (_, i) => records(`lines-${i + 1}`, ['c'], { at: now() })))
    const after = (await copy.head('close', '0'))?.version ?? 0
    expect(after - before).toBeLessThanOrEqual(3)
    await copy.rest()
    expect(Object.values(await results(copy)).filter((body) => body === 'c\n')).toHaveLength(50)
  })

  it('stay asleep at rest, and are still there when all else has expired', async () => {
    const { copy } = await asleep(1)
    await copy.rest()
    expect(await kindOf(copy, 'lines-1')).toBe('sleep')
    copy.later('9d')
    copy.expire()
    const fresh = copy.another()
    await fresh.deliver(records('lines-1', ['a', 'new'], { from: 0, at: START + 500 }))
    await fresh.rest()
    expect(Object.values(await results(copy)).filter((body) => body === 'new\n')).toHaveLength(1)
    expect(Object.entries(await results(copy)).filter(([key]) => key.includes('part-lines-1'))).toHaveLength(2)
  })

  it('are roused for a timeout that is due when all sleep', async () => {
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
    const copy = driven(away, { start: START })
    const { environment } = copy
    for (let i = 0; i < 25; i++) {
      environment.setTime(START + i * 1000)
      const some = records('lines-0', ['a'], { at: START + i * 1000 })
      await copy.deliver(some, ...(i === 0 ? [records('lines-1', ['b'], { at: START })] : []))
    }
    expect(await kindOf(copy, 'lines-1')).toBe('sleep')
    for (let at = environment.armed[0] ?? 0; at < START + 50_000; at = environment.armed[0] ?? START + 50_000) {
      environment.setTime(Math.max(environment.clock.now(), at))
      await copy.wake(environment.armed.shift() ?? 0)
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
    await copy.another().rest()
    const all = await copy.text()
    expect(all).toContain('a true')
    expect(all).toContain('b true')
  })
})

it('a partition that comes back to a closing log that is lost is an error, and begins no new one', async () => {
  const { copy, now } = await asleep(1)
  expect(await kindOf(copy, 'lines-1')).toBe('sleep')
  const head = await copy.head('close', '0')
  const closing = { job: 'copy', stage: 'close', task: '0' }
  for (let version = 1; version <= (head?.version ?? 0); version++)
    copy.environment.table.deleteVersion(closing, version)
  const back = copy.another().deliver(records('lines-1', ['c'], { at: now() }))
  await expect(back).rejects.toMatchObject({ code: 'LOG_LOST' })
  expect(await copy.head('close', '0')).toBeUndefined()
})
