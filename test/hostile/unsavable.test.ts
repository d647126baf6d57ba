// Values that cannot be saved, sent through a shuffle: the record that they come from is a poison record like any other, and
// never an error of nobody that stops the partition for ever.

import { describe, expect, it } from 'vitest'
import { type Job, job, json, type PoisonPolicy } from '../../src/index.ts'
import { lambda } from '../../src/lambda/index.ts'
import { memoryEnvironment, readObjects } from '../../src/testing/memory-environment.ts'
import { kafkaEvent, lines } from '../support/kafka-events.ts'

function grouped(onPoison: PoisonPolicy): Job {
  return job('grouped', { batch: 1000, numPartitions: 1, onPoison }, ({ kafka }) => {
    kafka('values', { value: json<{ k: string; v: unknown }>() })
      .map(({ value }) => [value.k, value.v === 'function' ? () => 1 : value.v] as const)
      .groupByKey()
      .map(([key, values]) => [key, JSON.stringify(values).length] as const)
      .saveAsTextFiles('s3://results/grouped')
  })
}

const record = (v: string): string => `{"k":"a","v":${v}}`
const deep = '['.repeat(50_000) + ']'.repeat(50_000)
const next = kafkaEvent({ 'values-0': lines([record('1')], { from: 3, at: 1500 }) })

describe.each([
  ['nested 50,000 levels deep', record(deep)],
  ['a function', record('"function"')],
])('%s', (_, bad) => {
  const event = kafkaEvent({ 'values-0': lines([record('1'), bad, record('[2]')]) })

  it('stops the partition under fail, with an error that names the record, after those before it are committed', async () => {
    const environment = memoryEnvironment()
    await expect(lambda(grouped('fail'), { environment })(event)).rejects.toMatchObject({
      code: 'POISON_RECORD',
      offset: 1,
      cause: expect.objectContaining({ code: 'UNSAVABLE_VALUE' }),
    })
    expect((await environment.table.head({ job: 'grouped', stage: 'source', task: 'values-0' }))?.version).toBe(2)
  })

  it('is skipped or quarantined when asked for', async () => {
    for (const policy of ['skip', 'quarantine'] as const) {
      const environment = memoryEnvironment()
      const handler = lambda(grouped(policy), { environment })
      await handler(event)
      await handler(next)
      const parts = await readObjects(environment.objects, 'results', 'grouped-1000/part')
      expect([...parts.values()]).toEqual(['(a,7)\n'])
      const quarantined = [...(await readObjects(environment.objects, 'state', '_millrace/quarantine/')).values()]
      expect(quarantined.map((text) => JSON.parse(text).error.code)).toEqual(
        policy === 'skip' ? [] : ['UNSAVABLE_VALUE'],
      )
    }
  })
})
