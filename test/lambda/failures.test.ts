// What the function's log says of a failure: enough for an alarm to tell who has to do something.

import { expect, it } from 'vitest'
import { job, text } from '../../src/index.ts'
import { lambda } from '../../src/lambda/index.ts'
import { memoryEnvironment } from '../../src/testing/memory-environment.ts'
import { kafkaEvent } from '../support/kafka-events.ts'

const length = job('length', { batch: 1000 }, ({ kafka }) => {
  kafka('lines', { value: text() })
    .map(({ value }) => {
      if (value === 'bad') throw new Error('a bad line')
      return value.length
    })
    .saveAsTextFiles('s3://results/length')
})

function logged() {
  const errors: object[] = []
  const log = { info() {}, warn() {}, error: (facts: object, message: string) => void errors.push({ message, facts }) }
  return { log, errors }
}

it('names the kind of what fails a partition', async () => {
  const { log, errors } = logged()
  const handler = lambda(length, { environment: { ...memoryEnvironment(0), log } })
  const event = kafkaEvent({ 'lines-0': [{ offset: 0, timestamp: 1, value: 'bad' }] })
  await expect(handler(event)).rejects.toMatchObject({ code: 'POISON_RECORD', kind: 'job' })
  expect(errors).toMatchObject([{ message: 'partition failed', facts: { code: 'POISON_RECORD', kind: 'job' } }])
})

it('names the kind of what fails an invocation', async () => {
  const { log, errors } = logged()
  const handler = lambda(length, { environment: { ...memoryEnvironment(0), log } })
  await expect(handler({ Records: 'none' })).rejects.toMatchObject({ code: 'MALFORMED_EVENT' })
  expect(errors).toMatchObject([
    {
      message: 'invocation failed',
      facts: { code: 'MALFORMED_EVENT', kind: 'deployment', error: 'MalformedEventError' },
    },
  ])
})

it('names the kind of what keeps a function from starting', async () => {
  const { log, errors } = logged()
  const deep = job('deep', { batch: 1000 }, ({ kafka }) => {
    kafka('lines', { value: text() }).saveAsTextFiles(`s3://results/${'p'.repeat(990)}`)
  })
  const handler = lambda(deep, { environment: { ...memoryEnvironment(0), log } })
  await expect(handler({})).rejects.toMatchObject({ code: 'INVALID_OPTION' })
  expect(errors).toMatchObject([{ message: 'could not start', facts: { code: 'INVALID_OPTION', kind: 'job' } }])
})
