// Sends what was given up to where the mapping says: a queue, a topic of SNS, a bucket, or a topic of the cluster that it reads.
// What the destination does not take is an error, and the records come again: nothing is given up without a trace (I7).

import { PutObjectCommand, S3Client } from '@aws-sdk/client-s3'
import { SendMessageCommand, SQSClient } from '@aws-sdk/client-sqs'
import { FailureDestinationError } from '../../errors/stand-in-errors.ts'
import type { NewRecord } from '../topics/records.ts'
import type { Discarded } from './deliver.ts'
import { type Destination, destinationOf } from './destination.ts'
import { failureKey, failureMessage, failureRecord, failureRecordWithPayload } from './failure-record.ts'
import type { EventSourceMapping } from './mapping.ts'
import { type AwsEndpoint, publishToSns } from './sns.ts'

export interface FailureDestinationOptions extends AwsEndpoint {
  /** Appends to the cluster that the mapping reads; asked for by destinations of kafka://. */
  readonly append?: (records: readonly NewRecord[]) => Promise<unknown>
}

export interface FailureDestination {
  /** What `onDiscard` of a poller does. @throws FailureDestinationError */
  send(discarded: Discarded): Promise<void>
  close(): void
}

/** The destination of a mapping; undefined when it has none. */
export function failureDestination(
  mapping: EventSourceMapping,
  options: FailureDestinationOptions = {},
): FailureDestination | undefined {
  const name = mapping.onFailureDestination
  if (name === undefined) return undefined
  const sender = senderOf(destinationOf(`Event source mapping ${mapping.uuid}`, name), mapping, options)
  return {
    async send(discarded) {
      try {
        await sender.send(discarded)
      } catch (cause) {
        throw new FailureDestinationError(name, discarded.records.length, cause)
      }
    },
    close: sender.close,
  }
}

function senderOf(
  destination: Destination,
  mapping: EventSourceMapping,
  { append, endpoint }: FailureDestinationOptions,
): FailureDestination {
  const at = endpoint === undefined ? {} : { endpoint }
  switch (destination.kind) {
    case 'sqs': {
      const { region, account, queue } = destination
      const client = new SQSClient({ ...at, region, useQueueUrlAsEndpoint: false })
      // Without looking it up: SQS and its emulators find a queue by account and name.
      const QueueUrl = `https://sqs.${region}.amazonaws.com/${account}/${queue}`
      return {
        async send(discarded) {
          const MessageBody = JSON.stringify(failureRecord(mapping, discarded, Date.now()))
          await client.send(new SendMessageCommand({ QueueUrl, MessageBody }))
        },
        close: () => client.destroy(),
      }
    }
    case 's3': {
      const client = new S3Client({ ...at, forcePathStyle: true })
      return {
        async send(discarded) {
          const Body = JSON.stringify(failureRecordWithPayload(mapping, discarded, Date.now()))
          const Key = failureKey(mapping, discarded, Date.now())
          await client.send(
            new PutObjectCommand({ Bucket: destination.bucket, Key, Body, ContentType: 'application/json' }),
          )
        },
        close: () => client.destroy(),
      }
    }
    case 'sns':
      return {
        async send(discarded) {
          const message = JSON.stringify(failureRecord(mapping, discarded, Date.now()))
          await publishToSns(destination, message, at)
        },
        close() {},
      }
    case 'kafka':
      return {
        async send(discarded) {
          if (!append) throw new Error('the cluster that the mapping reads cannot be written to')
          await append(
            discarded.records.map((record) => ({
              topic: destination.topic,
              key: record.key,
              value: JSON.stringify(failureMessage(mapping, discarded, record, Date.now())),
            })),
          )
        },
        close() {},
      }
  }
}
