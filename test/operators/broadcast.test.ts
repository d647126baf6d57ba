import { describe, expect, expectTypeOf, it } from 'vitest'
import {
  type DStream,
  type Duration,
  InvalidOptionError,
  type Job,
  job,
  NoBroadcastError,
  text,
} from '../../src/index.ts'
import { broadcast } from '../../src/operators/broadcast.ts'
import { testStream } from '../../src/testing/index.ts'
import { driven, records } from '../support/driven.ts'
import { atWork } from './drive.ts'

const RUNS = [1, 3].flatMap((partitions) =>
  (['never', 'every-batch'] as const).map((restart) => ({ partitions, restart })),
)
const words = [['a', 'b'], ['b', 'c'], [], ['a', 'c']]

describe.each(RUNS)('over $partitions partitions, restart $restart', ({ partitions, restart }) => {
  const run = { batch: 1000, partitions, restart, inputs: [words] as [string[][]] }

  it('gives a function the value of its batch, loaded once for all that read it', async () => {
    const loads: number[] = []
    const got = await testStream(run, (s: DStream<string>) => {
      const blocked = s.broadcast((time) => {
        loads.push(time)
        return new Set([time < 3000 ? 'b' : 'c'])
      })
      return [
        s.withBroadcast(blocked, (batch, some) => batch.filter((word) => !some.has(word)), { id: 'kept' }),
        s.count().withBroadcast(blocked, ([count], some, time) => [`${count} ${[...some].join()} ${time}`]),
      ]
    })
    expect(got).toEqual([
      [['a'], ['c'], [], ['a']],
      [['2 b 1000'], ['2 b 2000'], ['0 c 3000'], ['2 c 4000']],
    ])
    expect(loads).toEqual([1000, 2000, 3000, 4000])
  })

  it('can be joined, where it should be spread by key', async () => {
    const got = await testStream(run, (s: DStream<string>) => {
      const pairs = s.count().withBroadcast(
        s.broadcast(() => new Set(['b'])),
        (_, some) => [...some].map((word) => [word, true] as const),
      )
      const joined = s.map((word) => [word, 1] as const).leftOuterJoin(pairs, { numPartitions: 2 })
      return joined.filter(([, [, isBlocked = false]]) => !isBlocked).map(([word]) => word)
    })
    expect(got.map((batch) => batch.toSorted())).toEqual([['a'], ['c'], [], ['a', 'c']])
  })

  it('lets a value serve for a while, or for good', async () => {
    const loads: string[] = []
    const loading = (s: DStream<string>, refresh: Duration | false) =>
      s.count().withBroadcast(
        s.broadcast(
          async (time) => {
            loads.push(`${refresh} ${time}`)
            return time
          },
          { refresh, id: `every-${refresh}` },
        ),
        (_, value) => [value],
        { id: `with-${refresh}` },
      )
    const got = await testStream(run, (s: DStream<string>) => [loading(s, '2s'), loading(s, false), loading(s, '1s')])
    expect(got).toEqual([
      [[1000], [1000], [3000], [3000]],
      [[1000], [1000], [1000], [1000]],
      [[1000], [2000], [3000], [4000]],
    ])
    expect(loads.sort()).toEqual(
      ['2s 1000', '2s 3000', 'false 1000', '1s 1000', '1s 2000', '1s 3000', '1s 4000'].sort(),
    )
  })
})

/** Counts loads, each of another value, and puts out which a batch was given. */
function counting(refresh: Duration | false | undefined, extra = false): { code: Job; loads: () => number } {
  let loads = 0
  const code = job('counting', { batch: 1000 }, ({ kafka }) => {
    const lines = kafka('lines', { value: text() }).map(({ value }) => value)
    const value = lines.broadcast(() => ++loads, { id: 'value', ...(refresh !== undefined && { refresh }) })
    lines
      .withBroadcast(value, (batch, n) => batch.map((line) => `${line}${n}`), { id: 'one' })
      .saveAsTextFiles('s3://results/one')
    if (!extra) return
    lines
      .count()
      .withBroadcast(value, ([count], n) => [`${count}-${n}`], { id: 'two' })
      .saveAsTextFiles('s3://results/two')
  })
  return { code, loads: () => loads }
}

it('is what the log says: another instance, and a retry after the commit, load nothing', async () => {
  const { code, loads } = counting('1h')
  const lines = driven(code)
  await lines.deliver(records('lines-0', ['a'], { at: 500 }))
  await lines.rest()
  await lines.another().deliver(records('lines-0', ['b'], { at: 1500 }))
  await lines.another().rest()
  await lines.again()
  expect([await lines.text('one-1000/'), await lines.text('one-2000/'), loads()]).toEqual(['a1\n', 'b1\n', 1])
})

it('stays what it was when the instance dies between its commit and the function', async () => {
  const { code, loads } = counting(undefined)
  let dies = true
  const lines = driven(code, {
    table: (table) => ({
      append: async (log, ...rest) => {
        if (dies && loads() > 0 && log.stage.startsWith('one')) throw new Error('killed')
        return table.append(log, ...rest)
      },
    }),
  })
  await lines.deliver(records('lines-0', ['a'], { at: 500 }))
  await lines.rest().catch(() => 0)
  expect(loads()).toBe(1)
  dies = false
  await lines.another({ table: () => ({}) }).wake()
  expect([await lines.text('one-1000/'), loads()]).toEqual(['a1\n', 1])
})

it('is sent to a function that comes with a deployment', async () => {
  const lines = driven(counting(false).code)
  await lines.deliver(records('lines-0', ['a'], { at: 500 }))
  await lines.rest()
  const later = lines.another({ job: counting(false, true).code })
  await later.deliver(records('lines-0', ['b'], { at: 1500 }))
  await later.rest()
  expect([await lines.text('one-2000/'), await lines.text('two-2000/')]).toEqual(['b1\n', '1-1\n'])
})

it('holds its batch up while it cannot be loaded, whatever the policy', async () => {
  let away = true
  const code = job('flaky', { batch: 1000, onPoison: 'skip' }, ({ kafka }) => {
    const lines = kafka('lines', { value: text() }).map(({ value }) => value)
    const value = lines.broadcast(() => {
      if (away) throw new Error('the list is away')
      return 1
    })
    lines.withBroadcast(value, (batch, n) => batch.map((line) => `${line}${n}`)).saveAsTextFiles('s3://results/one')
  })
  const lines = driven(code)
  await lines.deliver(records('lines-0', ['a'], { at: 500 }))
  await expect(lines.rest()).rejects.toThrow('the list is away')
  expect(await lines.closed()).toEqual([])
  away = false
  await lines.another().wake()
  expect(await lines.text('one-1000/')).toBe('a1\n')
})

it('writes a value that serves once', async () => {
  const asked = broadcast({ load: () => 'x' }, { refresh: 20 })
  const loading = atWork(asked, { readers: ['r'] })
  const at = async (time: number) => [
    await loading.running.run({ time, offsetRanges: [] }, []),
    loading.takeChanges().length,
  ]
  expect([await at(10), await at(20), await at(30), await at(40)]).toEqual([
    [['x'], 2],
    [[], 0],
    [['x'], 3],
    [[], 0],
  ])
})

it('refuses what is no value, no stream of its own, and no value yet', async () => {
  const of = (f: (s: DStream<string>) => DStream<unknown>) => testStream({ batch: 1000, inputs: [[['a']]] }, f)
  await expect(
    of((s) =>
      s.withBroadcast(
        s.broadcast(() => () => 1),
        (batch) => batch,
      ),
    ),
  ).rejects.toThrow('a function')
  await expect(
    of((s) =>
      s.withBroadcast(
        s.window(2000, 2000).broadcast(() => 1),
        (batch) => batch,
      ),
    ),
  ).rejects.toThrow(InvalidOptionError)
  await expect(
    of((s) =>
      s.withBroadcast(
        s.broadcast(() => 1, { refresh: '-1s' }),
        (b) => b,
      ),
    ),
  ).rejects.toThrow(InvalidOptionError)
  // @ts-expect-error: no function
  await expect(of((s) => s.withBroadcast(s.broadcast(1), (b) => b))).rejects.toThrow(
    'broadcast: expected a function, got number.',
  )
  expect(new NoBroadcastError(1000).message).toContain('nothing has been loaded yet for the batch at 1000')
  const typed = (s: DStream<string>) =>
    s.withBroadcast(
      s.broadcast(async () => new Set(['a'])),
      (_, set) => [...set],
    )
  expectTypeOf(typed).returns.toEqualTypeOf<DStream<string>>()
})

it('is for every T what was loaded for it, whatever functions of the job change afterwards', async () => {
  const cache = { loads: 0, seen: [''] }
  const code = job('changing', { batch: 1000 }, ({ kafka }) => {
    const lines = kafka('lines', { value: text() })
    const every = lines.broadcast(
      () => {
        cache.loads++
        return cache
      },
      { id: 'every' },
    )
    const once = lines.broadcast(() => ({ seen: ['once'] }), { refresh: false, id: 'once' })
    lines.withBroadcast(every, (_, { loads }) => [loads], { id: 'one' }).saveAsTextFiles('s3://results/every')
    const adding = (value: { seen: string[] }, time: number): string[] => {
      value.seen.push(`${time}`)
      return [value.seen.join()]
    }
    lines
      .withBroadcast(once, (_, value, time) => adding(value, time), { id: 'two' })
      .saveAsTextFiles('s3://results/once')
  })
  const run = driven(code)
  await run.deliver(records('lines-0', ['a', 'b', 'c'], { at: 500, step: 1000 }))
  await run.rest()
  await run.deliver(records('lines-0', ['d'], { at: 3500 }))
  await run.rest()
  expect(await run.text('every')).toBe('1\n2\n3\n4\n')
  expect(await run.text('once')).toBe('once,1000\nonce,2000\nonce,3000\nonce,4000\n')
})
