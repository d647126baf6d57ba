// Wake-ups on AWS: a delayed SQS message that invokes the same function, precise to the second, paid only when used.

import { SendMessageCommand, SQSClient } from '@aws-sdk/client-sqs'
import type { Clock, Waker } from '../runtime/environment.ts'
import { awsClientSettings } from '../state/aws-client.ts'
import { serviceError } from '../state/service-errors.ts'

/** SQS's greatest delay. A wake-up for later comes after 15 minutes and is passed on. */
const MAX_DELAY_SECONDS = 900

// SQS answers in tens of milliseconds. Without a limit a connection that died while the function was frozen would hold it
// until its timeout.
const REQUEST_TIMEOUT_MS = 5_000

/** The text of a wake-up message. */
export function wakeUpMessage(job: string, at: number): string {
  return JSON.stringify({ millrace: 'wake', job, at })
}

export function sqsWaker(queueUrl: string, clock: Clock, client = sqsClient()): Waker {
  return {
    async arm(job, at) {
      const DelaySeconds = Math.min(MAX_DELAY_SECONDS, Math.max(0, Math.ceil((at - clock.now()) / 1000)))
      try {
        await client.send(
          new SendMessageCommand({ QueueUrl: queueUrl, MessageBody: wakeUpMessage(job, at), DelaySeconds }),
        )
      } catch (cause) {
        const target = `queue ${queueUrl}`
        throw serviceError({ service: 'sqs', operation: 'SendMessage', target, action: 'sqs:SendMessage', cause })
      }
    },
  }
}

function sqsClient(): SQSClient {
  return new SQSClient(awsClientSettings({}, { requestTimeout: REQUEST_TIMEOUT_MS }))
}
