// Buckets recover from a snapshot and the entries since, however often instances are cold and however long a job runs.

import { expect, it } from 'vitest'
import { type Job, job, text } from '../../src/index.ts'
import { lambda } from '../../src/lambda/index.ts'
import { type MemoryEnvironment, memoryEnvironment, readObjects } from '../../src/testing/memory-environment.ts'
import { kafkaEvent } from '../support/kafka-events.ts'

const DAY = 86_400_000

const counts: Job = job('counts', { batch: '1d', idleAfter: '1h', retention: '4d', numPartitions: 1 }, ({ kafka }) => {
  kafka('lines', { value: text() })
    .map(({ value }) => [value, 1] as const)
    .updateStateByKey((ones: readonly number[], n: number | undefined) => (n ?? 0) + ones.length)
    .saveAsTextFiles('s3://results/counts')
})

/** One record a day, each by an instance that has never run before; what has expired is deleted, as DynamoDB does. */
async function runDays(environment: MemoryEnvironment, days: number, start: number): Promise<void> {
  for (let day = 0; day < days; day++) {
    environment.setTime(start + day * DAY)
    environment.table.deleteExpired(environment.clock.now() / 1000)
    const record = { offset: day, timestamp: start + day * DAY, value: 'word' }
    await lambda(counts, { environment: environment.another() })(kafkaEvent({ 'lines-0': [record] }))
  }
}

it('snapshots are taken before the entries that they stand for expire', async () => {
  const start = 10_000 * DAY
  const environment = memoryEnvironment(start)
  await runDays(environment, 20, start)
  const parts = await readObjects(environment.objects, 'results', `counts-${start + 19 * DAY}/part`)
  expect([...parts.values()]).toEqual(['(word,19)\n'])
  const snapshots = await readObjects(environment.objects, 'state', '_millrace/snapshots/')
  expect(snapshots.size).toBeGreaterThanOrEqual(4)
})
