// What the jobs of the simulation must have published, worked out from the ledger by the plainest definition there is.

import type { KafkaEventRecord } from '../../src/sources/kafka/event.ts'
import type { Ledger } from '../../src/testing/simulation/ledger.ts'

/** By batch time the values of the records, sorted. */
export type Contents = ReadonlyMap<number, readonly string[]>

export function textOf({ value }: KafkaEventRecord): string {
  return Buffer.from(value ?? '', 'base64').toString()
}

export function contentsOf({ entries }: Pick<Ledger, 'entries'>, topic?: string): Contents {
  const contents = new Map<number, string[]>()
  for (const { time, record } of [...entries.values()].flat()) {
    if (topic !== undefined && record.topic !== topic) continue
    const values = contents.get(time) ?? []
    contents.set(time, values)
    values.push(textOf(record))
  }
  return new Map([...contents].sort(([a], [b]) => a - b).map(([time, values]) => [time, values.sort()]))
}

/** By batch time, of each partition that has records in it, which offsets they have: `topic partition from until`. */
export function offsetsOf({ entries }: Pick<Ledger, 'entries'>): Contents {
  const contents = new Map<number, string[]>()
  for (const [, own] of [...entries].sort(([a], [b]) => a.localeCompare(b))) {
    for (const [time, some] of Map.groupBy(own, (entry) => entry.time)) {
      const offsets = some.map(({ record }) => record.offset)
      const [{ record } = { record: undefined }] = some
      const line = `${record?.topic} ${record?.partition} ${Math.min(...offsets)} ${Math.max(...offsets) + 1}`
      contents.set(time, [...(contents.get(time) ?? []), line])
    }
  }
  return new Map([...contents].sort(([a], [b]) => a - b))
}

/** Times without lines left out. */
export function withLines(contents: Contents | undefined): [number, readonly string[]][] {
  return [...(contents ?? [])].filter(([, lines]) => lines.length > 0)
}
