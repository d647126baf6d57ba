// I7 over the whole runtime: whatever becomes of one stored log entry, snapshot or spilled record, an instance that reads it
// throws a named error or goes on exactly as if nothing had happened. Never another result, never an error of somebody else's.

import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { type Job, job, MillraceError, text } from '../../src/index.ts'
import { lambda } from '../../src/lambda/index.ts'
import { type MemoryEnvironment, memoryEnvironment, readObjects } from '../../src/testing/memory-environment.ts'
import { incompressible } from '../support/incompressible.ts'
import { kafkaEvent, lines } from '../support/kafka-events.ts'
import { bringToRest } from '../support/rest.ts'
import { type Damage, damagedStore } from './damaged-store.ts'

const NOISE = incompressible(620_000)

const last: Job = job('last', { batch: 1000, numPartitions: 2 }, ({ kafka }) => {
  kafka('lines', { value: text() })
    .map(({ value }) => [value.slice(0, 1), value] as const)
    .updateStateByKey((values: readonly string[], kept: string | undefined) => values.at(-1) ?? kept)
    .map(([key, value]) => `${key} ${value.length} ${value.slice(0, 8)}`)
    .saveAsTextFiles('s3://results/last')
})

/** Batch `n`: one record for each of two keys in each of two partitions, of `size` characters. */
function batch(n: number, size: number): unknown {
  const values = ['a', 'b'].map((key, i) => `${key}${n}${NOISE.slice(i * size, (i + 1) * size)}`)
  const records = lines(values, { from: 2 * n, at: 1000 * n })
  return kafkaEvent({ 'lines-0': records, 'lines-1': records })
}

/** A job that has run some batches, by instances that were all cold; the last batch is still open. */
async function history(size: number): Promise<MemoryEnvironment> {
  const environment = memoryEnvironment(0)
  for (let n = 0; n < 4; n++) {
    environment.setTime(20_000 * n)
    await lambda(last, { environment: environment.another() })(batch(n, size))
  }
  return environment
}

/** What a new instance makes of the next batch, over the store as it is now. */
async function goOn(environment: MemoryEnvironment, store: Parameters<typeof damagedStore>[2], size: number) {
  const { table, objects, seen } = damagedStore(environment.table, environment.objects, store)
  const handler = lambda(last, { environment: { ...environment.another(), table, objects } })
  environment.setTime(100_000)
  let error: unknown
  try {
    await handler(batch(4, size))
    await bringToRest('last', handler, environment)
  } catch (thrown) {
    error = thrown
  }
  return { seen, error, results: await readObjects(environment.objects, 'results') }
}

const byte = fc.integer({ min: 1, max: 255 })
const damages = fc.oneof<fc.Arbitrary<Damage>[]>(
  fc.tuple(fc.nat(), byte).map(
    ([at, flip]) =>
      (bytes) =>
        changed(bytes, at, flip),
  ),
  byte.map((flip) => (bytes) => changed(bytes, 1, flip)), // the format version
  fc.nat().map((at) => (bytes) => bytes.subarray(0, at % bytes.length)),
  fc.uint8Array({ minLength: 1, maxLength: 9 }).map((more) => (bytes) => Buffer.concat([bytes, more])),
  fc.nat().map((n) => (_, others) => pick(others, n)),
  fc.tuple(fc.nat(), fc.nat()).map(([n, at]) => splice(n, at)),
)

function changed(bytes: Uint8Array, at: number, flip: number): Uint8Array {
  const copy = Uint8Array.from(bytes)
  const place = at % copy.length
  copy[place] = (copy[place] ?? 0) ^ flip
  return copy
}

function pick(others: readonly Uint8Array[], n: number): Uint8Array {
  return others[n % others.length] ?? new Uint8Array()
}

const splice =
  (n: number, at: number): Damage =>
  (bytes, others) => {
    const end = pick(others, n)
    const cut = at % bytes.length
    return Buffer.concat([bytes.subarray(0, cut), end.subarray(Math.min(cut, end.length))])
  }

describe.each([
  ['small commits', 20, 500],
  ['spilled commits and snapshots', 310_000, 25],
])('%s', (_, size, numRuns) => {
  it('damaged, are a named error or make no difference', async () => {
    const whole = await goOn(await history(size), undefined, size)
    expect(whole.error).toBeUndefined()
    const names = [...whole.seen.keys()]
    expect(names).toContain('L#last#source#lines-0 5')
    expect(names.some((name) => name.startsWith('_millrace/snapshots/'))).toBe(size > 1000)
    expect(names.some((name) => name.startsWith('_millrace/spill/'))).toBe(size > 1000)
    const met = new Set<string>()
    await fc.assert(
      fc.asyncProperty(fc.constantFrom(...names), damages, async (target, apply) => {
        const others = [...whole.seen].flatMap(([name, bytes]) => (name === target ? [] : [bytes]))
        const { error, results } = await goOn(await history(size), { target, others, apply }, size)
        if (error === undefined) expect(results).toEqual(whole.results)
        else expect(error).toBeInstanceOf(MillraceError)
        met.add(error instanceof MillraceError ? error.code : 'no difference')
      }),
      { numRuns },
    )
    expect(met).toContain('UNREADABLE_STATE')
  }, 120_000)
})
