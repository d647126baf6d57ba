// What a run must have produced, worked out from the records alone.

import { Buffer } from 'node:buffer'
import type { KafkaEventRecord } from '../../src/lambda/kafka-event.ts'

/** By batch time the elements, sorted. */
export type Contents = ReadonlyMap<number, readonly string[]>

export function nameOf(record: KafkaEventRecord): string {
  return Buffer.from(record.value ?? '', 'base64').toString()
}

/** I2's meaning of "the records alone": per partition an element's time is its timestamp, but at least every earlier one's. */
export function expectedContents(partitions: Iterable<readonly KafkaEventRecord[]>, batch: number): Contents {
  const contents = new Map<number, string[]>()
  for (const records of partitions) {
    let reached = 0
    for (const record of records) {
      reached = Math.max(reached, record.timestamp)
      const time = (Math.floor(reached / batch) + 1) * batch
      contents.set(time, [...(contents.get(time) ?? []), nameOf(record)])
    }
  }
  return sorted(contents)
}

/** What is published for one output, and which of its batch times have their `_SUCCESS`. */
export function publishedContents(
  objects: ReadonlyMap<string, string>,
  prefix: string,
): { contents: Contents; closed: number[] } {
  const contents = new Map<number, string[]>()
  const closed: number[] = []
  for (const [key, body] of objects) {
    const match = new RegExp(`^${prefix}-(\\d+)(?:\\.\\w+)?/(.*)$`).exec(key)
    if (!match) continue
    const time = Number(match[1])
    if (match[2] === '_SUCCESS') closed.push(time)
    // An element's name is the first word of its line.
    else contents.set(time, [...(contents.get(time) ?? []), ...namesOf(body)])
  }
  return { contents: sorted(contents), closed: closed.sort((a, b) => a - b) }
}

export function namesOf(body: string): string[] {
  return body
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => line.split(' ')[0] ?? '')
}

function sorted(contents: ReadonlyMap<number, string[]>): Contents {
  return new Map([...contents].sort(([a], [b]) => a - b).map(([time, names]) => [time, names.sort()]))
}
