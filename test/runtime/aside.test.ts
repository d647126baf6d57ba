// A function of the job that throws on one key where a closed batch is run: by policy that key's values are set aside, with the
// error, in the commit that goes on without them; the key's state stays what it was.

import { describe, expect, it } from 'vitest'
import {
  type DStream,
  type Job,
  job,
  type PoisonPolicy,
  type State,
  StateSpec,
  TransientError,
  text,
} from '../../src/index.ts'
import { driven, records } from '../support/driven.ts'

type Pairs = DStream<readonly [string, number]>

let broken = true
let away = false
function check(key: string): void {
  if (away) throw new TransientError('away')
  if (broken && key === 'b') throw new RangeError('never b')
}

const OPERATORS: Readonly<Record<string, (pairs: Pairs) => DStream<unknown>>> = {
  updateStateByKey: (pairs) =>
    pairs.updateStateByKey((_time: number, key: string, ones: readonly number[], sum: number | undefined) => {
      if (ones.length > 0) check(key)
      return (sum ?? 0) + ones.length
    }),
  mapWithState: (pairs) =>
    pairs.mapWithState(
      StateSpec.function((key: string, one: number | undefined, state: State<number>) => {
        state.update((state.getOption() ?? 0) + (one ?? 0))
        check(key)
        return [key, state.get()] as const
      }),
    ),
  'map after a shuffle': (pairs) =>
    pairs.groupByKey().map(([key, ones]) => {
      check(key)
      return [key, ones.length] as const
    }),
  'mapAsync after a shuffle': (pairs) =>
    pairs.groupByKey().mapAsync(async ([key, ones]) => {
      check(key)
      return [key, ones.length] as const
    }),
  'combineByKey, when partials meet': (pairs) =>
    pairs
      .map(([key, one]) => [key, { key, sum: one }] as const)
      .combineByKey(
        (value) => value,
        (a, b) => ({ key: a.key, sum: a.sum + b.sum }),
        (a, b) => {
          check(a.key)
          return { key: a.key, sum: a.sum + b.sum }
        },
      )
      .mapValues(({ sum }) => sum),
}

const define = (operator: (pairs: Pairs) => DStream<unknown>, onPoison: PoisonPolicy, inPlace: boolean): Job =>
  job('aside', { batch: '1s', onPoison, numPartitions: 2 }, ({ kafka }) => {
    const pairs = kafka('lines', { value: text() }).map(({ value }) => [value, 1] as const)
    operator(inPlace ? pairs.preservesPartitioning() : pairs.map(([key, one]): [string, number] => [key, one]))
      .map((element) => JSON.stringify(element))
      .saveAsTextFiles('s3://results/out')
  })

const BATCHES = [
  ['a', 'b', 'b'],
  ['b', 'a', 'c'],
]

async function run(define_: Job, batches = BATCHES) {
  const words = driven(define_, { start: 1000, partitions: { lines: 1 } })
  for (const [n, some] of batches.entries()) {
    // Several partials of a batch.
    for (const word of some) await words.another().deliver(records('lines-0', [word], { at: n * 1000 }))
  }
  await words.another().rest()
  const held = Object.values(await words.published('_millrace/quarantine', 'state'))
  return {
    at: async (time: number) => (await words.text(`out-${time}/part`)).trimEnd().split('\n').sort(),
    success: (await words.closed()).includes('out-2000'),
    aside: held.flatMap((body) =>
      body
        .trimEnd()
        .split('\n')
        .map((line) => JSON.parse(line)),
    ),
  }
}

describe.each([
  ['in buckets', false],
  ['in place', true],
])('%s', (_, inPlace) => {
  describe.each(Object.entries(OPERATORS))('%s throws on one key', (name, operator) => {
    const meets = name.startsWith('combineByKey')

    it('its values go into quarantine with the error, and the rest goes on', async () => {
      broken = true
      away = false
      const { at, aside, success } = await run(define(operator, 'quarantine', inPlace))
      expect(new Set(aside.map(({ time }) => time))).toEqual(new Set(meets ? [1000] : [1000, 2000]))
      for (const line of aside) {
        expect(line).toMatchObject({ kind: 'values', error: { message: 'RangeError: never b' } })
        expect(JSON.stringify([line.key, line.values])).toContain('"b"')
      }
      expect((await at(2000)).filter((line) => !line.startsWith('["b"'))).toHaveLength(2)
      expect(success).toBe(true)
    })

    it('stops under fail', async () => {
      broken = true
      away = false
      await expect(run(define(operator, 'fail', inPlace))).rejects.toMatchObject({ code: 'BATCH_FAILED' })
    })

    it('stops when something is away, whatever the policy', async () => {
      away = true
      await expect(run(define(operator, 'quarantine', inPlace))).rejects.toMatchObject({
        code: expect.stringMatching(/BATCH_FAILED|TRANSIENT/),
      })
      away = false
    })
  })

  it('state stays what it was: once the function is mended, the key goes on from there', async () => {
    const operator = (pairs: Pairs) =>
      pairs.updateStateByKey((time: number, key: string, ones: readonly number[], sum: number | undefined) => {
        if (time === 2000) check(key)
        return (sum ?? 0) + ones.length
      })
    broken = true
    const { at, aside } = await run(define(operator, 'skip', inPlace), [...BATCHES, ['b']])
    expect(aside).toEqual([])
    expect(await at(1000)).toEqual(['["a",1]', '["b",2]'])
    expect(await at(2000)).toEqual(['["a",2]', '["c",1]'])
    expect(await at(3000)).toEqual(['["a",2]', '["b",3]', '["c",1]'])
  })
})
