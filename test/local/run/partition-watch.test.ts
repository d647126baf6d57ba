// Partitions that are added while a run is up: it learns of them, in its own process and in workers, and counts what is in them.

import { expect, it } from 'vitest'
import { watchPartitions } from '../../../src/local/run/partition-watch.ts'
import { until } from '../event-source/until.ts'

type Topics = Parameters<typeof watchPartitions>[0]['topics']

const topicsOf = (count: (topic: string) => number): Topics => ({
  where: 'here',
  source: { join: () => Promise.reject(new Error('not read')), close: async () => {} },
  ensure: async () => [],
  partitionCount: async (topic) => count(topic),
  append: async () => {},
  last: async () => undefined,
  ends: async () => [],
  close: async () => {},
})

it('tells what has grown, once, and goes on when Kafka is away or the job does not take it', async () => {
  const counts = new Map([
    ['a', 2],
    ['b', 1],
  ])
  const [changes, errors]: [string[], unknown[]] = [[], []]
  let away = false
  let refuses = true
  let asked = 0
  const watch = watchPartitions({
    topics: topicsOf((topic) => {
      asked++
      if (away) throw new Error('Kafka is away')
      return counts.get(topic) ?? 0
    }),
    counts: new Map(counts),
    everyMs: 1,
    onError: (error) => errors.push(error),
    async onChange(found, words) {
      if (refuses) throw new Error('busy')
      changes.push(`${words}; ${[...found].join(' ')}`)
    },
  })
  const looks = async (): Promise<void> => {
    const before = asked
    await until('it has looked', () => asked > before + 4)
  }
  await looks()
  expect([changes, errors]).toEqual([[], []])
  counts.set('a', 3)
  await until('it is refused', () => errors.length > 0)
  refuses = false
  await until('it is taken', () => changes.length > 0)
  away = true
  await looks()
  away = false
  counts.set('b', 0) // gone for now
  await looks()
  counts.set('b', 4)
  await until('it is taken', () => changes.length > 1)
  await looks()
  await watch.stop()
  expect(changes).toEqual(['a: 2 → 3 partitions; a,3 b,1', 'b: 1 → 4 partitions; a,3 b,4'])
})
