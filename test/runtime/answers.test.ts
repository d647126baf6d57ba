// What an invocation answers: partitions succeed and fail independently of each other.

import { describe, expect, it } from 'vitest'
import { job, json, seconds } from '../../src/index.ts'
import { lambda } from '../../src/lambda/index.ts'
import { memoryEnvironment, readObjects } from '../../src/testing/memory-environment.ts'
import { kafkaEvent, lines } from '../support/kafka-events.ts'

const numbers = job('numbers', { batch: seconds(1) }, ({ kafka }) => {
  kafka('numbers-of-all', { value: json<number>() })
    .map(({ value }) => value)
    .saveAsTextFiles('s3://results/numbers')
})

const event = kafkaEvent({
  'numbers-of-all-0': lines(['1', 'x', '2'], { from: 10 }),
  'numbers-of-all-1': lines(['3', '4'], { from: 20 }),
  'numbers-of-all-2': lines(['y'], { from: 30 }),
})

const written = [
  ['numbers-1000/part-numbers-of-all-0-00000000000000000010', '1\n'],
  ['numbers-1000/part-numbers-of-all-1-00000000000000000020', '3\n4\n'],
] as const

describe('an invocation', () => {
  it('throws the first failure, after the other partitions have been committed', async () => {
    const environment = memoryEnvironment()
    await expect(lambda(numbers, { environment })(event)).rejects.toMatchObject({ code: 'POISON_RECORD', offset: 11 })
    expect(await readObjects(environment.objects, 'results')).toEqual(new Map(written))
    expect(environment.logged.filter(({ level }) => level === 'error').map(({ facts }) => facts)).toEqual([
      expect.objectContaining({ topic: 'numbers-of-all', partition: 0, code: 'POISON_RECORD' }),
      expect.objectContaining({ topic: 'numbers-of-all', partition: 2, code: 'POISON_RECORD' }),
    ])
  })

  it('with reportFailures names the first offset of each failed partition that was not processed', async () => {
    const environment = memoryEnvironment()
    expect(await lambda(numbers, { environment, reportFailures: true })(event)).toEqual({
      batchItemFailures: [
        { itemIdentifier: { partition: 'numbers-of-all-0', offset: 11 } },
        { itemIdentifier: { partition: 'numbers-of-all-2', offset: 30 } },
      ],
    })
    expect(await readObjects(environment.objects, 'results')).toEqual(new Map(written))
  })

  it('with reportFailures names the first offset of the event when a partition fails as a whole', async () => {
    const environment = memoryEnvironment()
    const handler = lambda(numbers, { environment, reportFailures: true })
    await handler(kafkaEvent({ 'numbers-of-all-0': lines(['1'], { from: 0 }) }))
    expect(await handler(kafkaEvent({ 'numbers-of-all-0': lines(['2'], { from: 5 }) }))).toEqual({
      batchItemFailures: [{ itemIdentifier: { partition: 'numbers-of-all-0', offset: 5 } }],
    })
  })

  it('answers an empty list with reportFailures, and nothing without, when all went well', async () => {
    const good = kafkaEvent({ 'numbers-of-all-0': lines(['1']) })
    expect(await lambda(numbers, { environment: memoryEnvironment(), reportFailures: true })(good)).toEqual({
      batchItemFailures: [],
    })
    expect(await lambda(numbers, { environment: memoryEnvironment() })(good)).toBeUndefined()
  })

  it('with no records does nothing', async () => {
    const environment = memoryEnvironment()
    await lambda(numbers, { environment })(kafkaEvent({}))
    await lambda(numbers, { environment })(kafkaEvent({ 'numbers-of-all-0': [] }))
    expect(environment.armed).toEqual([])
    expect(await readObjects(environment.objects, 'results')).toEqual(new Map())
  })

  it('refuses records of a topic that the job does not read, by name, and processes the others', async () => {
    const environment = memoryEnvironment()
    const stray = kafkaEvent({ 'strangers-0': lines(['1']), 'numbers-of-all-1': lines(['3', '4'], { from: 20 }) })
    await expect(lambda(numbers, { environment })(stray)).rejects.toMatchObject({
      code: 'UNKNOWN_TOPIC',
      message:
        "A record of topic 'strangers' arrived, but job 'numbers' reads numbers-of-all. Remove the topic from the event source mapping or add it to the job.",
    })
    expect([...(await readObjects(environment.objects, 'results'))]).toEqual([written[1]])
  })

  it('refuses a malformed event as a whole', async () => {
    const environment = memoryEnvironment()
    await expect(lambda(numbers, { environment })({ records: {} })).rejects.toMatchObject({ code: 'MALFORMED_EVENT' })
  })
})
