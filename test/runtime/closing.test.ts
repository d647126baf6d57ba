// Closing: `_SUCCESS` of T when every partition has passed it and every part shows; whoever does it, once (I3).

import { describe, expect, it } from 'vitest'
import { job, seconds, text } from '../../src/index.ts'
import { lambda } from '../../src/lambda/index.ts'
import { MAX_INTERVALS } from '../../src/runtime/close-draft.ts'
import type { Environment } from '../../src/runtime/environment.ts'
import { memoryEnvironment, readObjects } from '../../src/testing/memory-environment.ts'
import { kafkaEvent, lines } from '../support/kafka-events.ts'

const copy = job('copy', { batch: seconds(1), idleAfter: '1h' }, ({ kafka }) => {
  kafka('lines', { value: text() })
    .map((record) => record.value)
    .saveAsTextFiles('s3://results/copy')
})

async function closed({ objects }: Environment): Promise<string[]> {
  return [...(await readObjects(objects, 'results')).keys()].filter((key) => key.endsWith('_SUCCESS'))
}

describe('closing', () => {
  it('by a process that knows only marks reads what it closes, also of partitions that are ahead', async () => {
    const environment = memoryEnvironment()
    const first = lambda(copy, { environment })
    await first(kafkaEvent({ 'lines-0': lines(['a'], { at: 500 }), 'lines-1': lines(['x'], { at: 500 }) }))
    await first(kafkaEvent({ 'lines-0': lines(['b', 'c', 'd'], { from: 1, at: 1500, step: 1000 }) }))
    await first(kafkaEvent({ 'lines-1': lines(['y'], { from: 1, at: 1500 }) }))
    expect(await closed(environment)).toEqual(['copy-1000/_SUCCESS'])

    environment.setTime(environment.clock.now() + 60_000) // the lease is over
    const second = lambda(copy, { environment: environment.another() })
    await second(kafkaEvent({ 'lines-1': lines(['z'], { from: 2, at: 3600 }) }))
    expect(await closed(environment)).toEqual(['copy-1000/_SUCCESS', 'copy-2000/_SUCCESS', 'copy-3000/_SUCCESS'])
  })

  it('waits for parts whose process died between commit and publishing, and publishes them', async () => {
    const environment = memoryEnvironment()
    const { objects } = environment
    const dying: Environment = {
      ...environment,
      objects: { ...objects, put: () => Promise.reject(new Error('process died')) },
    }
    await lambda(copy, { environment })(kafkaEvent({ 'lines-0': lines(['a'], { at: 500 }) }))
    const event = kafkaEvent({ 'lines-1': lines(['x', 'y'], { at: 500, step: 1000 }) })
    await expect(lambda(copy, { environment: dying })(event)).rejects.toThrow('process died')

    environment.setTime(environment.clock.now() + 60_000)
    const other = lambda(copy, { environment: environment.another() })
    await other(kafkaEvent({ 'lines-0': lines(['b'], { from: 1, at: 1500 }) }))
    expect([...(await readObjects(objects, 'results', 'copy-1000/'))]).toEqual([
      ['copy-1000/_SUCCESS', ''],
      ['copy-1000/part-lines-0-00000000000000000000', 'a\n'],
      ['copy-1000/part-lines-1-00000000000000000000', 'x\n'],
    ])
  })

  it('is fenced against a partition that joins at the same moment', async () => {
    const environment = memoryEnvironment()
    const { table } = environment
    const late = environment.another()
    let join: (() => Promise<unknown>) | undefined
    const closing: Environment = {
      ...environment,
      table: {
        ...table,
        async append(task, item) {
          const joining = task.stage === 'close' ? join : undefined
          if (joining) join = undefined
          await joining?.()
          return table.append(task, item)
        },
      },
    }
    const handler = lambda(copy, { environment: closing })
    await handler(kafkaEvent({ 'lines-0': lines(['a'], { at: 500 }) }))
    join = () => lambda(copy, { environment: late })(kafkaEvent({ 'lines-1': lines(['x'], { at: 600 }) }))
    await handler(kafkaEvent({ 'lines-0': lines(['b'], { from: 1, at: 1500 }) }))
    // x came before T = 1000 was closed, so it stands under it, and T waits for its partition.
    expect([...(await readObjects(environment.objects, 'results', 'copy-1000/')).values()]).toEqual(['a\n', 'x\n'])
    expect(await closed(environment)).toEqual([])
  })

  it('of a log that was empty when this process looked for it is no loss', async () => {
    const environment = memoryEnvironment()
    const failing = environment.another()
    const { table } = failing
    let down = true
    const handler = lambda(copy, {
      environment: {
        ...failing,
        table: {
          ...table,
          append: (task, item) => (down ? Promise.reject(new Error('down')) : table.append(task, item)),
        },
      },
    })
    // This process has found the closing log empty, and then could not go on.
    const event = kafkaEvent({ 'lines-0': lines(['a'], { at: 500 }) })
    await expect(handler(event)).rejects.toThrow('down')
    await lambda(copy, { environment })(event)
    down = false
    environment.setTime(environment.clock.now() + 60_000)
    await handler(kafkaEvent({ 'lines-0': lines(['b'], { from: 1, at: 1500 }) }))
    expect(await closed(environment)).toEqual(['copy-1000/_SUCCESS'])
  })

  it('of a long backlog goes in steps: each is a commit of its own, and nothing is missing in between', async () => {
    const environment = memoryEnvironment().another({ partitions: new Map([['lines', 2]]) })
    const counts = job('counts', { batch: 1, idleAfter: '1h', numPartitions: 1 }, ({ kafka }) => {
      kafka('lines', { value: text() })
        .map(({ value }) => value)
        .countByValue()
        .window(2, 1)
        .saveAsTextFiles('s3://results/counts')
    })
    const handler = lambda(counts, { environment })
    const n = 2 * MAX_INTERVALS + 500
    const values = Array.from({ length: n }, (_, i) => `${i}`)
    await handler(kafkaEvent({ 'lines-0': lines(values, { step: 1 }) }))
    const closing = { job: 'counts', stage: 'close', task: '0' }
    const before = (await environment.table.head(closing))?.version ?? 0
    await handler(kafkaEvent({ 'lines-1': lines(['last'], { at: n }) }))
    // The second partition is at n, the first at n - 1: closed until then.
    expect((await environment.table.head(closing))?.version).toBe(before + 3)
    expect(await closed(environment)).toHaveLength(n - 1)
    const parts = await readObjects(environment.objects, 'results', 'counts-2000/part')
    expect([...parts.values()]).toEqual(['(1998,1)\n(1999,1)\n'])
  }, 60_000)
})
