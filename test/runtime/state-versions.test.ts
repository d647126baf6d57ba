// I5: what an operator keeps may change its shape. Values that version 1 has left are migrated when version 2 loads them, and
// what comes out is what it would have been without the change; whatever cannot be migrated is a named error, never misread (I7).

import { describe, expect, it } from 'vitest'
import { type DStream, type Job, job, type State, StateSpec, text, type VersionOptions } from '../../src/index.ts'
import { lambda } from '../../src/lambda/index.ts'
import { type MemoryEnvironment, memoryEnvironment, readObjects } from '../../src/testing/memory-environment.ts'
import { incompressible } from '../support/incompressible.ts'
import { kafkaEvent, lines } from '../support/kafka-events.ts'
import { bringToRest, wakeUpEvent } from '../support/rest.ts'

type Words = DStream<readonly [string, number]>
/** What version 2 keeps; version 1 keeps the number. */
interface Sum {
  readonly n: number
}

const boxed: VersionOptions<Sum> = { version: 2, migrate: (value) => ({ n: Number(value) }) }
const box = (n: number): Sum => ({ n })
const plus = (a: number, b: number): number => a + b
const minus = (a: number, b: number): number => a - b
const plusBoxed = (a: Sum, b: Sum): Sum => box(a.n + b.n)
const minusBoxed = (a: Sum, b: Sum): Sum => box(a.n - b.n)
const sum = (ones: readonly number[], before = 0): number => ones.reduce(plus, before)

function track(_word: string, one: number | undefined, state: State<number>): number {
  if (!state.isTimingOut()) state.update((state.getOption() ?? 0) + (one ?? 0))
  return state.get()
}
function trackBoxed(_word: string, one: number | undefined, state: State<Sum>): number {
  if (!state.isTimingOut()) state.update(box((state.getOption()?.n ?? 0) + (one ?? 0)))
  return state.get().n
}

/** The same stream by code of version 1 and of version 2. */
interface Case {
  v1(words: Words): DStream<unknown>
  v2(words: Words): DStream<unknown>
}

const cases: Record<string, Case> = {
  'updateStateByKey, by key': {
    v1: (words) => words.updateStateByKey((ones: readonly number[], n: number | undefined) => sum(ones, n)),
    v2: (words) =>
      words
        .updateStateByKey((ones: readonly number[], s: Sum | undefined) => box(sum(ones, s?.n)), boxed)
        .mapValues(({ n }) => n),
  },
  'updateStateByKey, with the time': {
    v1: (words) =>
      words.updateStateByKey((_time: number, _key: string, ones: readonly number[], n: number | undefined) =>
        sum(ones, n),
      ),
    v2: (words) =>
      words
        .updateStateByKey(
          (_time: number, _key: string, ones: readonly number[], s: Sum | undefined) => box(sum(ones, s?.n)),
          boxed,
        )
        .mapValues(({ n }) => n),
  },
  'updateStateByKey, over groups': {
    v1: (words) =>
      words.updateStateByKey((groups: Iterable<readonly [string, readonly number[], number | undefined]>) =>
        Array.from(groups, ([key, ones, n]) => [key, sum(ones, n)] as const),
      ),
    v2: (words) =>
      words
        .updateStateByKey(
          (groups: Iterable<readonly [string, readonly number[], Sum | undefined]>) =>
            Array.from(groups, ([key, ones, s]) => [key, box(sum(ones, s?.n))] as const),
          boxed,
        )
        .mapValues(({ n }) => n),
  },
  'mapWithState, with a timeout': {
    v1: (words) => words.mapWithState(StateSpec.function(track).timeout('3s'), { id: 'm' }),
    v2: (words) =>
      words.mapWithState(StateSpec.function(trackBoxed).timeout('3s').version(2, boxed.migrate), { id: 'm' }),
  },
  'stateSnapshots of mapWithState': {
    v1: (words) => words.mapWithState(StateSpec.function(track)).stateSnapshots(),
    v2: (words) =>
      words
        .mapWithState(StateSpec.function(trackBoxed).version(2, boxed.migrate))
        .stateSnapshots()
        .mapValues(({ n }) => n),
  },
  reduceByKey: {
    v1: (words) => words.reduceByKey(plus),
    v2: (words) =>
      words
        .mapValues(box)
        .reduceByKey(plusBoxed, boxed)
        .mapValues(({ n }) => n),
  },
  groupByKey: {
    v1: (words) => words.groupByKey().mapValues((ones) => sum(ones)),
    v2: (words) =>
      words
        .mapValues(box)
        .groupByKey(boxed)
        .mapValues((ones) => sum(ones.map(({ n }) => n))),
  },
  'reduceByKeyAndWindow with an inverse': {
    v1: (words) => words.reduceByKeyAndWindow(plus, minus, '4s', '2s', { filter: ([, n]) => n > 0 }),
    v2: (words) =>
      words
        .mapValues(box)
        .reduceByKeyAndWindow(plusBoxed, minusBoxed, '4s', '2s', { ...boxed, filter: ([, { n }]) => n > 0 })
        .mapValues(({ n }) => n),
  },
  'reduceByKeyAndWindow without': {
    v1: (words) => words.reduceByKeyAndWindow(plus, '4s', '2s'),
    v2: (words) =>
      words
        .mapValues(box)
        .reduceByKeyAndWindow(plusBoxed, '4s', '2s', boxed)
        .mapValues(({ n }) => n),
  },
  groupByKeyAndWindow: {
    v1: (words) => words.groupByKeyAndWindow('4s', '2s').mapValues((ones) => sum(ones)),
    v2: (words) =>
      words
        .mapValues(box)
        .groupByKeyAndWindow('4s', '2s', boxed)
        .mapValues((ones) => sum(ones.map(({ n }) => n))),
  },
  'reduceByWindow with an inverse': {
    v1: (words) => words.map(([, one]) => one).reduceByWindow(plus, minus, '4s', '2s'),
    v2: (words) =>
      words
        .map(([, one]) => box(one))
        .reduceByWindow(plusBoxed, minusBoxed, '4s', '2s', boxed)
        .map(({ n }) => n),
  },
  'reduceByWindow without': {
    v1: (words) => words.map(([, one]) => one).reduceByWindow(plus, '4s', '2s'),
    v2: (words) =>
      words
        .map(([, one]) => box(one))
        .reduceByWindow(plusBoxed, '4s', '2s', boxed)
        .map(({ n }) => n),
  },
  window: {
    v1: (words) => words.map(([, one]) => one).window('4s', '2s'),
    v2: (words) =>
      words
        .map(([, one]) => box(one))
        .window('4s', '2s', boxed)
        .map(({ n }) => n),
  },
}

/** In buckets after a shuffle, or in the task of the one partition. */
type Place = 'buckets' | 'in place'

function jobOf(define: Case['v1'], place: Place = 'buckets'): Job {
  return job('words', { batch: 1000, numPartitions: 2 }, ({ kafka }) => {
    const words = kafka('lines', { value: text() }).map(({ value, offset }) => [value, offset + 1] as const)
    define(place === 'buckets' ? words : words.preservesPartitioning({ newPartitions: 'join' })).saveAsTextFiles(
      's3://results/out',
    )
  })
}

const WORDS = ['a', 'b', 'a', 'c', 'b', 'a', 'd', 'a', 'c', 'e', 'e', 'b']
/** Two records per batch, so that the last batch of an event is left open. */
const event = (from: number, until: number) =>
  kafkaEvent({ 'lines-0': lines(WORDS.slice(from, until), { from, at: from * 500, step: 500 }) })

/** Runs events each by an instance of its own, and the rest by the last. */
async function outputs(
  environment: MemoryEnvironment,
  runs: readonly (readonly [code: Job, from: number, until: number])[],
): Promise<Map<string, string>> {
  for (const [i, [code, from, until]] of runs.entries()) {
    const handler = lambda(code, { environment: environment.another({ code: code === runs[0]?.[0] ? 'v1' : 'v2' }) })
    environment.setTime(environment.clock.now() + 60_000) // a lease of the look-out that another instance left is over
    await handler(event(from, until))
    if (i === runs.length - 1) await bringToRest('words', handler, environment)
  }
  return readObjects(environment.objects, 'results')
}

const places = ['buckets', 'in place'] as const
const table = Object.entries(cases).flatMap(([name, code]) => places.map((place) => ({ name, place, ...code })))

describe.each(table)('$name, $place,', ({ v1, v2, place }) => {
  const [old, now] = [jobOf(v1, place), jobOf(v2, place)]

  it('goes on from state and elements that version 1 has left', async () => {
    const unchanged = await outputs(memoryEnvironment(), [
      [old, 0, 5],
      [old, 5, 8],
      [old, 8, 12],
    ])
    const changed = await outputs(memoryEnvironment(), [
      [old, 0, 5],
      [now, 5, 8],
      [now, 8, 12],
    ])
    expect(unchanged.size).toBeGreaterThan(5)
    expect(changed).toEqual(unchanged)
  })

  it('is refused by version 1 once version 2 has run', async () => {
    const environment = memoryEnvironment()
    await outputs(environment, [
      [old, 0, 5],
      [now, 5, 8],
    ])
    const back = lambda(old, { environment: environment.another({ code: 'v3' }) })
    await expect(back(event(8, 12))).rejects.toMatchObject({
      code: 'INCOMPATIBLE_JOB',
      message: expect.stringContaining(
        'version of the state changes from 2 to 1: to go back, raise it to 3 with a migrate that turns values of version 2 back',
      ),
    })
  })
})

interface Padded extends Sum {
  readonly padding?: string
}

/** A count of words, whose state is large on demand. */
function counting(version: number, migrate?: VersionOptions<Sum>['migrate'], padding = '', place?: Place): Job {
  return jobOf(
    (words) =>
      words
        .updateStateByKey(
          (ones: readonly number[], s: Padded | undefined): Padded => ({ ...box(sum(ones, s?.n)), padding }),
          { id: 'count', version, ...(migrate && { migrate }) },
        )
        .mapValues(({ n }) => n),
    place,
  )
}

const TOTALS = '(a,18)\n(b,19)\n(c,13)\n(d,7)\n(e,21)'
async function totals(environment: MemoryEnvironment): Promise<string> {
  const parts = [...(await readObjects(environment.objects, 'results', 'out-6000/part')).values()]
  return parts.join('').trim().split('\n').sort().join('\n')
}

/** @returns a migrate that counts its calls by the version they come from. */
function counted() {
  const calls: number[] = []
  const migrate = (value: unknown, from: number): Sum => {
    calls.push(from)
    return box(typeof value === 'object' && value !== null && 'n' in value ? Number(value.n) : Number.NaN)
  }
  return { calls, migrate }
}

describe('migrating', () => {
  const snapshots = async ({ objects }: MemoryEnvironment) =>
    (await readObjects(objects, 'state', '_millrace/snap')).size

  it('meets a snapshot and entries of older versions', async () => {
    const environment = memoryEnvironment()
    const { calls, migrate } = counted()
    const large = incompressible(150_000)
    const v1 = counting(1, undefined, large)
    for (const [from, until] of [
      [0, 4],
      [4, 6],
      [6, 8],
    ] as const) {
      environment.setTime(environment.clock.now() + 60_000)
      await lambda(v1, { environment: environment.another() })(event(from, until))
    }
    expect(await snapshots(environment)).toBeGreaterThan(0)
    environment.setTime(environment.clock.now() + 60_000)
    const handler = lambda(counting(2, migrate), { environment: environment.another({ code: 'v2' }) })
    await handler(event(8, 12))
    await bringToRest('words', handler, environment)
    expect(calls.length).toBeGreaterThan(0)
    expect(await totals(environment)).toBe(TOTALS)
  })

  // Values of the log that are replaced later are migrated too. In place it is the second commit of an instance that names a
  // snapshot: what the first one has to run shows only when it has been drafted.
  it.each<[Place, [calls: number[], snapshots: number][]]>([
    [
      'buckets',
      [
        [[1, 1, 1, 1], 2],
        [[], 2],
        [[], 2],
      ],
    ],
    [
      'in place',
      [
        [[1, 1, 1, 1], 0],
        [[], 1],
        [[], 1],
      ],
    ],
  ])('is done once, %s: a snapshot follows; and it knows from which version a value comes', async (place, runs) => {
    const environment = memoryEnvironment()
    const { calls, migrate } = counted()
    await lambda(counting(1, undefined, '', place), { environment: environment.another() })(event(0, 5))
    const deployed: [calls: number[], snapshots: number][] = []
    const start = () => lambda(counting(3, migrate, '', place), { environment: environment.another({ code: 'v3' }) })
    let handler = start()
    for (const [from, until] of [
      [5, 8],
      [8, 10],
      [10, 12],
    ] as const) {
      environment.setTime(environment.clock.now() + 60_000)
      if (until === 12) handler = start()
      await handler(event(from, until))
      deployed.push([calls.splice(0), await snapshots(environment)])
    }
    await bringToRest('words', handler, environment)
    expect(deployed).toEqual(runs)
    expect(await totals(environment)).toBe(TOTALS)
  })

  it('fails with the key and loses nothing: mended code goes on', async () => {
    const environment = memoryEnvironment()
    await lambda(counting(1), { environment: environment.another() })(event(0, 5))
    const broken = [
      (value: unknown): Sum => {
        throw new RangeError(`no ${typeof value}`)
      },
      (): Sum => JSON.parse('{}').nothing,
      (): Sum => JSON.parse('{}', () => Promise.resolve(1)),
    ]
    const messages = [
      'RangeError: no object',
      'TypeError: migrate returned undefined',
      'TypeError: migrate returned a promise',
    ]
    for (const [i, migrate] of broken.entries()) {
      environment.setTime(environment.clock.now() + 60_000)
      const handler = lambda(counting(2, migrate), { environment: environment.another({ code: `broken-${i}` }) })
      await expect(handler(event(5, 8))).rejects.toMatchObject({
        code: 'MIGRATION_FAILED',
        operator: 'count',
        from: 1,
        message: expect.stringMatching(
          new RegExp(`State of count, key the string "[ab]", cannot be migrated from version 1 to 2: ${messages[i]}`),
        ),
      })
    }
    environment.setTime(environment.clock.now() + 60_000)
    const mended = lambda(counting(2, counted().migrate), { environment: environment.another({ code: 'mended' }) })
    await mended(event(5, 12))
    await bringToRest('words', mended, environment)
    expect(await totals(environment)).toBe(TOTALS)
  })
})

describe('versions that do not fit', () => {
  it('are refused before anything runs: a higher one without migrate', async () => {
    const environment = memoryEnvironment()
    await lambda(counting(1), { environment })(event(0, 5))
    const before = await readObjects(environment.objects, 'results')
    const handler = lambda(counting(2), { environment: environment.another({ code: 'v2' }) })
    await expect(handler(event(5, 8))).rejects.toMatchObject({
      code: 'INCOMPATIBLE_JOB',
      changes: [
        'count: version of the state changes from 1 to 2, and there is no migrate to make new values of those that are there',
      ],
    })
    expect(await readObjects(environment.objects, 'results')).toEqual(before)
  })

  it('stop an old instance that is still running when newer code has begun; the newer goes on', async () => {
    const environment = memoryEnvironment()
    const old = lambda(counting(2, counted().migrate), { environment: environment.another() })
    await old(event(0, 5))
    environment.setTime(environment.clock.now() + 60_000)
    const now = lambda(counting(3, counted().migrate), { environment: environment.another({ code: 'v3' }) })
    await now(event(5, 8))
    environment.setTime(environment.clock.now() + 60_000)
    const refused = {
      code: 'STATE_VERSION',
      operator: 'count',
      found: 3,
      known: 2,
      message: expect.stringContaining('Saved state of count has version 3, and this code has version 2.'),
    }
    await expect(old(event(8, 12))).rejects.toMatchObject(refused)
    await expect(old(wakeUpEvent('words', environment.clock.now()))).rejects.toMatchObject(refused)
    environment.setTime(environment.clock.now() + 60_000)
    await now(event(8, 12))
    await bringToRest('words', now, environment)
    expect(await totals(environment)).toBe(TOTALS)
  })

  it('stop an old instance also where all it meets are elements on their way', async () => {
    const { v1, v2 } = cases.reduceByKey ?? { v1: () => expect.fail(), v2: () => expect.fail() }
    const environment = memoryEnvironment()
    const old = lambda(jobOf(v1), { environment: environment.another() })
    await old(event(0, 5))
    environment.setTime(environment.clock.now() + 60_000)
    await lambda(jobOf(v2), { environment: environment.another({ code: 'v2' }) })(event(5, 8))
    environment.setTime(environment.clock.now() + 60_000)
    await expect(old(event(8, 12))).rejects.toMatchObject({ code: 'STATE_VERSION', found: 2, known: 1 })
  })

  it('stop code that has lost its migrate too early', async () => {
    const environment = memoryEnvironment()
    await lambda(counting(1), { environment: environment.another() })(event(0, 5))
    const failing = () => expect.fail('not now')
    await lambda(counting(2, failing), { environment: environment.another({ code: 'v2' }) })(event(5, 6)).catch(
      () => {},
    )
    environment.setTime(environment.clock.now() + 60_000)
    const handler = lambda(counting(2), { environment: environment.another({ code: 'v2b' }) })
    await expect(handler(event(5, 8))).rejects.toMatchObject({
      code: 'STATE_VERSION',
      message: expect.stringContaining('has version 1, and this code has version 2 and no migrate'),
    })
  })
})
