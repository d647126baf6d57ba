// What one seed simulates of a stateful job: as for others, with words for records and 1 to 3 buckets.

import { makeRecords, Partition } from './event-source.ts'
import { TOPICS } from './jobs.ts'
import type { Random } from './random.ts'
import { BATCH, countOf, drawScenario, type Scenario } from './scenario.ts'
import type { StatefulKind } from './stateful-jobs.ts'

const WORDS = ['a1', 'a2', 'b1', 'b2', 'b3', 'c1'] as const

export function drawStateful(seed: number, kind: StatefulKind, random: Random): Scenario {
  const scenario = drawScenario(seed, random)
  const base = 1_700_000_000_000 + random.int(0, 1000)
  const words = WORDS.slice(0, random.int(1, kind === 'heavy' ? 3 : WORDS.length + 1))
  const partitions = drawPartitions(kind, base, words, random)
  const latest = Math.max(...partitions.flatMap(({ records }) => records.map(({ timestamp }) => timestamp)))
  const { pace, declared } = scenario
  return {
    ...scenario,
    kind,
    partitions,
    options: { ...scenario.options, numPartitions: random.int(1, 4) },
    start: pace === 'live' || pace === 'arrival' ? base : latest + 1,
    declared: new Map(declared.size > 0 ? TOPICS.map((topic) => [topic, countOf(topic, partitions)]) : []),
    steps: random.int(10, 80),
    textOf: (partition, offset) => words[(offset * 7 + partition.length) % words.length] ?? words[0] ?? '',
  }
}

function drawPartitions(kind: StatefulKind, base: number, words: readonly string[], random: Random): Partition[] {
  const most = kind === 'heavy' ? 10 : 25
  return TOPICS.flatMap((topic) =>
    Array.from({ length: random.int(topic === TOPICS[0] || kind === 'join' ? 1 : 0, 3) }, (_, partition) => {
      const first = random.pick([0, 0, random.int(1, 1000)])
      const place = { topic, partition, first }
      // Sometimes gaps that windows and timeouts notice.
      const start = base + random.pick([0, 0, random.int(0, 8 * BATCH)])
      return new Partition(
        `${topic}-${partition}`,
        makeRecords(place, random.int(1, most), start, () => random.pick(words), random),
      )
    }),
  )
}
