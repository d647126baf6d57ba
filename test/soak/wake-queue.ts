// The stand-in for the mapping of a job's queue of wake-ups: real delayed messages of SQS, each of which invokes the function,
// and stays in the queue when that fails.

import { setTimeout as sleep } from 'node:timers/promises'
import {
  CreateQueueCommand,
  DeleteMessageCommand,
  GetQueueAttributesCommand,
  ReceiveMessageCommand,
  SendMessageCommand,
  SQSClient,
} from '@aws-sdk/client-sqs'
import { wakeUpMessage } from '../../src/lambda/sqs-waker.ts'
import type { FunctionInvoker } from '../../src/local/invoker/invoker.ts'
import { EMULATED } from '../contract/dynalite.ts'

const COUNTS = [
  'ApproximateNumberOfMessages',
  'ApproximateNumberOfMessagesNotVisible',
  'ApproximateNumberOfMessagesDelayed',
] as const

export class WakeQueue {
  /** Wake-ups that were handled, and invocations by wake-ups that failed. */
  handled = 0
  failed = 0
  readonly #sqs: SQSClient
  readonly #url: string
  readonly #invoker: FunctionInvoker
  readonly #stopping = new AbortController()
  #running: Promise<void> | undefined

  private constructor(sqs: SQSClient, url: string, invoker: FunctionInvoker) {
    this.#sqs = sqs
    this.#url = url
    this.#invoker = invoker
  }

  static async create(endpoint: string, name: string): Promise<{ path: string; open(i: FunctionInvoker): WakeQueue }> {
    const sqs = new SQSClient({ ...EMULATED, endpoint })
    const { QueueUrl } = await sqs.send(
      new CreateQueueCommand({ QueueName: name, Attributes: { VisibilityTimeout: '20' } }),
    )
    // The client follows the URL of the queue, so it decides whether calls go by way of a proxy.
    const path = new URL(QueueUrl ?? '').pathname
    return { path, open: (invoker) => new WakeQueue(sqs, `${endpoint}${path}`, invoker) }
  }

  start(): void {
    this.#running = this.#run()
  }

  /** A wake-up that nobody armed. */
  async spurious(job: string): Promise<void> {
    const MessageBody = wakeUpMessage(job, Date.now())
    await this.#sqs.send(new SendMessageCommand({ QueueUrl: this.#url, MessageBody }))
  }

  /** Whether nothing is in the queue, delayed or being handled. */
  async empty(): Promise<boolean> {
    const { Attributes = {} } = await this.#sqs.send(
      new GetQueueAttributesCommand({ QueueUrl: this.#url, AttributeNames: [...COUNTS] }),
    )
    return COUNTS.every((name) => Attributes[name] === '0')
  }

  async stop(): Promise<void> {
    this.#stopping.abort()
    await this.#running
    this.#sqs.destroy()
  }

  async #run(): Promise<void> {
    const { signal } = this.#stopping
    while (!signal.aborted) {
      try {
        const { Messages = [] } = await this.#sqs.send(
          new ReceiveMessageCommand({ QueueUrl: this.#url, MaxNumberOfMessages: 10, WaitTimeSeconds: 1 }),
        )
        for (const { Body, ReceiptHandle } of Messages) {
          const event = { Records: [{ eventSource: 'aws:sqs', body: Body }] }
          const { ok } = await this.#invoker.invoke(JSON.stringify(event))
          if (!ok) this.failed++
          else {
            this.handled++
            await this.#sqs.send(new DeleteMessageCommand({ QueueUrl: this.#url, ReceiptHandle }))
          }
        }
      } catch {
        await sleep(500, undefined, { signal }).catch(() => undefined)
      }
    }
  }
}
