// Where event time is easily wrong: groups whose end is a millisecond away, functions that throw half way, rows without a time.

import { job, json, session, tumbling } from 'millrace'
import { testStream } from 'millrace/testing'
import { describe, expect, it } from 'vitest'
import { driven, records } from '../../support/driven.ts'

describe.each([1, 3])('with %d partitions', (partitions) => {
  it.each([
    ['dropDuplicatesWithinWatermark', undefined],
    ['dropDuplicates', { eventTime: true }],
  ] as const)('%s keeps a group whose last millisecond was the watermark', async (name, options) => {
    const inputs = [[[9999], [20_000], [30_000], [40_000], []]] as const
    const out = await testStream({ batch: 1000, inputs, partitions }, (rows) => {
      const groups = rows
        .withWatermark((at) => at, 0)
        .groupBy({ window: tumbling('10s') })
        .count()
      const firsts =
        name === 'dropDuplicates'
          ? groups.dropDuplicates(({ window }) => window.start, options)
          : groups.dropDuplicatesWithinWatermark(({ window }) => window.start)
      return firsts.toDStream().map(({ window }) => window.start)
    })
    expect(out.flat()).toEqual([0, 20_000, 30_000])
  })
})

it.each(['never', 'every-batch'] as const)(
  'rows without an event time are alike for ever, restarted: %s',
  async (restart) => {
    const inputs = [[[null, 5], [null, 7], [null]]] as const
    const out = await testStream({ batch: 1000, inputs, restart }, (rows) =>
      rows
        .withWatermark((at) => at, 0)
        .dropDuplicates(() => 0, { eventTime: true })
        .toDStream(),
    )
    expect(out).toEqual([[null, 5], [7], []])
  },
)

interface Row {
  readonly at: number
  readonly bad?: true
}

/** Changes its accumulator before it throws. */
const counting = {
  create: () => ({ rows: 0 }),
  add: (sum: { rows: number }, { bad }: Row) => {
    sum.rows++
    if (bad) throw new Error('bad')
    return sum
  },
  merge: (a: { rows: number }, b: { rows: number }) => ({ rows: a.rows + b.rows }),
}

describe.each(['tumbling', 'session'] as const)('%s', (kind) => {
  const counted = job('counted', { batch: 1000, onPoison: 'quarantine', numPartitions: 1 }, ({ kafka }) => {
    kafka('rows', { value: json<Row>() })
      .map(({ value }) => value)
      .withWatermark(({ at }) => at, 0)
      .groupBy({ window: kind === 'tumbling' ? tumbling('10s') : session('3s') })
      .aggregate(counting, { late: (rows) => rows.saveAsNdjsonFiles('s3://results/late') })
      .toDStream()
      .map(({ value }) => value.rows)
      .saveAsTextFiles('s3://results/counted')
  })

  it.each([false, true])('keeps what it had when a function throws half way, restarted: %s', async (restarted) => {
    let instance = driven(counted)
    const rows: readonly Row[] = [{ at: 1000 }, { at: 2000, bad: true }, { at: 3000 }, { at: 50_000 }, { at: 60_000 }]
    for (const [i, row] of rows.entries()) {
      await instance.deliver(records('rows-0', [JSON.stringify(row)], { at: i * 1000 + 500, from: i }))
      await instance.rest()
      if (restarted) instance = instance.another()
    }
    const bodies = Object.entries(await instance.published()).filter(([key]) => /^counted-.*part/.test(key))
    expect(bodies.map(([, body]) => body)[0]).toBe('2\n')
  })
})

it('keeps the watermark of each topic when a deployment puts the streams of a union in another order', async () => {
  const counted = (turned: boolean) =>
    job('counted', { batch: 1000, numPartitions: 1 }, ({ kafka }) => {
      const rowsOf = (topic: string) =>
        kafka(topic, { value: json<Row>() })
          .map(({ value }) => value)
          .withWatermark(({ at }) => at, 0)
      const [slow, fast] = [rowsOf('slow'), rowsOf('fast')]
      const both = turned ? fast.union(slow) : slow.union(fast)
      both
        .groupBy({ window: tumbling('10s'), id: 'counts' })
        .count()
        .toDStream()
        .map(({ window, value }) => `${window.start} ${value}`)
        .saveAsTextFiles('s3://results/counted')
    })
  const first = driven(counted(false))
  const send = (to: typeof first, topic: string, at: number, batch: number) =>
    to.deliver(records(`${topic}-0`, [JSON.stringify({ at })], { at: batch * 1000 + 500 }))
  await send(first, 'slow', 1000, 0)
  await send(first, 'fast', 95_000, 0)
  await first.rest()
  const second = first.another({ job: counted(true) })
  await send(second, 'slow', 2000, 2) // not late: the slow topic is at 1 s
  await send(second, 'slow', 50_000, 3)
  await second.rest()
  const bodies = Object.entries(await second.published()).filter(([key]) => /^counted-.*part/.test(key))
  expect(bodies.map(([, body]) => body)).toEqual(['0 2\n'])
})
