// The job's queue on AWS: messages that invoke the same function. Wake-ups are delayed, precise to the second; requests for
// help are not. Paid only when used.

import { setTimeout as sleep } from 'node:timers/promises'

import { ChangeMessageVisibilityCommand, SendMessageCommand, SQSClient } from '@aws-sdk/client-sqs'
import type { Clock, Waker } from '../runtime/environment.ts'
import type { Helpers, Share } from '../runtime/side-by-side/share.ts'
import { LONGEST_DELAY_MS } from '../runtime/wake-row.ts'
import { awsClientSettings } from '../stores/aws-client.ts'
import { serviceError } from '../stores/service-errors.ts'

/** A wake-up for later comes after 15 minutes and is passed on. */
const MAX_DELAY_SECONDS = LONGEST_DELAY_MS / 1000

// SQS answers in tens of milliseconds. Without a limit a connection that died while the function was frozen would hold it
// until its timeout.
const REQUEST_TIMEOUT_MS = 5_000

/** The text of a wake-up message. */
export function wakeUpMessage(job: string, at: number, turn?: number): string {
  return JSON.stringify({ millrace: 'wake', job, at, turn })
}

/** The text of a request to run buckets. */
export function shareMessage(job: string, share: Share): string {
  return JSON.stringify({ millrace: 'share', job, ...share })
}

/** The text of a request to close what is open, of a job that is to be stopped like that. */
export function drainMessage(job: string): string {
  return JSON.stringify({ millrace: 'drain', job })
}

export function sqsWaker(queueUrl: string, clock: Clock, client = sqsClient()): Waker {
  return {
    async arm(job, at, turn) {
      const delay = Math.min(MAX_DELAY_SECONDS, Math.max(0, Math.ceil((at - clock.now()) / 1000)))
      await send(client, queueUrl, wakeUpMessage(job, at, turn), delay)
    },
    async hold(ReceiptHandle, milliseconds) {
      const VisibilityTimeout = Math.ceil(milliseconds / 1000)
      await call(queueUrl, 'ChangeMessageVisibility', () =>
        client.send(new ChangeMessageVisibilityCommand({ QueueUrl: queueUrl, ReceiptHandle, VisibilityTimeout })),
      )
    },
  }
}

export function sqsHelpers(queueUrl: string, client = sqsClient()): Helpers {
  return {
    ask: (job, share) => send(client, queueUrl, shareMessage(job, share), 0),
    pause: (milliseconds) => sleep(milliseconds),
  }
}

async function send(client: SQSClient, QueueUrl: string, MessageBody: string, DelaySeconds: number): Promise<void> {
  await call(QueueUrl, 'SendMessage', () =>
    client.send(new SendMessageCommand({ QueueUrl, MessageBody, DelaySeconds })),
  )
}

async function call(queueUrl: string, operation: string, request: () => Promise<unknown>): Promise<void> {
  try {
    await request()
  } catch (cause) {
    throw serviceError({ service: 'sqs', operation, target: `queue ${queueUrl}`, action: `sqs:${operation}`, cause })
  }
}

export function sqsClient(): SQSClient {
  return new SQSClient(awsClientSettings({}, { requestTimeout: REQUEST_TIMEOUT_MS }))
}
