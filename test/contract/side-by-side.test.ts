// A batch whose buckets are run by several instances of a function, as they are on AWS but for Lambda itself: real requests in a
// real queue of an emulator, state in its table, results in its bucket.

import { randomUUID } from 'node:crypto'
import { setTimeout as sleep } from 'node:timers/promises'
import { CreateQueueCommand, DeleteMessageCommand, ReceiveMessageCommand, SQSClient } from '@aws-sdk/client-sqs'
import { afterEach, describe, expect, inject, it } from 'vitest'
import { type Job, job, text } from '../../src/index.ts'
import { type LambdaHandler, lambda } from '../../src/lambda/index.ts'
import { sqsHelpers } from '../../src/lambda/sqs-waker.ts'
import { isBucketCommit } from '../../src/log/commit-record.ts'
import { TaskLog } from '../../src/log/task-log.ts'
import type { Environment } from '../../src/runtime/environment.ts'
import { memoryEnvironment, readObjects } from '../../src/testing/memory-environment.ts'
import { kafkaEvent, lines } from '../support/kafka-events.ts'
import { EMULATED } from './dynalite.ts'
import { bucketOn, tableOn } from './emulator.ts'

const BUCKETS = 4
const WORDS = Array.from({ length: 40 }, (_, i) => `word-${i}`)

const counts = (results: string): Job =>
  job('counts', { batch: 1000, numPartitions: BUCKETS, sideBySide: 0 }, ({ kafka }) => {
    kafka('lines', { value: text() })
      .map(({ value }) => [value, 1] as const)
      .updateStateByKey((ones: readonly number[], n: number | undefined) => (n ?? 0) + ones.length)
      .saveAsTextFiles(`s3://${results}/counts`)
  })

/** Words, one second a batch. */
const batch = (n: number) => kafkaEvent({ 'lines-0': lines(WORDS, { from: n * 40, at: n * 1000, step: 1 }) })

const { localstack, ministack } = inject('services')
const closing: (() => Promise<void> | void)[] = []
afterEach(async () => {
  for (const close of closing.splice(0).reverse()) await close()
})

describe.each([
  ['localstack', localstack],
  ['ministack', ministack],
])('buckets side by side through SQS on %s', (_, service) => {
  it.skipIf('missing' in service)('are run by who gets a message, once', async () => {
    const endpoint = 'missing' in service ? '' : service.endpoint
    const table = await tableOn(endpoint)
    closing.push(() => table.close())
    const { store: objects, bucket } = await bucketOn(endpoint)
    const sqs = new SQSClient({ ...EMULATED, endpoint })
    closing.push(() => sqs.destroy())
    const { QueueUrl } = await sqs.send(new CreateQueueCommand({ QueueName: `side-by-side-${randomUUID()}` }))
    const url = `${endpoint}${new URL(QueueUrl ?? '').pathname}`

    const memory = memoryEnvironment(0) // wakes nobody
    const instance = (code: string): Environment => {
      const clock = { now: () => 0 }
      return { ...memory, table, objects, bucket, clock, code, instance: code }
    }
    let handled = 0
    const helper = startHelper(
      sqs,
      url,
      () => lambda(counts(bucket), { environment: instance(`helper-${handled}`) }),
      () => handled++,
    )
    closing.push(helper.stop)

    // Waits for what was asked for, and not for so long: the machine may be slow.
    const { ask } = sqsHelpers(url, sqs)
    let asked = 0
    const helpers = {
      ask: async (...request: Parameters<typeof ask>) => {
        asked++
        await ask(...request)
      },
      pause: async () => {
        while (handled < asked) await sleep(20)
      },
    }
    const closer = lambda(counts(bucket), { environment: { ...instance('closer'), helpers } })
    for (const n of [0, 1, 2]) await closer(batch(n))
    await helper.stop()

    expect(asked).toBe(2 * (BUCKETS - 1))
    const by: string[] = []
    for (let task = 0; task < BUCKETS; task++) {
      const ref = { job: 'counts', stage: 'updateStateByKey(lines)', task: String(task) }
      const entries = await new TaskLog(ref, table, objects, bucket, isBucketCommit).read(0, true)
      expect(entries.map(({ record }) => record.ran)).toEqual([[], [1000], [2000]])
      by.push(entries.at(-1)?.record.code ?? '')
    }
    expect(by.filter((code) => code === 'closer')).toHaveLength(1)
    expect(new Set(by).size).toBe(BUCKETS)
    const results = await readObjects(objects, bucket, 'counts-2000/')
    expect(results.has('counts-2000/_SUCCESS')).toBe(true)
    const all = [...results.values()].join('').trim().split('\n').sort()
    expect(all).toEqual(WORDS.map((word) => `(${word},2)`).sort())
  })
})

/** Handles messages of a queue, each by an instance that has just started, as Lambda's mapping of the queue does. */
function startHelper(sqs: SQSClient, QueueUrl: string, start: () => LambdaHandler, done: () => void) {
  let running = true
  const loop = (async () => {
    while (running) {
      const { Messages = [] } = await sqs.send(new ReceiveMessageCommand({ QueueUrl, WaitTimeSeconds: 1 }))
      for (const { Body, ReceiptHandle } of Messages) {
        await start()({ Records: [{ eventSource: 'aws:sqs', body: Body }] })
        await sqs.send(new DeleteMessageCommand({ QueueUrl, ReceiptHandle }))
        done()
      }
    }
  })()
  const stop = async (): Promise<void> => {
    running = false
    await loop
  }
  return { stop }
}
