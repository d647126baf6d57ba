// Outputs of a micro-batch: several in one job, small ones and large ones, and none of them before its commit (I3).

import { describe, expect, it } from 'vitest'
import { type Job, job, seconds, text } from '../../src/index.ts'
import { lambda } from '../../src/lambda/index.ts'
import type { Environment } from '../../src/runtime/environment.ts'
import { type MemoryEnvironment, memoryEnvironment, readObjects } from '../../src/testing/memory-environment.ts'
import { incompressible } from '../support/incompressible.ts'
import { kafkaEvent, lines } from '../support/kafka-events.ts'
import { bringToRest } from '../support/rest.ts'

/** More than 64 KiB compressed, so that it is staged. */
const LARGE = incompressible(100_000)
/** Twelve of less than that each, which are too much for one item together. */
const MEDIUM = incompressible(12 * 60_000)
const medium = (output: number): string => MEDIUM.slice(output * 60_000, (output + 1) * 60_000)

function copies(count: number): Job {
  return job('copies', { batch: seconds(1) }, ({ kafka }) => {
    const values = kafka('lines', { value: text() }).map(({ value }) => value.replace('large', LARGE))
    for (let i = 0; i < count; i++) {
      values.map((value) => `${i}${value.replace('medium', medium(i))}`).saveAsTextFiles(`s3://results/copy${i}`)
    }
  })
}

/** An environment that tells, at each append of a source task, what is visible at that moment. */
function watched(environment: MemoryEnvironment, atCommit: (keys: string[]) => void): Environment {
  const { table, objects } = environment
  return {
    ...environment,
    table: {
      ...table,
      async append(task, item) {
        if (task.stage === 'source' && item.version > 1) atCommit([...(await readObjects(objects, 'results')).keys()])
        return table.append(task, item)
      },
    },
  }
}

describe('outputs', () => {
  it('of one job go their own ways', async () => {
    const environment = memoryEnvironment()
    const several = job('several', { batch: seconds(1) }, ({ kafka }) => {
      const values = kafka('lines', { value: text() }).map(({ value }) => value)
      values.saveAsTextFiles('s3://results/text', 'txt')
      values
        .filter((value) => value !== 'a')
        .map((value) => ({ value }))
        .saveAsNdjsonFiles('s3://others/deep/down/json')
      values.map((value) => [value, value.length] as const).saveAsCsvFiles('s3://results/table', { suffix: 'csv' })
      values.print()
    })
    const handler = lambda(several, { environment })
    await handler(kafkaEvent({ 'lines-0': lines(['a', 'bb']) }))
    await bringToRest('several', handler, environment)
    const part = 'part-lines-0-00000000000000000000'
    expect(await readObjects(environment.objects, 'results')).toEqual(
      new Map([
        ['table-1000.csv/_SUCCESS', ''],
        [`table-1000.csv/${part}`, '0,1\na,1\nbb,2\n'],
        ['text-1000.txt/_SUCCESS', ''],
        [`text-1000.txt/${part}`, 'a\nbb\n'],
      ]),
    )
    expect(await readObjects(environment.objects, 'others')).toEqual(
      new Map([
        ['deep/down/json-1000/_SUCCESS', ''],
        [`deep/down/json-1000/${part}`, '{"value":"bb"}\n'],
      ]),
    )
    expect(environment.printed).toHaveLength(1)
  })

  it.each([
    ['small ones', 'x'],
    ['large ones', 'large'],
  ])('do not show before the commit: %s', async (_, value) => {
    const environment = memoryEnvironment()
    const seen: string[][] = []
    const handler = lambda(copies(2), { environment: watched(environment, (keys) => seen.push(keys)) })
    await handler(kafkaEvent({ 'lines-0': lines([value]) }))
    expect(seen).toEqual([[]])
    const after = await readObjects(environment.objects, 'results')
    expect([...after.keys()]).toEqual([0, 1].map((i) => `copy${i}-1000/part-lines-0-00000000000000000000`))
    expect(after.get('copy1-1000/part-lines-0-00000000000000000000')).toBe(`1${value.replace('large', LARGE)}\n`)
  })

  it('that are large are staged, and what is staged for a commit that another beat is thrown away', async () => {
    const environment = memoryEnvironment()
    let staged = 0
    const { table, objects } = environment
    const other = lambda(copies(1), { environment: environment.another() })
    let beat: (() => Promise<unknown>) | undefined = () => other(kafkaEvent({ 'lines-0': lines(['large']) }))
    const slow: Environment = {
      ...environment,
      objects: {
        ...objects,
        stage: (ref, body, options) => {
          if (body.length > 0) staged++ // an empty one only tries the place
          return objects.stage(ref, body, options)
        },
      },
      table: {
        ...table,
        async append(task, item) {
          const faster = item.version > 1 ? beat : undefined
          if (faster) beat = undefined
          await faster?.()
          return table.append(task, item)
        },
      },
    }
    await lambda(copies(1), { environment: slow })(kafkaEvent({ 'lines-0': lines(['large', 'small']) }))
    expect(staged).toBe(1)
    expect(environment.objects.stagedCount()).toBe(0)
    expect([...(await readObjects(objects, 'results')).values()]).toEqual([`0${LARGE}\n`, '0small\n'])
  })

  it('that make the commit larger than an item spill it, out of sight, and it can be read again', async () => {
    const environment = memoryEnvironment()
    const many = lambda(copies(12), { environment })
    await many(kafkaEvent({ 'lines-0': lines(['medium']) }))
    const spilled = [...(await readObjects(environment.objects, 'state')).keys()]
    expect(spilled).toEqual([
      expect.stringMatching(/^_millrace\/spill\/copies\/source\/lines-0\/0{15}2\.\d+\.[0-9a-f-]{36}$/),
    ])
    expect([...(await readObjects(environment.objects, 'results')).values()]).toEqual(
      [0, 1, 10, 11, 2, 3, 4, 5, 6, 7, 8, 9].map((i) => `${i}${medium(i)}\n`),
    )
    const fresh = lambda(copies(12), { environment: environment.another() })
    await fresh(kafkaEvent({ 'lines-0': lines(['medium', 'next']) }))
    await bringToRest('copies', fresh, environment)
    expect(await readObjects(environment.objects, 'results', 'copy7-1000/')).toEqual(
      new Map([
        ['copy7-1000/_SUCCESS', ''],
        ['copy7-1000/part-lines-0-00000000000000000000', `7${medium(7)}\n`],
        ['copy7-1000/part-lines-0-00000000000000000001', '7next\n'],
      ]),
    )
  })

  it('that a dead process promised are published by the next one, large ones too', async () => {
    const environment = memoryEnvironment()
    const { objects } = environment
    const dead = () => Promise.reject(new Error('process died'))
    const dying: Environment = { ...environment, objects: { ...objects, put: dead, complete: dead } }
    const event = kafkaEvent({ 'lines-0': lines(['large', 'b']), 'lines-1': lines(['small']) })
    await expect(lambda(copies(1), { environment: dying })(event)).rejects.toThrow('process died')
    expect(await readObjects(objects, 'results')).toEqual(new Map())
    await lambda(copies(1), { environment: environment.another() })(event)
    expect([...(await readObjects(objects, 'results')).values()]).toEqual([`0${LARGE}\n0b\n`, '0small\n'])
  })
})
