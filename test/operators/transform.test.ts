import { describe, expect, it } from 'vitest'
import { type Batch, type DStream, type JobOptions, job, text, transform } from '../../src/index.ts'
import { testStream } from '../../src/testing/index.ts'
import { driven, records } from '../support/driven.ts'

const RUNS = [1, 3].flatMap((partitions) =>
  (['never', 'every-batch'] as const).map((restart) => ({ partitions, restart })),
)

const sorted = <T>(batches: readonly (readonly T[])[]): T[][] => batches.map((batch) => [...batch].sort())

describe.each(RUNS)('over $partitions partitions, restart $restart', ({ partitions, restart }) => {
  const run = { batch: 1000, partitions, restart }
  const words = [['a', 'b', 'a'], ['c'], ['b', 'b']]

  it('gives a function the batch as a whole, with its time', async () => {
    const seen: unknown[] = []
    const batches = await testStream({ ...run, inputs: [words] }, (s: DStream<string>) =>
      s.transform((batch, time) => {
        seen.push([time, batch.time, batch.id.split('/').at(-1), [...batch].sort()])
        return batch.map((word) => `${word}${time}`)
      }),
    )
    expect(sorted(batches)).toEqual([['a1000', 'a1000', 'b1000'], ['c2000'], ['b3000', 'b3000']])
    expect(seen).toEqual(
      words.map((batch, i) => [(i + 1) * 1000, (i + 1) * 1000, String((i + 1) * 1000), batch.toSorted()]),
    )
  })

  // Spark's BasicOperationsSuite, "transform" and "transformWith", as data.
  it('means what Spark means by it', async () => {
    const numbers = [
      [1, 2, 3, 4],
      [5, 6, 7, 8],
      [9, 10, 11, 12],
    ]
    const mapped = await testStream({ ...run, inputs: [numbers] }, (s: DStream<number>) =>
      s.transform((b) => b.map(String)),
    )
    expect(mapped.map((batch) => batch.toSorted((a, b) => Number(a) - Number(b)))).toEqual(
      numbers.map((batch) => batch.map(String)),
    )
    const [left, right] = [
      [['a', 'b'], ['a', ''], ['']],
      [['a', 'b'], ['b', ''], []],
    ]
    const joined = await testStream({ ...run, inputs: [left, right] }, (a: DStream<string>, b: DStream<string>) =>
      a
        .map((word) => [word, 1] as const)
        .transformWith(
          b.map((word) => [word, 'x'] as const),
          (batch, other) => batch.join(other),
        ),
    )
    expect(joined.map((batch) => batch.toSorted())).toEqual([
      [
        ['a', [1, 'x']],
        ['b', [1, 'x']],
      ],
      [['', [1, 'x']]],
      [],
    ])
  })

  it('takes several streams, anything iterable, and promises', async () => {
    const sums = await testStream(
      {
        ...run,
        inputs: [
          [[1], [2]],
          [[10], [20]],
          [[100], []],
        ],
      },
      (a: DStream<number>, b: DStream<number>, c: DStream<number>) =>
        transform([a, b, c.map(String)], async ([x, y, z], time) => {
          await Promise.resolve()
          return new Set([`${x.sum() + y.sum()} ${z.collect().join()} ${time}`])
        }),
    )
    expect(sums).toEqual([['11 100 1000'], ['22  2000']])
  })

  it('goes on in the same place, and into a shuffle', async () => {
    const counted = await testStream({ ...run, inputs: [words] }, (s: DStream<string>) =>
      s
        .transform((batch) => batch.distinct())
        .map((word) => [word, 1] as const)
        .reduceByKeyAndWindow((a, b) => a + b, 2000, 1000),
    )
    expect(counted.map((batch) => batch.map(String).sort())).toEqual(
      [['a,1', 'b,1'], ['a,1', 'b,1', 'c,1'], ['b,1', 'c,1'], ['b,1']].slice(0, counted.length),
    )
  })

  it('finds a blacklist', async () => {
    const blocked = new Map([['b', true]])
    const byJoin = await testStream({ ...run, inputs: [words] }, (s: DStream<string>) =>
      s
        .map((word) => [word, word] as const)
        .transform((batch) =>
          batch
            .leftOuterJoin(blocked)
            .filter(([, [, isBlocked]]) => !isBlocked)
            .keys(),
        ),
    )
    const bySet = await testStream({ ...run, inputs: [words] }, (s: DStream<string>) =>
      s.transform((batch) => batch.subtract(blocked.keys())),
    )
    expect(sorted(byJoin)).toEqual([['a', 'a'], ['c'], []])
    expect(sorted(bySet)).toEqual(sorted(byJoin))
  })
})

describe('what it refuses', () => {
  const of = (f: (batch: Batch<string>) => never[]) =>
    testStream({ batch: 1000, inputs: [[['a']]] }, (s: DStream<string>) => s.transform(f))

  it.each(['', 'null', '"text"', '5', '{}'])('is a function that gives back %s', async (given) => {
    const nothing = of(() => JSON.parse(`[${given}]`)[0])
    await expect(nothing).rejects.toThrow(
      /Transform function must not return .* to represent no element as the result of transformation/,
    )
  })

  it('is one that changes what it is given', async () => {
    const changing = testStream({ batch: 1000, inputs: [[[{ n: 1 }]]] }, (s: DStream<{ n: number }>) =>
      s.transform((batch) => batch.map((one) => Object.assign(one, { n: 2 }))),
    )
    await expect(changing).rejects.toThrow(/changes a value that it was given/)
  })

  it('are streams that are not together', () => {
    job('one', { batch: 1000 }, ({ kafka }) => {
      const lines = kafka('lines', { value: text() })
      expect(() => lines.transformWith(lines.window(2000, 2000), (batch) => batch)).toThrow(/different slides/)
      expect(() => transform([], () => [])).toThrow(/at least one stream/)
      expect(() => lines.slice(0, 1000)).toThrow(/slice: a definition has no batches/)
      expect([lines.cache(), lines.persist(), lines.checkpoint('10s')]).toEqual([lines, lines, lines])
      lines.print()
    })
  })
})

describe('in a job', () => {
  const transforming = (
    f: (batch: Batch<string>) => Iterable<string> | Promise<Iterable<string>>,
    options: Partial<JobOptions> = {},
  ) =>
    job('words', { batch: '1s', ...options }, ({ kafka }) => {
      kafka('lines', { value: text() })
        .map(({ value }) => value)
        .transform(f, { id: 'all' })
        .saveAsTextFiles('s3://results/all')
    })

  it('names its batches alike in every try, and publishes what was committed', async () => {
    const ids: string[] = []
    let fail = true
    const code = transforming((batch) => {
      ids.push(batch.id)
      if (fail) throw new Error('not yet')
      return batch.map((word) => `${word}!`)
    })
    const words = driven(code)
    await words.deliver(records('lines-0', ['a', 'b'], { at: 500 }))
    await expect(words.rest()).rejects.toThrow('not yet')
    expect(await words.closed()).toEqual([])
    fail = false
    await words.another().wake()
    expect(await words.text()).toBe('a!\nb!\n')
    expect(new Set(ids)).toEqual(new Set(['words/all/1000']))
  })

  it('waits for what the function has begun', async () => {
    const written: string[] = []
    const words = driven(
      transforming((batch) => {
        void batch.foreachPartition(async (some) => {
          await new Promise((resolve) => setTimeout(resolve, 1))
          written.push(...some)
        })
        return batch
      }),
    )
    await words.deliver(records('lines-0', ['a', 'b'], { at: 500 }))
    await words.rest()
    expect(written).toEqual(['a', 'b'])
  })

  it('does so before it is tried again', async () => {
    const written: string[] = []
    const words = driven(
      transforming((batch) => {
        void batch.foreach(async (word) => {
          await new Promise((resolve) => setTimeout(resolve, 1))
          written.push(word)
        })
        throw new Error('not yet')
      }),
    )
    await words.deliver(records('lines-0', ['a', 'b'], { at: 500 }))
    await expect(words.rest()).rejects.toThrow('not yet')
    expect(written).toEqual(['a', 'b'])
  })

  it('sets a batch aside by policy, and goes on', async () => {
    const words = driven(
      transforming(
        (batch) =>
          batch.map((word) => {
            if (word === 'bad') throw new Error(`no ${word}`)
            return word
          }),
        { onPoison: 'quarantine', quarantine: 's3://results/quarantine' },
      ),
    )
    await words.deliver(records('lines-0', ['a', 'bad'], { at: 500 }))
    await words.rest()
    words.later('1m')
    await words.deliver(records('lines-0', ['b'], { at: 60_500 }))
    await words.rest()
    expect(await words.text('all')).toBe('b\n')
    expect(await words.text('quarantine')).toContain('no bad')
  })

  it('runs for a batch without elements as idle says', async () => {
    const times: Record<string, number[]> = { pause: [], run: [] }
    for (const idle of ['pause', 'run'] as const) {
      const words = driven(
        job('words', { batch: '1s', idle }, ({ kafka }) => {
          kafka('lines', { value: text() })
            .transform((batch, time) => {
              times[idle]?.push(time)
              return batch.map(({ value }) => value)
            })
            .saveAsTextFiles('s3://results/all')
        }),
      )
      await words.deliver(records('lines-0', ['a'], { at: 500 }))
      await words.deliver(records('lines-0', ['b'], { at: 3500 }))
      words.later('30s')
      if (idle === 'pause') await words.rest()
      else await words.wake()
    }
    expect(times.pause).toEqual([1000, 4000])
    expect(times.run?.slice(0, 4)).toEqual([1000, 2000, 3000, 4000])
  })
})
