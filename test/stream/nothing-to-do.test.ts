// What Spark needs to be told and this does not: `cache`, `persist`, `checkpoint` and `remember` give the stream back, and `slice` says why not.

import { expect, it } from 'vitest'
import { type DStream, job, type KafkaRecord, text } from '../../src/index.ts'
import { testStream } from '../../src/testing/index.ts'

function inJob(look: (lines: DStream<KafkaRecord<string>>) => void): void {
  job('one', { batch: 1000 }, ({ kafka }) => {
    const lines = kafka('lines', { value: text() })
    look(lines)
    lines.print()
  })
}

it('gives the same stream back, also of pairs', () => {
  inJob((lines) => {
    const pairs = lines.map(({ value }): [string, number] => [value, 1])
    expect([lines.cache(), lines.persist(), lines.checkpoint(), lines.checkpoint('10s'), lines.remember('5m')]) //
      .toEqual([lines, lines, lines, lines, lines])
    expect(
      pairs
        .cache()
        .persist()
        .checkpoint(2000)
        .remember(60_000)
        .reduceByKey((a, b) => a + b),
    ).toBeDefined()
  })
})

it('changes nothing of what comes out, with memory thrown away between batches', async () => {
  const inputs: [string[][]] = [[['a', 'b', 'a'], ['b']]]
  const results = await testStream({ batch: 1000, inputs, partitions: 3, restart: 'every-batch' }, (words) => {
    const kept = words.cache().persist().checkpoint('10s').remember('5m')
    return [kept.count(), kept.countByValue(), words.countByValue()] as const
  })
  expect(results[0]).toEqual([[3], [1]])
  expect(results[1]).toEqual(results[2])
})

it.each([
  ['checkpoint', (lines: DStream<unknown>) => lines.checkpoint(-1)],
  ['remember', (lines: DStream<unknown>) => lines.remember(Number.NaN)],
])('refuses what is no duration: %s', (name, ask) => {
  inJob((lines) => expect(() => ask(lines)).toThrow(new RegExp(`^${name}`)))
})

it('says of slice what to use instead', () => {
  inJob((lines) => {
    expect(() => lines.slice(0, 1000)).toThrow(
      'slice: a definition has no batches to hand out. Use window(span) for the elements of several batches, or read what outputs have published.',
    )
  })
})
