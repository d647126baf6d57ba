// A sink that nobody knows: it lives in this file alone, and is attached by one line. What the contract promises it gets: its parts
// are promised with their commits, in bytes of its own and in folders of its own; what they keep until T is complete comes back whole,
// once, in the source stage, in place and after a shuffle, under crashes, duplicates and other cuts.

import zlib from 'node:zlib'
import { describe, expect, it } from 'vitest'
import { type DStream, job, text } from '../../src/index.ts'
import { batchFolder, type FilesPlace } from '../../src/names/outputs.ts'
import { describePlan } from '../../src/plan/describe.ts'
import type { Sink } from '../../src/sinks/sink.ts'
import { simulate } from '../../src/testing/index.ts'
import { planned } from '../support/definition.ts'
import { driven, records } from '../support/driven.ts'

/** Gzipped lines below `by-length/<n>/`, and when T is complete one object that says how many elements it has, and their sum. */
function tallied(prefix: string): Sink {
  const place: FilesPlace = { bucket: 'results', prefix, suffix: undefined }
  const at = (time: number | string, name: string) => ({
    bucket: 'results',
    key: `${batchFolder(place, time)}/${name}`,
  })
  const total = (time: number) => at(time, 'total')
  return {
    name: `tally ${prefix}`,
    places: [{ kind: 'objects', ...place }],
    note: 'gzip',
    promise(elements, { time, part }) {
      const lines = elements.map(String)
      const byLength = Map.groupBy(lines, ({ length }) => length)
      return {
        writes: [...byLength].map(([length, some]) => ({
          ref: at(time, `by-length/${length}/${part}.gz`),
          contentType: 'application/gzip',
          body: zlib.gzipSync(`${some.join('\n')}\n`),
          completedBy: total(time),
        })),
        lines: [String(elements.length)],
      }
    },
    complete: (time, lines) => {
      const body = Buffer.from(String(lines().reduce((sum, count) => sum + Number(count), 0)))
      return [{ kind: 'put', ref: total(time), contentType: 'text/plain', body, packed: false }]
    },
    longestKeys: (time, part) => [at(time, `by-length/99999999/${part}.gz`).key],
    read: (body) => (body[0] === 0x1f ? zlib.gunzipSync(body) : Buffer.from(body)).toString().trimEnd().split('\n'),
  }
}

/** The one line that attaches it. */
const tally = (stream: DStream<unknown>, prefix: string): void =>
  stream.registry.add({ kind: 'output', input: stream.node, sink: tallied(prefix) })

const everywhere = job('everywhere', { batch: 1000, numPartitions: 2 }, ({ kafka }) => {
  const words = kafka('lines', { value: text() }).flatMap(({ value }) => value.split(' '))
  const counted = words.map((word) => [word, 1] as const)
  tally(words, 'words')
  tally(
    counted.reduceByKey((a, b) => a + b),
    'shuffled',
  )
  tally(
    counted.preservesPartitioning({ newPartitions: 'join' }).reduceByKey((a, b) => a + b),
    'inPlace',
  )
})

describe('a sink that lives in one file', () => {
  const published = [
    ...['inPlace-1000/by-length/3/part-lines-0.gz', 'inPlace-1000/by-length/4/part-lines-0.gz', 'inPlace-1000/total'],
    ...['shuffled-1000/total', 'words-1000/total'],
  ]

  it('publishes its parts with their commits and completes T once, wherever it runs', async () => {
    const tallies = driven(everywhere)
    await tallies.deliver(records('lines-0', ['a bb', 'a'], { at: 100 }))
    await tallies.again()
    await tallies.rest()
    const results = await tallies.published()
    expect(Object.keys(results).filter((key) => key.startsWith('words-1000/by-length'))).toEqual([
      'words-1000/by-length/1/part-lines-0-00000000000000000000.gz',
      'words-1000/by-length/2/part-lines-0-00000000000000000000.gz',
    ])
    expect(Object.keys(results)).toEqual(expect.arrayContaining(published))
    expect(results).toMatchObject({ 'words-1000/total': '3', 'shuffled-1000/total': '2', 'inPlace-1000/total': '2' })
  })

  it('is completed by another instance when the one that has closed T dies', async () => {
    const services = { put: () => Promise.reject(new Error('gone')) }
    const dying = driven(everywhere, { objects: () => services })
    await dying.deliver(records('lines-0', ['a bb', 'a'], { at: 100 })).catch(() => undefined)
    expect(await dying.published()).toEqual({})
    const another = dying.another()
    await another.again()
    await another.rest()
    expect(await another.published()).toMatchObject({
      ...{ 'words-1000/total': '3', 'shuffled-1000/total': '2', 'inPlace-1000/total': '2' },
    })
  })
})

it('comes out the same under crashes, duplicates, other cuts and zombies', async () => {
  const anywhere = job('anywhere', { batch: 1000, numPartitions: 2 }, ({ kafka }) => {
    const words = kafka('lines', { value: text() }).flatMap(({ value }) => value.split(' '))
    tally(words, 'words')
    tally(words.countByValue(), 'counts')
  })
  for (let seed = 1; seed <= 25; seed++) {
    const { violations, story, outputs } = await simulate(anywhere, { seed })
    expect(violations, story).toEqual([])
    expect([...outputs.keys()]).toEqual(['tally words', 'tally counts'])
  }
})

it('is planned, named and refused like any other', () => {
  const defined = (define: (lines: DStream<unknown>) => void) => () =>
    planned(job('planned', { batch: 1000 }, ({ kafka }) => define(kafka('lines', { value: text() }))))
  expect(describePlan(defined((lines) => tally(lines, 'a'))())).toContain('→ tally a (gzip)')
  const twice = defined((lines) => {
    tally(lines, 'a')
    lines.saveAsTextFiles('s3://results/a')
  })
  expect(twice).toThrow('two outputs write to s3://results/a')
  expect(defined((lines) => tally(lines, 'a'.repeat(1000)))).toThrow(
    /An object could get the key .* Shorten the prefix/,
  )
  const called = (lines: DStream<unknown>) =>
    lines.registry.add({ kind: 'output', input: lines.node, sink: { ...tallied('a'), places: [] } })
  expect(defined((lines) => [called(lines), called(lines)])).toThrow('two outputs are called tally a')
})
