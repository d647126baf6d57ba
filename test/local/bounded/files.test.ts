// Files as partitions: lines, their times, what is left out, and what is refused.

import { mkdir, mkdtemp, rm, utimes, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { gzipSync } from 'node:zlib'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { job, text } from '../../../src/index.ts'
import type { BoundedSource } from '../../../src/local/bounded/bounded-partition.ts'
import { type FilesOptions, openFiles } from '../../../src/local/bounded/file-partitions.ts'
import { lineTime, timeOf } from '../../../src/local/bounded/line-time.ts'
import { linesOf } from '../../../src/local/bounded/lines.ts'
import { parseEntries, parsePosition } from '../../../src/local/offset-language.ts'
import { contents, ran } from './ran.ts'

let folder: string
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'millrace-files-'))
})
afterEach(() => rm(folder, { recursive: true, force: true }))

async function files(contents: Record<string, string | Uint8Array>): Promise<void> {
  for (const [name, text] of Object.entries(contents)) {
    await mkdir(join(folder, name, '..'), { recursive: true })
    await writeFile(join(folder, name), text)
  }
}

interface Asked {
  readonly time?: string
  readonly partitions?: number
  readonly from?: string
  readonly until?: string
  readonly place?: string
}

function opened({ time = 'mtime', partitions, from = 'start', until = 'end', place = folder }: Asked = {}) {
  const entries = (text: string): FilesOptions['from'] =>
    parseEntries('here', text, (one) => parsePosition('here', one, 0))
  return openFiles({
    topics: [{ topic: 'lines', place }],
    time: lineTime('--time', time),
    timePlace: time,
    partitions,
    from: entries(from),
    until: entries(until),
    s3: () => {
      throw new Error('no S3 here')
    },
  })
}

/** Of each partition its lines, as `offset time value`. */
async function read(source: BoundedSource): Promise<string[][]> {
  const all: string[][] = []
  for (const partition of source.partitions) {
    const lines: string[] = []
    for (let piece = await partition.next(); piece; piece = await partition.next())
      for (const { offset, timestamp, value } of piece)
        lines.push(`${offset} ${timestamp} ${Buffer.from(value ?? '', 'base64').toString()}`)
    expect(partition.done).toBe(1)
    all.push(lines)
  }
  await source.close()
  return all
}

describe('files of lines', () => {
  it('are partitions in the order of their names, of the time of the file', async () => {
    await files({
      'log-10.txt': 'x',
      'log-9.txt': 'a\r\n\nb\n',
      'deep/log-1.txt': 'd\n',
      _SUCCESS: 'no',
      '.hidden': 'no',
      '_x/y': 'no',
    })
    for (const name of ['log-10.txt', 'log-9.txt', 'deep/log-1.txt']) await utimes(join(folder, name), 5, 5)
    expect(await read(await opened())).toEqual([['0 5000 d'], ['0 5000 a', '1 5000 ', '2 5000 b'], ['0 5000 x']])
  })

  it('follow each other in one partition when that is asked for', async () => {
    await files({ 'log-10.txt': '{"t":3}\n', 'log-9.txt': '{"t":1}\n{"t":2}' })
    expect(await read(await opened({ partitions: 1, time: 't' }))).toEqual([
      ['0 1000 {"t":1}', '1 2000 {"t":2}', '2 3000 {"t":3}'],
    ])
  })

  it('are dealt out by name', async () => {
    await files(Object.fromEntries(Array.from({ length: 20 }, (_, i) => [`f${i}`, `${i}\n`])))
    const [one, two] = [await read(await opened({ partitions: 4 })), await read(await opened({ partitions: 4 }))]
    expect(one).toEqual(two)
    expect(one.filter((lines) => lines.length > 0).length).toBeGreaterThan(1)
    expect(one.flat()).toHaveLength(20)
  })

  it('are unzipped', async () => {
    await files({ 'a.gz': gzipSync('{"t":1}\n{"t":2}\n') })
    expect(await read(await opened({ time: 't' }))).toEqual([['0 1000 {"t":1}', '1 2000 {"t":2}']])
  })

  it('that are not what their name says are named', async () => {
    await files({ 'a.gz': 'no zip' })
    await expect(opened().then(read)).rejects.toThrow(/a\.gz cannot be unzipped/)
  })

  it('begin and end where that was said, by count or time', async () => {
    await files({ a: [1, 2, 3, 4, 5].map((t) => `{"t":${t}}\n`).join('') })
    const offsets = async (asked: Asked) =>
      (await read(await opened({ time: 't', ...asked })))[0]?.map((line) => line[0])
    expect(await offsets({ from: '1', until: '3' })).toEqual(['1', '2'])
    expect(await offsets({ from: '+4' })).toEqual(['4'])
    expect(await offsets({ from: '@1970-01-01T00:00:02Z', until: '@1970-01-01T00:00:04Z' })).toEqual(['1', '2'])
    await expect(opened({ from: '-2' })).rejects.toThrow('lines-0 is files, of which nobody knows the end beforehand')
  })

  it('have lines without a time, which are of that before, and are told', async () => {
    await files({ a: '{"t":1}\n  at f (x.js)\n{"t":2}\n' })
    const source = await opened({ time: 't' })
    expect(await read(source)).toEqual([['0 1000 {"t":1}', '1 1000   at f (x.js)', '2 2000 {"t":2}']])
    expect(source.warnings()).toEqual([
      `lines: 1 lines have no time at t and were taken to be of the time of the line before, the first at ${join(folder, 'a')}, line 2`,
    ])
  })

  it('have lines without a time, which are in the batch of that before', async () => {
    const later = Array.from({ length: 8 }, (_, i) => `{"t":${i + 2}}\n`).join('')
    await files({ a: `{"t":1}\n  at f (x.js)\n${later}` })
    const code = job('copy', { batch: '1s' }, ({ kafka }) => {
      kafka('lines', { value: text() })
        .map(({ value }) => value)
        .saveAsTextFiles('s3://results/copy')
    })
    const { published, report } = await ran(code, { partitions: (await opened({ time: 't' })).partitions })
    const found = contents(published)
    expect(found['copy-2000']).toEqual(['  at f (x.js)', '{"t":1}', 'complete: true'])
    expect(found['copy-3000']).toEqual(['{"t":2}', 'complete: true'])
    expect(report).toMatchObject({ batches: 9, late: 0 })
  })

  it('may not begin with one', async () => {
    await files({ a: 'no time\n' })
    await expect(opened({ time: 't' }).then(read)).rejects.toMatchObject({ code: 'NO_TIME' })
  })

  it.each([
    [{ place: '/nowhere/at/all' }, 'There is no /nowhere/at/all: name a file, a directory, or s3://bucket/prefix.'],
    [{}, 'has no files to read'],
    [{ time: '/(/' }, 'is no regular expression'],
    [{ time: 'a..b' }, "'a..b' is no place of a time"],
  ])('are refused: %o', async (asked, message) => {
    await expect(async () => opened(asked)).rejects.toThrow(message)
  })

  it('are too many to be partitions each', async () => {
    await files(Object.fromEntries(Array.from({ length: 501 }, (_, i) => [`f${i}`, ''])))
    await expect(opened()).rejects.toThrow('has 501 files')
    expect((await opened({ partitions: 3 })).partitions).toHaveLength(3)
  })
})

describe('a line', () => {
  async function* pieces(...texts: string[]) {
    for (const text of texts) yield Buffer.from(text)
  }
  it('is whole, whatever the pieces', async () => {
    const lines: string[] = []
    for await (const some of linesOf(pieces('a', 'b\nc\r', '\n', '\nd', 'é'), () => new Error()))
      for (const line of some) lines.push(line.toString())
    expect(lines).toEqual(['ab', 'c', '', 'dé'])
  })

  it('has an end', async () => {
    const endless = async () => {
      for await (const _ of linesOf(pieces(...new Array(18).fill('x'.repeat(1_000_000))), () => new Error('too long')));
    }
    await expect(endless()).rejects.toThrow('too long')
  })
})

describe('a time in a line', () => {
  it.each<[unknown, string | undefined]>([
    [1769860810000, '2026-01-31T12:00:10.000Z'],
    [1769860810, '2026-01-31T12:00:10.000Z'],
    [1769860810.5, '2026-01-31T12:00:10.500Z'],
    ['1769860810', '2026-01-31T12:00:10.000Z'],
    ['2026-01-31T12:00:10Z', '2026-01-31T12:00:10.000Z'],
    ['2026-01-31T14:00:10+02:00', '2026-01-31T12:00:10.000Z'],
    ['2026-01-31T12:00:10.250', '2026-01-31T12:00:10.250Z'],
    ['2026-01-31 12:00:10,250', '2026-01-31T12:00:10.250Z'],
    ['2026-01-31', '2026-01-31T00:00:00.000Z'],
    ['31/Jan/2026:13:00:10 +0100', '2026-01-31T12:00:10.000Z'],
    ['[31/Jan/2026:12:00:10 +0000]', '2026-01-31T12:00:10.000Z'],
    ['2026/01/31 12:00:10', '2026-01-31T12:00:10.000Z'],
    ['2026-01-31 12:00:10 UTC', '2026-01-31T12:00:10.000Z'],
    ['2026-01-31T14:00:10+0200', '2026-01-31T12:00:10.000Z'],
    ['[Sat Jan 31 12:00:10.250000 2026]', '2026-01-31T12:00:10.250Z'],
    ['Sat, 31 Jan 2026 12:00:10 GMT', '2026-01-31T12:00:10.000Z'],
    ['Jan 31 12:00:10', undefined],
    ['page 7', undefined],
    ['', undefined],
    ['yesterday', undefined],
    [-1, undefined],
    [null, undefined],
    [{}, undefined],
  ])('%o', (value, time) => {
    const found = timeOf(value)
    expect(found === undefined ? undefined : new Date(found).toISOString()).toBe(time)
  })

  it.each([
    ['at', '{"at":5}', 5000],
    ['meta.at', '{"meta":{"at":5}}', 5000],
    ['meta.at', '{"meta":null}', undefined],
    ['at', 'no JSON', undefined],
    ['/^\\S+/', '2026-01-31T12:00:10Z GET /', Date.parse('2026-01-31T12:00:10Z')],
    ['/\\[(.*?)\\]/', '1.2.3.4 - - [31/Jan/2026:12:00:10 +0000] "GET /"', Date.parse('2026-01-31T12:00:10Z')],
    ['/\\[(.*?)\\]/', 'nothing', undefined],
  ])('is found at %s in %s', (where, line, time) => {
    expect(lineTime('--time', where)?.(Buffer.from(line))).toBe(time)
  })
})
