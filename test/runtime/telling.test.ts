// What a job tells its listeners, with the runtime below: which events, when, with which fields, and that no listener harms a batch.

import { describe, expect, it } from 'vitest'
import { definitionOf } from '../../src/graph/job.ts'
import { type Job, type JobOptions, job, type Listener, text } from '../../src/index.ts'
import { JobRuntime } from '../../src/runtime/job-runtime.ts'
import { countingTable } from '../../src/testing/counting-table.ts'
import { simulate, testStream } from '../../src/testing/index.ts'
import { memoryEnvironment } from '../../src/testing/memory-environment.ts'
import { driven, records } from '../support/driven.ts'

type Heard = [event: string, told: unknown]

const EVENTS = [
  ...['onApplicationStart', 'onApplicationEnd', 'onStreamingStarted', 'onBatchSubmitted', 'onBatchStarted'],
  ...['onBatchCompleted', 'onOutputOperationStarted', 'onOutputOperationCompleted', 'onQueryStarted'],
  ...['onQueryProgress', 'onQueryIdle', 'onQueryTerminated'],
] as const

/** A listener that writes down all that it hears. */
function hearing(): { readonly listener: Listener; readonly heard: Heard[]; of(event: string): unknown[] } {
  const heard: Heard[] = []
  const listener = Object.fromEntries(EVENTS.map((event) => [event, (told: unknown) => void heard.push([event, told])]))
  return { listener, heard, of: (event) => heard.flatMap(([name, told]) => (name === event ? [told] : [])) }
}

function counting(listeners: readonly Listener[], options: Partial<JobOptions> = {}): Job {
  return job('counts', { batch: '1s', numPartitions: 1, idleAfter: '1s', ...options, listeners }, ({ kafka }) => {
    const words = kafka('lines', { value: text() }).map(({ value }) => [value, 1] as const)
    words.reduceByKey((a, b) => a + b).saveAsTextFiles('s3://results/counts')
    words.count().print()
  })
}

describe('a job with listeners', () => {
  it('tells what it does, in order', async () => {
    const { listener, heard } = hearing()
    const counts = driven(counting([listener]), { start: 2000 })
    await counts.deliver(records('lines-0', ['a', 'b'], { at: 500 }))
    await counts.rest()
    expect(heard.map(([event]) => event)).toEqual([
      ...['onApplicationStart', 'onStreamingStarted', 'onQueryStarted'],
      ...['onBatchSubmitted', 'onBatchStarted', 'onOutputOperationStarted', 'onOutputOperationStarted'],
      ...['onOutputOperationCompleted', 'onOutputOperationCompleted', 'onBatchCompleted', 'onQueryProgress'],
      ...['onQueryIdle', 'onApplicationEnd'],
    ])
  })

  it('tells of a batch with the fields of Spark', async () => {
    const { listener, of } = hearing()
    const counts = driven(counting([listener]), { start: 2000 })
    await counts.deliver(records('lines-0', ['a', 'b'], { at: 500 }), records('lines-1', ['a', 'b', 'c'], { at: 500 }))
    await counts.later('3s')
    await counts.wake()
    const outputs = {
      0: {
        batchTime: 1000,
        id: 0,
        name: 's3://results/counts',
        description: 's3://results/counts of stage combineByKey(lines)',
      },
      1: { batchTime: 1000, id: 1, name: 'print-0', description: 'print-0 of stage fold(lines)' },
    }
    const times = { startTime: 5000, endTime: 5000 }
    const info = {
      batchTime: 1000,
      streamIdToInputInfo: {
        0: {
          inputStreamId: 0,
          numRecords: 5,
          metadata: {
            offsets: [
              { topic: 'lines', partition: 0, fromOffset: 0, untilOffset: 2 },
              { topic: 'lines', partition: 1, fromOffset: 0, untilOffset: 3 },
            ],
            Description: 'topic: lines\tpartition: 0\toffsets: 0 to 2\ntopic: lines\tpartition: 1\toffsets: 0 to 3',
          },
        },
      },
      submissionTime: 2000,
      processingStartTime: 5000,
      processingEndTime: 5000,
      outputOperationInfos: { 0: { ...outputs[0], ...times }, 1: { ...outputs[1], ...times } },
      schedulingDelay: 3000,
      processingDelay: 0,
      totalDelay: 3000,
      numRecords: 5,
    }
    const { processingStartTime: _, processingEndTime: __, ...submitted } = info
    const { schedulingDelay: ___, processingDelay: ____, totalDelay: _____, ...bare } = submitted
    expect(of('onBatchSubmitted')).toEqual([{ ...bare, outputOperationInfos: {} }])
    expect(of('onBatchCompleted')).toEqual([info])
    expect(of('onOutputOperationStarted')).toEqual([
      { ...outputs[0], startTime: 5000 },
      { ...outputs[1], startTime: 5000 },
    ])
  })

  it('tells progress with the keys of Structured Streaming in their order', async () => {
    const { listener, of } = hearing()
    let now = 2000
    const counts = driven(counting([listener]), { clock: { now: () => now++ } })
    await counts.deliver(records('lines-0', ['a', 'b'], { at: 500 }))
    await counts.deliver(records('lines-0', ['c'], { at: 1500 }))
    const [progress] = of('onQueryProgress')
    const json = JSON.stringify(progress)
    expect([...json.matchAll(/"(\w+)":/g)].map(([, key]) => key)).toEqual([
      ...['id', 'runId', 'name', 'timestamp', 'batchId', 'batchDuration', 'numInputRows', 'inputRowsPerSecond'],
      ...['processedRowsPerSecond', 'durationMs', 'addBatch', 'triggerExecution', 'walCommit', 'stateOperators'],
      ...['sources', 'description', 'startOffset', 'lines', '0', 'endOffset', 'lines', '0', 'latestOffset'],
      ...['numInputRows', 'inputRowsPerSecond', 'processedRowsPerSecond', 'sink', 'description', 'numOutputRows'],
    ])
    expect(progress).toMatchObject({
      name: 'counts',
      batchId: 1,
      numInputRows: 2,
      inputRowsPerSecond: 2,
      sources: [
        {
          description: 'kafka[lines]',
          startOffset: { lines: { 0: 0 } },
          endOffset: { lines: { 0: 2 } },
          latestOffset: null,
        },
      ],
      sink: { description: 's3://results/counts, print-0', numOutputRows: -1 },
    })
    expect(json).toMatch(/"id":"[0-9a-f]{8}-[0-9a-f]{4}-8[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}"/)
  })

  it('has one id in all instances, and a run id in each', async () => {
    const { listener, of } = hearing()
    const counts = driven(counting([listener]), { start: 2000 })
    await counts.deliver(records('lines-0', ['a'], { at: 500 }))
    await counts.another().deliver(records('lines-0', ['b'], { at: 1500 }))
    const ids = of('onQueryStarted').map((query) => JSON.stringify(query).match(/"id":"(.*?)","runId":"(.*?)"/))
    expect(ids).toHaveLength(2)
    expect(ids[0]?.[1]).toBe(ids[1]?.[1])
    expect(ids[0]?.[2]).not.toBe(ids[1]?.[2])
    expect(of('onApplicationStart')).toHaveLength(1)
  })

  it('counts by batch, wherever an event was cut and whoever has read it', async () => {
    const { listener, of } = hearing()
    const counts = driven(counting([listener]), { start: 5000 })
    await counts.deliver(records('lines-0', ['a', 'b', 'c', 'd'], { at: 500, step: 400 })) // 500 900 | 1300 1700
    await counts.another().deliver(records('lines-0', ['e'], { at: 1900 }), records('lines-1', ['f'], { at: 1000 }))
    await counts.another().rest()
    expect(of('onBatchCompleted')).toMatchObject([
      { batchTime: 1000, numRecords: 2 },
      {
        batchTime: 2000,
        numRecords: 4,
        streamIdToInputInfo: {
          0: {
            metadata: {
              offsets: [
                { partition: 0, fromOffset: 2, untilOffset: 5 },
                { partition: 1, fromOffset: 0, untilOffset: 1 },
              ],
            },
          },
        },
      },
    ])
  })

  it('tells of batches that are run without data', async () => {
    const { listener, of } = hearing()
    const windowed = job('windowed', { batch: '1s', numPartitions: 1, listeners: [listener] }, ({ kafka }) => {
      kafka('lines', { value: text() }).countByWindow('3s', '1s').print()
    })
    const counts = driven(windowed, { start: 2000 })
    await counts.deliver(records('lines-0', ['a'], { at: 500 }))
    await counts.rest()
    const told = of('onBatchCompleted').map((info) =>
      JSON.stringify(info).match(/"batchTime":(\d+).*"numRecords":(\d+)/),
    )
    expect(told.map((found) => found?.slice(1).join(':'))).toEqual(['1000:1', '2000:0', '3000:0', '4000:0'])
  })

  it('tells of each batch under testStream', async () => {
    const { listener, of } = hearing()
    await testStream({ batch: 1000, inputs: [[['a', 'b'], [], ['c']]], listeners: [listener] }, (words) =>
      words.count(),
    )
    expect(of('onBatchCompleted')).toMatchObject([{ numRecords: 2 }, { numRecords: 0 }, { numRecords: 1 }])
  })

  it('is not harmed by those that throw or hang, and says so', async () => {
    const throwing: Listener = {
      onBatchCompleted() {
        throw new Error('no')
      },
    }
    const hanging: Listener = { onBatchCompleted: () => new Promise<void>(() => {}) }
    const counts = driven(counting([throwing, hanging]), {
      start: 2000,
      later: (_, action) => {
        const timer = setImmediate(action)
        return () => clearImmediate(timer)
      },
    })
    await counts.deliver(records('lines-0', ['a'], { at: 500 }))
    await counts.rest()
    await counts.deliver(records('lines-0', ['b'], { at: 9500 }))
    await counts.rest()
    expect(await counts.closed()).toHaveLength(2)
    const said = counts.said('warn').map(({ message }) => message.split(':')[0])
    expect(said).toEqual(expect.arrayContaining(['a listener failed', 'a listener takes too long']))
  })

  it('tells nothing of a batch that is not published, and then once', async () => {
    const { listener, of } = hearing()
    let fails = true
    const counts = driven(counting([listener]), {
      start: 2000,
      objects: (objects) => ({
        put: (...args) => (fails ? Promise.reject(new Error('away')) : objects.put(...args)),
      }),
    })
    await counts.deliver(records('lines-0', ['a'], { at: 500 }))
    counts.later('3s')
    await expect(counts.wake()).rejects.toThrow('away')
    expect([of('onBatchStarted').length, of('onBatchCompleted').length]).toEqual([1, 0])
    fails = false
    await counts.rest()
    await counts.another().wake()
    expect([of('onBatchStarted').length, of('onBatchCompleted').length]).toEqual([1, 1])
  })

  it('tells that an instance ends, where it is told so itself', async () => {
    const { listener, of } = hearing()
    await new JobRuntime(definitionOf('test', counting([listener])), memoryEnvironment()).close()
    expect(of('onQueryTerminated')).toEqual([{ id: expect.any(String), runId: expect.any(String) }])
  })

  it('tells an instance that was refused, with the code', async () => {
    const { listener, of } = hearing()
    const counts = driven(counting([listener]), { start: 2000 })
    await counts.deliver(records('lines-0', ['a'], { at: 500 }))
    const other = counts.another({ owner: 'somebody else' })
    await expect(other.deliver(records('lines-0', ['b'], { at: 600 }))).rejects.toThrow()
    expect(of('onQueryTerminated')).toMatchObject([{ errorClassOnException: 'JOB_NAME_TAKEN' }])
  })
})

it('is simulated without its listeners, and comes out the same', async () => {
  const { listener, heard } = hearing()
  for (let seed = 1; seed <= 10; seed++) {
    const { violations, story } = await simulate(counting([listener]), { seed })
    expect(violations, story).toEqual([])
  }
  expect(heard).toEqual([])
})

describe('what listeners cost', () => {
  const requests = async (listeners: readonly Listener[]) => {
    const { table, counts } = countingTable(driven(counting(listeners)).environment.table)
    const one = driven(counting(listeners), { start: 2000, table: () => table })
    for (let i = 0; i < 5; i++) await one.deliver(records('lines-0', ['a', 'b'], { at: i * 700 }))
    await one.rest()
    return { ...counts }
  }

  it('is no request, and some bytes of a commit that are only there when somebody listens', async () => {
    const [without, listened] = [await requests([]), await requests([hearing().listener])]
    expect({ ...listened, bytesRead: 0, bytesWritten: 0 }).toEqual({ ...without, bytesRead: 0, bytesWritten: 0 })
    const more = listened.bytesWritten - without.bytesWritten
    expect(more).toBeGreaterThan(0)
    expect(more).toBeLessThan(5 * 40)
  })
})

describe('listeners of a definition', () => {
  const defined = (listeners: unknown): (() => unknown) => {
    const options = { batch: '1s', listeners } as unknown
    return () => Reflect.apply(job, undefined, ['x', options, () => {}])
  }

  it.each([
    ['no list', {}, 'expected a list of listeners'],
    ['no object', [() => {}], 'expected objects with methods such as onBatchCompleted'],
    ['no function', [{ onBatchCompleted: 1 }], 'onBatchCompleted must be a function'],
    [
      'an event that is none',
      [{ onBatchComplete() {} }],
      "there is no event onBatchComplete. Did you mean 'onBatchCompleted'?",
    ],
    ['a receiver', [{ onReceiverStarted() {} }], 'there is no onReceiverStarted: no receiver runs in a job'],
  ])('are refused where there is %s', (_, listeners, message) => {
    expect(defined(listeners)).toThrow(message)
  })
})
