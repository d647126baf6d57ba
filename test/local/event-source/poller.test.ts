// How the stand-in cuts, retries and commits, on embedded topics.

import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import type { Discarded, InvocationReport } from '../../../src/local/event-source/deliver.ts'
import { EmbeddedTopics } from '../../../src/local/event-source/embedded-topics.ts'
import { eventSourceMapping, type MappingOptions } from '../../../src/local/event-source/mapping.ts'
import { memorySource } from '../../../src/local/event-source/memory-source.ts'
import { type Poller, type PollerOptions, startPoller } from '../../../src/local/event-source/poller.ts'
import type { TopicSource } from '../../../src/local/event-source/topic-source.ts'
import { inProcessInvoker } from '../../../src/local/invoker/in-process.ts'
import type { KafkaEvent } from '../../../src/sources/kafka/event.ts'
import { until } from './until.ts'

const GROUP = 'group'
let topics: EmbeddedTopics
let pollers: Poller[]
let events: KafkaEvent[]

beforeEach(() => {
  topics = new EmbeddedTopics()
  pollers = []
  events = []
})
afterEach(() => {
  vi.useRealTimers()
  for (const poller of pollers) poller.kill()
})

type Handler = (event: KafkaEvent) => unknown

async function start(
  handler: Handler,
  mapping: Partial<MappingOptions> = {},
  options: Partial<PollerOptions> = {},
): Promise<Poller> {
  const invoker = inProcessInvoker((event) => {
    if (!isKafkaEvent(event)) throw new Error('no Kafka event')
    events.push(event)
    return handler(event)
  })
  const poller = await startPoller({
    mapping: eventSourceMapping({
      functionName: 'f',
      topics: ['t'],
      consumerGroupId: GROUP,
      maximumBatchingWindowMs: 0,
      ...mapping,
    }),
    source: memorySource(topics),
    invoker,
    backoff: { initialMs: 1, maxMs: 5 },
    ...options,
  })
  pollers.push(poller)
  return poller
}

const isKafkaEvent = (event: unknown): event is KafkaEvent =>
  typeof event === 'object' && event !== null && 'records' in event

const fill = (count: number, partition = 0, value = 'v'): void => {
  for (let i = 0; i < count; i++) topics.append({ topic: 't', partition, value })
}
const committed = (partition = 0): number | undefined => topics.committed(GROUP, { topic: 't', partition })
const offsets = (event: KafkaEvent | undefined, partition = 0): number[] =>
  (event?.records[`t-${partition}`] ?? []).map((record) => record.offset)
const sizes = (): number[] => events.map((event) => Object.values(event.records).flat().length)

describe('batches', () => {
  it('has at most batchSize records, in order, and commits after each', async () => {
    topics.createTopic('t')
    fill(25)
    await start(() => undefined, { batchSize: 10 })
    await until('all committed', () => committed() === 25)
    expect(sizes()).toEqual([10, 10, 5])
    expect(events.flatMap((event) => offsets(event))).toEqual(Array.from({ length: 25 }, (_, i) => i))
  })

  it('has records of several partitions in one event', async () => {
    topics.createTopic('t', { partitions: 3 })
    for (const partition of [0, 1, 2]) fill(2, partition)
    await start(() => undefined, { batchSize: 100 })
    await until('all committed', () => [0, 1, 2].every((partition) => committed(partition) === 2))
    expect(events).toHaveLength(1)
    expect(Object.keys(events[0]?.records ?? {})).toEqual(['t-0', 't-1', 't-2'])
  })

  it('opens the window with the first record and invokes when it is over', async () => {
    vi.useFakeTimers()
    topics.createTopic('t')
    await start(() => undefined, { batchSize: 100, maximumBatchingWindowMs: 500 })
    await vi.advanceTimersByTimeAsync(10_000)
    fill(1)
    await vi.advanceTimersByTimeAsync(300)
    fill(1)
    await vi.advanceTimersByTimeAsync(199)
    expect(events).toHaveLength(0)
    await vi.advanceTimersByTimeAsync(1)
    expect(sizes()).toEqual([2])
  })

  it('does not wait for the window when the batch is full', async () => {
    vi.useFakeTimers()
    topics.createTopic('t')
    await start(() => undefined, { batchSize: 3, maximumBatchingWindowMs: 300_000 })
    fill(7)
    await vi.advanceTimersByTimeAsync(0)
    expect(sizes()).toEqual([3, 3])
    await vi.advanceTimersByTimeAsync(300_000)
    expect(sizes()).toEqual([3, 3, 1])
  })

  it('never makes an event of more than 6 MB, and fills it as far as that', async () => {
    topics.createTopic('t')
    fill(20, 0, 'x'.repeat(1_000_000)) // 1,333,336 in base64: four to an event
    const bytes: number[] = []
    await start(() => undefined, { batchSize: 100 }, { onProgress: (invocation) => bytes.push(invocation.bytes) })
    await until('all committed', () => committed() === 20)
    expect(sizes()).toEqual([4, 4, 4, 4, 4])
    expect(Math.max(...bytes)).toBeLessThanOrEqual(6 * 1024 * 1024)
  })
})

describe('a record that fits no event', () => {
  it('stops its partition, says so, and leaves the others running', async () => {
    topics.createTopic('t', { partitions: 2 })
    fill(2, 0)
    fill(1, 0, 'x'.repeat(6_000_000))
    fill(2, 0)
    fill(3, 1)
    const errors: Error[] = []
    const poller = await start(() => undefined, {}, { onError: (error) => errors.push(error) })
    await until('partition 0 stopped', () => errors.length > 0)
    fill(3, 1)
    await until('partition 1 runs', () => committed(1) === 6)
    expect(committed(0)).toBe(2)
    expect(poller.stopped()).toEqual(['t-0'])
    expect(errors).toHaveLength(1)
    expect(errors[0]).toMatchObject({ code: 'RECORD_TOO_LARGE', topic: 't', partition: 0, offset: 2, limit: 6_291_456 })
    expect(errors[0]).toHaveProperty('bytes', expect.closeTo(8_000_200, -3))
    await poller.stop()
  })

  it('is discarded when asked to skip', async () => {
    topics.createTopic('t')
    fill(1, 0, 'x'.repeat(6_000_000))
    fill(1)
    const discarded: Discarded[] = []
    await start(() => undefined, {}, { oversized: 'skip', onDiscard: (d) => void discarded.push(d) })
    await until('all committed', () => committed() === 2)
    expect(discarded.map((d) => [d.reason, d.records.length])).toEqual([['RecordTooLarge', 1]])
    expect(sizes()).toEqual([1])
  })
})

describe('failures', () => {
  it('retries the same batch until it succeeds, and commits only then', async () => {
    topics.createTopic('t')
    fill(5)
    const seen: (number | undefined)[] = []
    const reports: InvocationReport[] = []
    const handler = () => {
      seen.push(committed())
      if (events.length < 4) throw new TypeError('not yet')
    }
    const poller = await start(handler, {}, { onProgress: (report) => reports.push(report) })
    await until('committed', () => committed() === 5)
    fill(1) // does not join a batch that is being retried
    await until('committed', () => committed() === 6)
    expect(sizes()).toEqual([5, 5, 5, 5, 1])
    expect(seen).toEqual([undefined, undefined, undefined, undefined, 5])
    expect(reports.map((report) => report.attempt)).toEqual([0, 1, 2, 3, 0])
    expect(reports[0]?.error).toMatchObject({ errorType: 'TypeError', errorMessage: 'not yet' })
    expect(poller.stats).toMatchObject({ invocations: 5, failures: 3, retries: 3, records: 6, lost: 0, discarded: 0 })
  })

  it('waits longer and longer between attempts, up to the most', async () => {
    vi.useFakeTimers()
    topics.createTopic('t')
    fill(1)
    const times: number[] = []
    const handler = () => {
      times.push(Date.now())
      throw new Error('never')
    }
    await start(handler, {}, { backoff: { initialMs: 100, maxMs: 1000 } })
    await vi.advanceTimersByTimeAsync(10_000)
    const gaps = times.slice(1).map((time, index) => time - (times[index] ?? 0))
    for (const [index, gap] of gaps.entries()) {
      const full = Math.min(1000, 100 * 2 ** index)
      expect(gap).toBeGreaterThanOrEqual(full / 2)
      expect(gap).toBeLessThanOrEqual(full + 1)
    }
    expect(gaps.length).toBeGreaterThan(8)
  })

  it('gives up after maximumRetryAttempts, tells, and goes on behind the batch', async () => {
    topics.createTopic('t')
    fill(3)
    const discarded: { readonly reason: string; readonly committed: number | undefined; readonly error: unknown }[] = []
    const handler = (event: KafkaEvent) => {
      if (offsets(event).includes(0)) throw new Error('poison')
    }
    const onDiscard = ({ reason, error }: Discarded) => void discarded.push({ reason, error, committed: committed() })
    const poller = await start(handler, { maximumRetryAttempts: 2 }, { onDiscard })
    await until('given up', () => committed() === 3)
    fill(1)
    await until('goes on', () => committed() === 4)
    expect(sizes()).toEqual([3, 3, 3, 1])
    expect(discarded).toEqual([
      {
        reason: 'RetryAttemptsExhausted',
        committed: undefined,
        error: expect.objectContaining({ errorMessage: 'poison' }),
      },
    ])
    expect(poller.stats.discarded).toBe(3)
  })

  it('splits a failed batch in two when asked, so that one record is given up', async () => {
    topics.createTopic('t')
    fill(8)
    const given: number[] = []
    const handler = (event: KafkaEvent) => {
      if (offsets(event).includes(5)) throw new Error('poison')
    }
    await start(
      handler,
      { bisectOnError: true, maximumRetryAttempts: 1 },
      { onDiscard: ({ records }) => void given.push(...records.map((record) => record.offset)) },
    )
    await until('done', () => committed() === 8)
    expect(given).toEqual([5])
    expect(events.map((event) => offsets(event).join())).toEqual([
      '0,1,2,3,4,5,6,7',
      '0,1,2,3',
      '4,5,6,7',
      '4,5',
      '4',
      '5',
      '5',
      '6,7',
    ])
  })

  it('discards records that are too old, before invoking', async () => {
    topics.createTopic('t')
    topics.append({ topic: 't', timestamp: Date.now() - 100_000 })
    topics.append({ topic: 't' })
    const discarded: Discarded[] = []
    await start(() => undefined, { maximumRecordAgeMs: 60_000 }, { onDiscard: (d) => void discarded.push(d) })
    await until('done', () => committed() === 2)
    expect(discarded.map(({ reason, records }) => [reason, records.map((r) => r.offset)])).toEqual([
      ['MaximumRecordAgeExceeded', [0]],
    ])
    expect(events.map((event) => offsets(event))).toEqual([[1]])
  })

  it('delivers again when a callback throws, and never passes over a record', async () => {
    topics.createTopic('t')
    fill(4)
    let calls = 0
    const errors: string[] = []
    const handler = (event: KafkaEvent) => {
      if (offsets(event).includes(0)) throw new Error('poison')
    }
    const onDiscard = () => {
      if (++calls === 1) throw new Error('destination is down')
    }
    await start(
      handler,
      { batchSize: 2, maximumRetryAttempts: 0 },
      { onDiscard, onError: (error) => errors.push(error.message) },
    )
    await until('done', () => committed() === 4)
    expect(errors).toEqual(['destination is down'])
    expect(events.map((event) => offsets(event).join())).toEqual(['0,1', '0,1', '2,3'])
  })
})

describe('partial batch responses', () => {
  const item = (partition: string, offset: number) => ({ itemIdentifier: { partition, offset } })

  it('commits up to the failed offset, the other partitions wholly, and delivers the rest again', async () => {
    topics.createTopic('t', { partitions: 2 })
    fill(5, 0)
    fill(5, 1)
    const between: (number | undefined)[][] = []
    const handler = () => {
      between.push([committed(0), committed(1)])
      return events.length === 1 ? { batchItemFailures: [item('t-0', 4), item('t-0', 2)] } : { batchItemFailures: [] }
    }
    const poller = await start(handler, { reportBatchItemFailures: true })
    await until('done', () => committed(0) === 5 && committed(1) === 5)
    expect(between).toEqual([
      [undefined, undefined],
      [2, 5],
    ])
    expect([offsets(events[1], 0), offsets(events[1], 1)]).toEqual([[2, 3, 4], []])
    expect(poller.stats).toMatchObject({ invocations: 2, failures: 1 })
  })

  it.each([
    ['a string', 'done'],
    ['a partition that is not in the batch', { batchItemFailures: [item('t-7', 0)] }],
    ['an offset that is not in the batch', { batchItemFailures: [item('t-0', 99)] }],
    ['a bad key', { batchItemFailures: [{ id: 'x' }] }],
    ['a null identifier', { batchItemFailures: [{ itemIdentifier: null }] }],
    ['no array', { batchItemFailures: 'x' }],
  ])('takes %s as a failure of the whole batch', async (_, response) => {
    topics.createTopic('t')
    fill(3)
    const reports: InvocationReport[] = []
    const handler = () => (events.length === 1 ? response : undefined)
    await start(handler, { reportBatchItemFailures: true }, { onProgress: (report) => reports.push(report) })
    await until('done', () => committed() === 3)
    expect(sizes()).toEqual([3, 3])
    expect(reports[0]?.error?.errorType).toBe('MalformedBatchResponse')
  })

  it.each([[undefined], [null], [{}], [''], [{ batchItemFailures: null }]])('takes %j as success', async (response) => {
    topics.createTopic('t')
    fill(3)
    await start(() => response, { reportBatchItemFailures: true })
    await until('done', () => committed() === 3)
    expect(events).toHaveLength(1)
  })

  it('are ignored when the mapping does not ask for them', async () => {
    topics.createTopic('t')
    fill(3)
    await start(() => ({ batchItemFailures: [item('t-0', 0)] }))
    await until('done', () => committed() === 3)
    expect(events).toHaveLength(1)
  })

  it('count as a new batch when they went forward', async () => {
    topics.createTopic('t')
    fill(4)
    const given: number[] = []
    const handler = (event: KafkaEvent) => ({
      batchItemFailures: [item('t-0', Math.min(3, (offsets(event)[0] ?? 0) + 1))],
    })
    await start(
      handler,
      { reportBatchItemFailures: true, maximumRetryAttempts: 1 },
      { onDiscard: ({ records }) => void given.push(...records.map((record) => record.offset)) },
    )
    await until('done', () => committed() === 4)
    expect(given).toEqual([3])
  })
})

describe('rebalances, stop and kill', () => {
  /** A handler that waits until it is told to go on. */
  function gate(): { handler: Handler; open: () => void } {
    const opened = Promise.withResolvers<void>()
    return { handler: () => opened.promise, open: opened.resolve }
  }

  it('commits nothing for partitions that were revoked during the invocation', async () => {
    topics.createTopic('t', { partitions: 2 })
    fill(3, 0)
    fill(3, 1)
    const { handler, open } = gate()
    const source = memorySource(topics)
    const zombie = await start(handler, {}, { source })
    await until('in flight', () => zombie.stats.inFlight === 1)
    const other = await start(() => undefined, {}, { source })
    await until('the other has its share', () => committed(0) === 3 || committed(1) === 3)
    const mine = committed(0) === 3 ? 1 : 0
    expect(committed(mine)).toBeUndefined()
    open()
    await until('delivered again', () => committed(mine) === 3)
    expect(zombie.stats.lost).toBe(1)
    expect(other.stats.records).toBe(3)
    expect(events.filter((event) => offsets(event, mine).length > 0)).toHaveLength(2)
  })

  it('has at most one invocation per partition, side by side over partitions with several pollers', async () => {
    topics.createTopic('t', { partitions: 4 })
    for (const partition of [0, 1, 2, 3]) fill(50, partition)
    const running = new Set<string>()
    let most = 0
    const handler = async (event: KafkaEvent) => {
      const names = Object.keys(event.records)
      for (const name of names) {
        expect(running.has(name)).toBe(false)
        running.add(name)
      }
      most = Math.max(most, running.size)
      await new Promise((resolve) => setTimeout(resolve, 1))
      for (const name of names) running.delete(name)
    }
    await start(handler, { batchSize: 5 }, { pollers: 4 })
    await until('done', () => [0, 1, 2, 3].every((partition) => committed(partition) === 50))
    expect(most).toBe(4)
  })

  it('stop finishes the invocation under way, commits it, and leaves the group', async () => {
    topics.createTopic('t')
    fill(3)
    const { handler, open } = gate()
    const poller = await start(handler, { batchSize: 2 })
    await until('in flight', () => poller.stats.inFlight === 1)
    const stopped = poller.stop()
    open()
    await stopped
    expect(committed()).toBe(2)
    expect(events).toHaveLength(1)
    expect(poller.assigned()).toEqual([])
  })

  it('stop does not wait for ever for a commit that Kafka does not take', async () => {
    topics.createTopic('t')
    fill(1)
    const committing = Promise.withResolvers<void>()
    const source = memorySource(topics)
    const stubborn: TopicSource = {
      ...source,
      async join(options) {
        const member = await source.join(options)
        const { epoch } = member
        member.commit = async () => {
          committing.resolve()
          await until('the epoch is over', () => member.epoch !== epoch)
          return false
        }
        return member
      },
    }
    const poller = await start(() => undefined, {}, { source: stubborn })
    await committing.promise
    await poller.stop()
    expect(committed()).toBeUndefined()
  })

  it('stop does not wait for a batch that keeps failing', async () => {
    topics.createTopic('t')
    fill(1)
    const poller = await start(
      () => Promise.reject(new Error('never')),
      {},
      { backoff: { initialMs: 60_000, maxMs: 60_000 } },
    )
    await until('failed once', () => poller.stats.failures === 1)
    await poller.stop()
    expect(committed()).toBeUndefined()
  })

  it('kill throws the result away', async () => {
    topics.createTopic('t')
    fill(3)
    const { handler, open } = gate()
    const source = memorySource(topics)
    const poller = await start(handler, {}, { source })
    await until('in flight', () => poller.stats.inFlight === 1)
    poller.kill()
    open()
    await start(() => undefined, {}, { source })
    await until('delivered again', () => committed() === 3)
    expect(sizes()).toEqual([3, 3])
    expect(poller.stats.invocations).toBe(0)
  })

  it('stops when its signal aborts', async () => {
    topics.createTopic('t')
    const abort = new AbortController()
    const poller = await start(() => undefined, {}, { signal: abort.signal })
    abort.abort()
    await until('left the group', () => poller.assigned().length === 0)
  })

  it('refuses a disabled mapping, a destination nobody serves, and a missing topic', async () => {
    topics.createTopic('t')
    await expect(start(() => 1, { enabled: false })).rejects.toThrow('disabled')
    await expect(start(() => 1, { onFailureDestination: 'arn:aws:sqs:us-east-1:123456789012:q' })).rejects.toThrow(
      'onDiscard',
    )
    await expect(start(() => 1, { topics: ['no'] })).rejects.toThrow('Create it first')
    await expect(start(() => 1, {}, { pollers: 0 })).rejects.toThrow('at least 1')
  })
})
