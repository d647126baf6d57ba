// A bounded run over lists of records: what is closed, what is said of it, what it does without and with effects. That it publishes what a
// stream does, bounded-run.property.test.ts shows.

import { describe, expect, it } from 'vitest'
import { job, json, seconds, text } from '../../../src/index.ts'
import { type Listed, listed } from './listed.ts'
import { contents, ran } from './ran.ts'

const copy = job('copy', { batch: seconds(1) }, ({ kafka }) => {
  kafka('lines', { value: text() })
    .map(({ value }) => value)
    .saveAsTextFiles('s3://results/copy')
})
const lines = (...at: number[]): Listed[] => at.map((time, i) => ({ value: `line ${i}`, at: time }))

describe('its parts', () => {
  it('are called after their first offsets, and every batch is complete', async () => {
    const { published, report } = await ran(copy, { partitions: [listed('lines', 0, lines(100, 200, 1500), [2, 1])] })
    expect(published).toEqual({
      'copy-1000/_SUCCESS': '',
      'copy-1000/part-lines-0-00000000000000000000': 'line 0\nline 1\n',
      'copy-2000/_SUCCESS': '',
      'copy-2000/part-lines-0-00000000000000000002': 'line 2\n',
    })
    expect(report).toMatchObject({ records: 3, batches: 2, first: 1000, last: 2000, late: 0, interrupted: false })
  })

  it('do not wait for a partition that has ended, nor for one without records', async () => {
    const { published } = await ran(copy, {
      partitions: [
        listed('lines', 0, lines(100, 5100, 9100), [1]),
        listed('lines', 1, lines(200)),
        listed('lines', 2, []),
      ],
    })
    expect(Object.keys(published).filter((key) => key.endsWith('_SUCCESS'))).toEqual([
      'copy-1000/_SUCCESS',
      'copy-10000/_SUCCESS',
      'copy-6000/_SUCCESS',
    ])
  })

  it('are none when there is nothing', async () => {
    const { published, report } = await ran(copy, { partitions: [listed('lines', 0, [])] })
    expect(published).toEqual({})
    expect(report).toMatchObject({ records: 0, batches: 0, first: undefined })
  })
})

it('counts records that came too late for their batch', async () => {
  const { report } = await ran(copy, { partitions: [listed('lines', 0, lines(100, 3100, 900, 3000), [1])] })
  expect(report.late).toBe(1)
})

it('begins where the range does, wherever the job would', async () => {
  const late = job('late', { batch: seconds(1) }, ({ kafka }) => {
    kafka('lines', { value: text(), startingOffsets: { lines: { 0: 2 } } })
      .map(({ value }) => value)
      .saveAsTextFiles('s3://results/copy')
  })
  const { published } = await ran(late, { partitions: [listed('lines', 0, lines(100, 200, 300))] })
  expect(published['copy-1000/part-lines-0-00000000000000000000']).toBe('line 0\nline 1\nline 2\n')
})

it('goes on over offsets that are not there', async () => {
  const [first, , third] = lines(100, 200, 300)
  const whole = listed('lines', 0, [
    first ?? { value: '', at: 0 },
    { value: 'marker', at: 200 },
    third ?? { value: '', at: 0 },
  ])
  const holed = { ...whole, next: async () => (await whole.next())?.filter(({ offset }) => offset !== 1) }
  const { published } = await ran(copy, { partitions: [holed] })
  expect(published['copy-1000/part-lines-0-00000000000000000000']).toBe('line 0\nline 2\n')
})

it('runs every interval between the first record and the last where the job does', async () => {
  const counts = job('counts', { batch: seconds(1), idle: 'run' }, ({ kafka }) => {
    kafka('lines', { value: json() }).count().saveAsTextFiles('s3://results/counts')
  })
  const partitions = [
    listed(
      'lines',
      0,
      [1500, 4500].map((at) => ({ value: '{}', at })),
    ),
  ]
  const { published } = await ran(counts, { partitions })
  const texts = Object.entries(published).flatMap(([key, body]) =>
    key.endsWith('_SUCCESS') ? [] : [`${key.split('/')[0]} ${body.trim()}`],
  )
  expect(texts).toEqual(['counts-2000 1', 'counts-3000 0', 'counts-4000 0', 'counts-5000 1'])
})

it('asks for what is broadcast by the time of the records, and runs SQL, as the stream does', async () => {
  const reads: number[] = []
  const watched = job('watched', { batch: seconds(1), numPartitions: 2 }, ({ kafka }) => {
    const values = kafka('lines', { value: text() }).map(({ value }) => value)
    const blocked = values.broadcast(
      async () => {
        reads.push(reads.length)
        return new Set([`line ${reads.length}`])
      },
      { refresh: '2s', id: 'blocked' },
    )
    values
      .withBroadcast(blocked, (batch, some) => batch.filter((value) => !some.has(value)), { id: 'allowed' })
      .saveAsTextFiles('s3://results/allowed')
    values
      .transform(
        (batch) =>
          batch.sql('select count(*) as n, max(value) as last from batch', {
            columns: { value: 'text' },
            returns: { n: 'number', last: 'text' },
          }),
        { id: 'counted' },
      )
      .saveAsNdjsonFiles('s3://results/counted')
  })
  const ranges = () => [listed('lines', 0, lines(100, 200, 1100, 2100, 3100), [2])]
  const { published, report } = await ran(watched, { partitions: ranges() })
  expect(contents(published)).toEqual({
    'allowed-1000': ['line 0', 'complete: true'],
    'allowed-2000': ['line 2', 'complete: true'],
    'allowed-3000': ['line 3', 'complete: true'],
    'allowed-4000': ['line 4', 'complete: true'],
    'counted-1000': ['{"n":2,"last":"line 1"}', 'complete: true'],
    'counted-2000': ['{"n":1,"last":"line 2"}', 'complete: true'],
    'counted-3000': ['{"n":1,"last":"line 3"}', 'complete: true'],
    'counted-4000': ['{"n":1,"last":"line 4"}', 'complete: true'],
  })
  expect(reads).toEqual([0, 1])
  expect(report).toMatchObject({ records: 5, batches: 4 })
})

describe('what is done after a commit', () => {
  const doing = (f: (list: unknown[], time: number) => unknown) =>
    job('doing', { batch: seconds(1) }, ({ kafka }) => {
      const values = kafka('lines', { value: text() }).map(({ value }) => value)
      values.foreachRDD(async (batch, time) => {
        await f(await batch.collect(), time)
      })
    })
  const partitions = () => [listed('lines', 0, lines(100, 1100))]

  it('is done for every batch, in order', async () => {
    const did: unknown[] = []
    await ran(
      doing((list, time) => did.push([time, list])),
      { partitions: partitions() },
    )
    expect(did).toEqual([
      [1000, ['line 0']],
      [2000, ['line 1']],
    ])
  })

  it('is left out when it is not wanted', async () => {
    const did: unknown[] = []
    const { report } = await ran(
      doing(() => did.push(1)),
      { partitions: partitions(), effects: false },
    )
    expect(did).toEqual([])
    expect(report.withoutEffect).toBe(2)
  })

  it('is left out of partitions too', async () => {
    const called: unknown[] = []
    const calling = job('calling', { batch: seconds(1) }, ({ kafka }) => {
      kafka('lines', { value: text() }).foreachPartition((some) => called.push(some), {
        connect: () => called.push('connected'),
      })
    })
    const { report } = await ran(calling, { partitions: partitions(), effects: false })
    expect([called, report.withoutEffect]).toEqual([[], 1 + 1])
  })
})

it('ends with the error of a record that cannot be read', async () => {
  const strict = job('strict', { batch: seconds(1), onPoison: 'fail' }, ({ kafka }) => {
    kafka('lines', { value: json() })
      .map(({ value }) => value)
      .saveAsNdjsonFiles('s3://results/values')
  })
  const partitions = [listed('lines', 0, [{ value: 'no JSON', at: 1 }])]
  await expect(ran(strict, { partitions })).rejects.toMatchObject({ code: 'POISON_RECORD' })
})

it('stops when it is told to', async () => {
  const stopping = new AbortController()
  const partitions = [listed('lines', 0, lines(100, 1100, 2100, 3100), [1])]
  const onProgress = ({ records: n }: { records: number }): void => {
    if (n === 2) stopping.abort()
  }
  const { report } = await ran(copy, { partitions, signal: stopping.signal, onProgress })
  expect(report).toMatchObject({ records: 2, interrupted: true })
})
