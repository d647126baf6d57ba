// What an invocation answers: partitions succeed and fail independently of each other.

import { describe, expect, it } from 'vitest'
import { job, json, seconds } from '../../src/index.ts'
import { driven, records } from '../support/driven.ts'

const code = job('numbers', { batch: seconds(1) }, ({ kafka }) => {
  kafka('numbers-of-all', { value: json<number>() })
    .map(({ value }) => value)
    .saveAsTextFiles('s3://results/numbers')
})

const mixed = [
  records('numbers-of-all-0', ['1', 'x', '2'], { from: 10 }),
  records('numbers-of-all-1', ['3', '4'], { from: 20 }),
  records('numbers-of-all-2', ['y'], { from: 30 }),
] as const

const part1 = { 'numbers-1000/part-numbers-of-all-1-00000000000000000020': '3\n4\n' }
const written = { 'numbers-1000/part-numbers-of-all-0-00000000000000000010': '1\n', ...part1 }

describe('an invocation', () => {
  it('throws the first failure, after the other partitions have been committed', async () => {
    const numbers = driven(code)
    await expect(numbers.deliver(...mixed)).rejects.toMatchObject({ code: 'POISON_RECORD', offset: 11 })
    expect(await numbers.published()).toEqual(written)
    expect(numbers.said('error').map(({ facts }) => facts)).toEqual([
      expect.objectContaining({ topic: 'numbers-of-all', partition: 0, code: 'POISON_RECORD' }),
      expect.objectContaining({ topic: 'numbers-of-all', partition: 2, code: 'POISON_RECORD' }),
    ])
  })

  it('with reportFailures names the first offset of each failed partition that was not processed', async () => {
    const numbers = driven(code, { reportFailures: true })
    expect(await numbers.deliver(...mixed)).toEqual({
      batchItemFailures: [
        { itemIdentifier: { partition: 'numbers-of-all-0', offset: 11 } },
        { itemIdentifier: { partition: 'numbers-of-all-2', offset: 30 } },
      ],
    })
    expect(await numbers.published()).toEqual(written)
  })

  it('with reportFailures names the first offset of the event when a partition fails as a whole', async () => {
    const numbers = driven(code, { reportFailures: true })
    await numbers.deliver(records('numbers-of-all-0', ['1'], { from: 0 }))
    expect(await numbers.deliver(records('numbers-of-all-0', ['2'], { from: 5 }))).toEqual({
      batchItemFailures: [{ itemIdentifier: { partition: 'numbers-of-all-0', offset: 5 } }],
    })
  })

  it('answers an empty list with reportFailures, and nothing without, when all went well', async () => {
    const good = records('numbers-of-all-0', ['1'])
    expect(await driven(code, { reportFailures: true }).deliver(good)).toEqual({ batchItemFailures: [] })
    expect(await driven(code).deliver(good)).toBeUndefined()
  })

  it('with no records does nothing', async () => {
    const numbers = driven(code)
    await numbers.deliver()
    await numbers.another().deliver(records('numbers-of-all-0', []))
    expect(numbers.environment.armed).toEqual([])
    expect(await numbers.published()).toEqual({})
  })

  it('refuses records of a topic that the job does not read, by name, and processes the others', async () => {
    const numbers = driven(code)
    const stray = records('strangers-0', ['1'])
    await expect(numbers.deliver(stray, records('numbers-of-all-1', ['3', '4'], { from: 20 }))).rejects.toMatchObject({
      code: 'UNKNOWN_TOPIC',
      message:
        "A record of topic 'strangers' arrived, but job 'numbers' reads numbers-of-all. Remove the topic from the event source mapping or add it to the job.",
    })
    expect(await numbers.published()).toEqual(part1)
  })

  it('refuses a malformed event as a whole', async () => {
    await expect(driven(code).handler({ records: {} })).rejects.toMatchObject({ code: 'MALFORMED_EVENT' })
  })
})
