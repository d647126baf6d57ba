// The job's topics during a run: which partitions there are by now, and which of their records exist.

import type { KafkaEventRecord } from '../../sources/kafka/event.ts'
import { Partition } from './event-source.ts'
import type { Random } from './random.ts'
import type { Scenario } from './scenario.ts'
import type { World } from './world.ts'

export class Topics {
  readonly partitions: readonly Partition[]
  readonly #planned: Scenario['partitions']
  readonly #added: Set<Partition>

  constructor({ partitions }: Scenario) {
    this.#planned = partitions
    this.partitions = partitions.map(({ topic, partition, records }) => new Partition(topic, partition, records))
    this.#added = new Set(this.partitions.filter((_, i) => partitions[i]?.addedAt === 0))
  }

  /** Records in [from, until) of a partition that exist. */
  recordsOf(name: string, from: number, until: number): readonly KafkaEventRecord[] {
    return this.partitions.find((partition) => partition.name === name)?.slice(from, until) ?? []
  }

  /** Partitions that are added at a step or before it. */
  addUntil(step: number, { coverage, trace }: World): void {
    for (const [i, { addedAt }] of this.#planned.entries()) {
      const partition = this.partitions[i]
      if (!partition || addedAt > step || this.#added.has(partition)) continue
      this.#added.add(partition)
      coverage.path('a partition added')
      trace?.tell(`partition ${partition.name} is added`)
    }
  }

  /** Producers get on; then some of the partitions that have something to deliver. @param twice also of those that are being delivered */
  produce(random: Random, twice: boolean): Partition[] {
    for (const partition of this.#added)
      partition.produced = Math.min(partition.records.length, partition.produced + random.pick([0, 1, 2, 5, 10]))
    return random.some([...this.#added].filter(({ busy, pending }) => (twice || !busy) && pending > 0))
  }

  produceAll(): void {
    for (const partition of this.partitions) partition.produced = partition.records.length
  }

  get pending(): Partition[] {
    return this.partitions.filter((partition) => partition.pending > 0)
  }

  /** Adds the records that are told after a long rest: as old as they are, or as old as they would be by now. */
  tellLater(now: number, batch: number, random: Random): void {
    const later = this.#planned.map((planned) => planned.later)
    const first = Math.min(...later.flatMap((records) => records.map(({ timestamp }) => timestamp)))
    const shift = random.chance(0.7) ? now - 10 * batch - first : 0
    for (const [i, { records }] of this.partitions.entries())
      records.push(...(later[i] ?? []).map((record) => ({ ...record, timestamp: record.timestamp + shift })))
  }
}
