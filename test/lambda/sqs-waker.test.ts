// Wake-ups and requests for help as messages of SQS, and what SQS may answer besides success.

import { SQSClient } from '@aws-sdk/client-sqs'
import { afterEach, expect, it } from 'vitest'
import { ServiceThrottledError, ServiceUnreachableError } from '../../src/errors/service-errors.ts'
import { sqsHelpers, sqsWaker } from '../../src/lambda/sqs-waker.ts'
import { EMULATED } from '../contract/dynalite.ts'
import { type FakeAnswer, type FakeService, fakeService, HANG_UP } from '../stores/fake-service.ts'

let fake: FakeService
afterEach(() => fake.stop())

async function arm(answer: FakeAnswer | typeof HANG_UP): Promise<unknown> {
  fake = await fakeService(() => answer)
  const client = new SQSClient({ ...EMULATED, endpoint: fake.endpoint, maxAttempts: 1, md5: false })
  const waker = sqsWaker(`${fake.endpoint}/000000000000/wake`, { now: () => 0 }, client)
  try {
    return await waker.arm('j', 1500, 1).catch((error: unknown) => error)
  } finally {
    client.destroy()
  }
}

const json = (status: number, body: object): FakeAnswer => ({
  status,
  headers: { 'content-type': 'application/x-amz-json-1.0' },
  body: JSON.stringify(body),
})

it('sends one message', async () => {
  expect(await arm(json(200, { MessageId: 'm' }))).toBeUndefined()
  expect(fake.calls).toEqual(['SendMessage'])
})

it('asks for help with one message, which need not wait', async () => {
  fake = await fakeService(() => json(200, { MessageId: 'm' }))
  const client = new SQSClient({ ...EMULATED, endpoint: fake.endpoint, maxAttempts: 1, md5: false })
  const helpers = sqsHelpers(`${fake.endpoint}/000000000000/wake`, client)
  const share = { stage: 's', buckets: [1, 2], closedUntil: 1000, times: [1000] }
  expect(await helpers.ask('j', share).finally(() => client.destroy())).toBeUndefined()
  expect(fake.calls).toEqual(['SendMessage'])
  await helpers.pause(1)
})

it('throttled, in the words of SQS', async () => {
  const error = await arm(json(400, { __type: 'com.amazonaws.sqs#RequestThrottled', message: 'too much' }))
  expect(error).toBeInstanceOf(ServiceThrottledError)
  expect(error).toMatchObject({ code: 'SQS_THROTTLED', facts: { action: 'sqs:SendMessage' } })
})

it('no answer', async () => {
  const error = await arm(HANG_UP)
  expect(error).toBeInstanceOf(ServiceUnreachableError)
  expect(error).toMatchObject({ code: 'SQS_UNREACHABLE' })
})

it('holds a message that is being worked on', async () => {
  fake = await fakeService(() => json(200, {}))
  const client = new SQSClient({ ...EMULATED, endpoint: fake.endpoint, maxAttempts: 1, md5: false })
  const waker = sqsWaker(`${fake.endpoint}/000000000000/wake`, { now: () => 0 }, client)
  await waker.hold?.('receipt', 60_000).finally(() => client.destroy())
  expect(fake.calls).toEqual(['ChangeMessageVisibility'])
})
