// Windows and keyed state on real Kafka, with functions killed at random: what is published equals a computation over the
// whole topic. The jobs are the ones of functions/, as they are.

import { randomInt } from 'node:crypto'
import { afterAll, afterEach, beforeAll, expect, it } from 'vitest'
import type { Stage } from '../exactly-once/stage.ts'
import { KafkaService } from '../poller/kafka-service.ts'
import { bootstrap, describeWith, endpoints } from '../poller/services.ts'
import { runKilled } from './killed.ts'

const BATCH = 5000
const KILLS = 20
const WORDS = ['mill', 'race', 'water', 'wheel', 'stone', 'grain', 'flour', 'sluice', '__proto__', 'constructor']

interface Line {
  readonly timestamp: number
  readonly words: readonly string[]
}

/** A line under the batch that it belongs to. */
interface Placed extends Line {
  readonly time: number
}

let stage: Stage | undefined
let kafka: KafkaService
beforeAll(async () => {
  if (bootstrap !== '') kafka = await new KafkaService(bootstrap).connect()
})
afterAll(() => kafka?.close())
afterEach(async () => {
  await stage?.close()
  stage = undefined
})

/** Runs a job over `lines` while its functions are killed, until all is closed. */
async function runOver(
  job: string,
  endpoint: string,
  lines: readonly Line[],
): Promise<{ run: Stage; placed: readonly Placed[] }> {
  const records = lines.map(({ timestamp, words }) => ({ timestamp, value: words.join(' ') }))
  const how = { job, endpoint, topic: 'LINES', batch: BATCH, records, kills: KILLS }
  const { run, times } = await runKilled(kafka, how, (started) => {
    stage = started
  })
  return { run, placed: lines.map((line, i) => ({ ...line, time: times[i] ?? 0 })) }
}

function someLines(count: number): Line[] {
  const start = Math.floor((Date.now() - 400_000) / BATCH) * BATCH
  return Array.from({ length: count }, (_, i) => ({
    timestamp: start + i * 10,
    words: Array.from({ length: 1 + (i % 5) }, () => WORDS[randomInt(WORDS.length)] ?? ''),
  }))
}

/** Lines of an NDJSON output, by batch time; every batch must be closed. */
async function readPairs(run: Stage, output: string): Promise<Map<number, [string, number][]>> {
  const pairs = new Map<number, [string, number][]>()
  const closed = new Set<number>()
  for await (const { key } of run.objects.list(run.bucket, `${output}-`)) {
    const [batch = '', name = ''] = key.split('/')
    const time = Number(batch.slice(output.length + 1))
    if (!Number.isInteger(time)) continue // the output whose name goes on
    if (name === '_SUCCESS') {
      closed.add(time)
      continue
    }
    const body = new TextDecoder().decode(await run.objects.get({ bucket: run.bucket, key }))
    const lines: [string, number][] = body
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line))
    pairs.set(time, [...(pairs.get(time) ?? []), ...lines])
  }
  expect([...pairs.keys()].filter((time) => !closed.has(time))).toEqual([])
  return pairs
}

function countWords(lines: readonly Line[]): [string, number][] {
  const counts = new Map<string, number>()
  for (const { words } of lines) for (const word of words) counts.set(word, (counts.get(word) ?? 0) + 1)
  return [...counts].sort()
}

describeWith(bootstrap, endpoints.localstack)('hot words on real Kafka and LocalStack', () => {
  it('both forms of the window equal a recount of the topic', { timeout: 900_000 }, async () => {
    const { run, placed } = await runOver('hot-words', endpoints.localstack, someLines(12_000))
    const [inverse, recounted] = [await readPairs(run, 'hot-words'), await readPairs(run, 'hot-words-recounted')]
    const last = Math.max(...placed.map(({ time }) => time))
    let windows = 0
    for (
      let time = Math.ceil((Math.min(...placed.map(({ time }) => time)) + 1) / 10_000) * 10_000;
      time < last + 20_000;
      time += 10_000
    ) {
      const expected = countWords(placed.filter((line) => line.time > time - 20_000 && line.time <= time))
      expect(inverse.get(time)?.toSorted() ?? []).toEqual(expected)
      expect(recounted.get(time)?.toSorted() ?? []).toEqual(expected)
      windows++
    }
    expect(windows).toBeGreaterThan(10)
    expect([...inverse.keys()].filter((time) => time % 10_000 !== 0)).toEqual([])
  })
})

describeWith(bootstrap, endpoints.ministack)('running counts on real Kafka and MiniStack', () => {
  it('by updateStateByKey and by mapWithState equal a recount of the topic', { timeout: 900_000 }, async () => {
    const { run, placed } = await runOver('running-counts', endpoints.ministack, someLines(8000))
    const totals = await readPairs(run, 'running-counts')
    for (const time of new Set(placed.map((line) => line.time))) {
      expect(totals.get(time)?.toSorted()).toEqual(countWords(placed.filter((line) => line.time <= time)))
    }
    const steps = new Map<string, number[]>()
    for (const pairs of (await readPairs(run, 'counts-as-they-come')).values()) {
      for (const [word, count] of pairs) steps.set(word, [...(steps.get(word) ?? []), count])
    }
    // Every count from 1 to the total once: no word is counted twice, none is missed.
    for (const [word, total] of countWords(placed)) {
      expect(steps.get(word)?.toSorted((a, b) => a - b)).toEqual(Array.from({ length: total }, (_, i) => i + 1))
    }
  })
})
