// What a session tells of a job's logs.

import { expect, it } from 'vitest'
import { job, text } from '../../../src/index.ts'
import { LogTail } from '../../../src/local/dev/tail.ts'
import { driven, records } from '../../support/driven.ts'

const counts = job('counts', { batch: 1000, idleAfter: '1s' }, ({ kafka }) => {
  kafka('lines', { value: text() })
    .map(({ value }) => [value, 1])
    .reduceByKeyAndWindow((a, b) => a + b, 3000, 1000)
    .saveAsTextFiles('s3://results/counts')
})

it('tells of a window that goes on after its last record that it is closed, and of each once', async () => {
  const words = driven(counts, { start: 500 })
  const { table, objects, bucket } = words.environment
  const tail = new LogTail('counts', { table, objects, bucket })
  const told: number[] = []
  const look = async (): Promise<void> => {
    for (const one of await tail.news()) if (one.kind === 'closed') told.push(one.time)
  }
  await words.deliver(records('lines-0', ['a'], { at: 500 }))
  for (let second = 0; second < 8; second++) {
    words.later('1s')
    await words.wake()
    await look()
  }
  expect(told).toEqual([1000, 2000, 3000, 4000]) // the last takes what the window had
  const late = new LogTail('counts', { table, objects, bucket })
  await late.skip()
  expect(await late.news()).toEqual([])
})
