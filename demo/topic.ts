// What a demo's job reads: real data from npm packages, as records of an embedded topic of 4 partitions.

import { readFileSync } from 'node:fs'
import { setTimeout as sleep } from 'node:timers/promises'
import type { EmbeddedTopics } from '../src/local/event-source/embedded-topics.ts'

export const PARTITIONS = 4

export interface TopicRecord {
  readonly key: string
  readonly value: string
  readonly timestamp: number
}

export interface DemoTopic {
  readonly name: string
  /** What the records are, for people. */
  readonly what: string
  read(): readonly TopicRecord[]
}

/** A data set of the npm package vega-datasets, which exports its module only; the data lies beside it. */
export function readDataSet<T>(name: string): T[] {
  const file = new URL(`../data/${name}`, import.meta.resolve('vega-datasets'))
  return JSON.parse(readFileSync(file, 'utf8'))
}

/** Appends records at about `perSecond`, as a producer would; `stopped` ends it early. */
export async function produce(
  topics: EmbeddedTopics,
  topic: string,
  records: readonly TopicRecord[],
  perSecond: number,
  stopped: AbortSignal,
): Promise<void> {
  const TICK_MS = 20
  const perTick = Math.ceil((perSecond * TICK_MS) / 1000)
  for (let at = 0; at < records.length && !stopped.aborted; at += perTick) {
    for (const record of records.slice(at, at + perTick)) topics.append({ topic, ...record })
    await sleep(TICK_MS)
  }
}
