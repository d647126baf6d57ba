// What is refused when a job is defined, and event times that are none.

import { type DStream, type EventStream, InvalidOptionError, job, json, tumbling } from 'millrace'
import { testJob, testStream } from 'millrace/testing'
import { expect, it } from 'vitest'

interface Row {
  readonly at: number
}

const refusals: [name: string, define: (rows: DStream<Row>) => EventStream<unknown>, message: string][] = [
  ['a negative delay', (rows) => rows.withWatermark(({ at }) => at, -1), 'withWatermark, delay: -1 is not a duration'],
  [
    'append without a watermark',
    (rows) =>
      rows
        .withEventTime(({ at }) => at)
        .groupBy({ window: tumbling(5) })
        .count(),
    'count: the stream has no watermark',
  ],
  [
    'append without a window',
    (rows) =>
      rows
        .withWatermark(({ at }) => at, 0)
        .groupBy({})
        .count(),
    'count: without a window no group would ever be final',
  ],
  [
    'duplicates within a watermark that is not there',
    (rows) => rows.withEventTime(({ at }) => at).dropDuplicatesWithinWatermark(),
    'dropDuplicatesWithinWatermark: the stream has no watermark',
  ],
  [
    'duplicates by an event time that never passes',
    (rows) => rows.withEventTime(({ at }) => at).dropDuplicates(undefined, { eventTime: true }),
    'dropDuplicates with eventTime: the stream has no watermark',
  ],
]

it.each(refusals)('refuses %s', async (_, define, message) => {
  const run = testStream({ batch: 1000, inputs: [[[{ at: 1 }]]] }, (rows) => define(rows).toDStream())
  await expect(run).rejects.toThrow(InvalidOptionError)
  await expect(run).rejects.toThrow(message)
})

it('takes an event time that is none for a poison record', async () => {
  const late = job('late', { batch: 1000, onPoison: 'quarantine' }, ({ kafka }) => {
    kafka('rows', { value: json<Row>() })
      .map(({ value }) => value)
      .withWatermark(({ at }) => at, 0)
      .dropDuplicates(({ at }) => at)
      .toDStream()
      .saveAsNdjsonFiles('s3://results/rows')
  })
  const rows = [{ at: 1 }, { at: 'noon' }, { at: 1.5 }].map((row) => JSON.stringify(row))
  const { outputs, quarantined } = await testJob(late, { records: { rows } })
  expect(Object.values(outputs['s3://results/rows'] ?? {})).toEqual([['{"at":1}']])
  expect(quarantined).toHaveLength(2)
  expect(JSON.stringify(quarantined)).toContain('the event time of an element is the string')
})

it('refuses groups that come again as rows of another operator', async () => {
  const run = testStream({ batch: 1000, inputs: [[[{ at: 1 }]]] }, (rows) =>
    rows
      .withWatermark(({ at }) => at, 0)
      .groupBy({ window: tumbling(5) })
      .count({ mode: 'update' })
      .groupBy({ window: tumbling(10) })
      .count()
      .toDStream(),
  )
  await expect(run).rejects.toThrow("the stream has groups in mode 'update' or 'complete'")
})
