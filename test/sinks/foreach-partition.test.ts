// foreachPartition: functions of the job see what is committed, all of it, under an id that stays, and hold up nobody but their own task.

import { setTimeout } from 'node:timers/promises'
import { describe, expect, it } from 'vitest'
import { definitionOf } from '../../src/graph/job.ts'
import {
  type ForeachPartitionOptions,
  type Job,
  job,
  type OffsetRange,
  type PartitionContext,
  text,
} from '../../src/index.ts'
import { packElements } from '../../src/log/codec.ts'
import { planJob } from '../../src/plan/plan-job.ts'
import { Calls } from '../../src/runtime/calls.ts'
import { Kinds } from '../../src/sources/kinds.ts'
import { simulate, testStream } from '../../src/testing/index.ts'
import { memoryEnvironment } from '../../src/testing/memory-environment.ts'
import { type Driven, driven, records } from '../support/driven.ts'
import { incompressible } from '../support/incompressible.ts'

/** What a function was called with, and what it shall throw. */
interface Target {
  readonly calls: { readonly elements: readonly unknown[]; readonly context: PartitionContext<unknown> }[]
  fail: ((context: PartitionContext<unknown>) => unknown) | undefined
}

const target = (): Target => ({ calls: [], fail: undefined })

function taking({ calls, ...how }: Target, self: () => Target = () => ({ calls, ...how })) {
  return async (elements: readonly unknown[], context: PartitionContext<unknown>): Promise<void> => {
    await setTimeout(0)
    const error = self().fail?.(context)
    if (error !== undefined) throw error
    calls.push({ elements, context })
  }
}

/** A job whose words are taken by a function, and saved. */
function words(to: Target, options: ForeachPartitionOptions<unknown> = {}): Job {
  return job('words', { batch: '1s', numPartitions: 2 }, ({ kafka }) => {
    const all = kafka('lines', { value: text() }).map(({ value }) => value)
    all.foreachPartition(
      taking(to, () => to),
      options,
    )
    all.saveAsTextFiles('s3://results/words')
  })
}

const counted = (to: Target, define: Partial<Parameters<typeof job>[1]> = {}): Job =>
  job('counted', { batch: '1s', numPartitions: 2, ...define }, ({ kafka }) => {
    const all = kafka('lines', { value: text() }).map(({ value }) => value)
    all.countByValue().foreachPartition(
      taking(to, () => to),
      { id: 'counts' },
    )
    all.saveAsTextFiles('s3://results/words')
    all.countByValue({ id: 'others' }).saveAsTextFiles('s3://results/counts')
  })

const range = (partition: number, fromOffset: number, untilOffset: number): OffsetRange => ({
  ...{ topic: 'lines', partition, fromOffset, untilOffset },
})

const two = [records('lines-0', ['a', 'b'], { at: 100 }), records('lines-1', ['c'], { at: 100 })] as const
const idsOf = ({ calls }: Target) => calls.map(({ context }) => context.id)

/** By id, however often each was called: an instance that finds a commit does not know whether its calls were made. */
function elementsOf({ calls }: Target): readonly (readonly unknown[])[] {
  const byId = new Map<string, readonly unknown[]>()
  for (const { elements, context } of calls) {
    expect(byId.get(context.id) ?? elements).toEqual(elements)
    byId.set(context.id, elements)
  }
  return [...byId.values()]
}

describe('what it is called with', () => {
  it('is what a micro-batch has for a batch, with its coordinates', async () => {
    const to = target()
    const job = driven(words(to))
    await job.deliver(...two)
    await job.deliver(records('lines-0', ['d'], { at: 200 }))
    expect(to.calls.map(({ elements, context }) => ({ elements, ...context }))).toEqual([
      ...[
        { elements: ['a', 'b'], task: 'lines-0', version: 2, offsetRanges: [range(0, 0, 2)] },
        { elements: ['c'], task: 'lines-1', version: 2, offsetRanges: [range(1, 0, 1)] },
        { elements: ['d'], task: 'lines-0', version: 3, offsetRanges: [range(0, 2, 3)] },
      ].map((one) => ({
        ...one,
        time: 1000,
        id: `words/foreachPartition/${one.task}/${one.version}/1000`,
        connection: undefined,
      })),
    ])
  })

  it('is what a bucket has, and what a partition has in place', async () => {
    const [shuffled, inPlace] = [target(), target()]
    const both = job('both', { batch: '1s', numPartitions: 2 }, ({ kafka }) => {
      const pairs = kafka('lines', { value: text() }).map(({ value }) => [value, 1] as const)
      const add = (a: number, b: number) => a + b
      pairs.reduceByKey(add, { id: 'sums' }).foreachPartition(
        taking(shuffled, () => shuffled),
        { id: 'shuffled' },
      )
      pairs
        .preservesPartitioning({ newPartitions: 'join' })
        .reduceByKey(add)
        .foreachPartition(
          taking(inPlace, () => inPlace),
          { id: 'in-place' },
        )
    })
    const job_ = driven(both)
    await job_.deliver(records('lines-0', ['a', 'b', 'a'], { at: 100 }))
    await job_.rest()
    expect(elementsOf(shuffled).flat().sort()).toEqual([
      ['a', 2],
      ['b', 1],
    ])
    expect(shuffled.calls.map(({ context }) => context.task).every((task) => /^sums\/[01]$/.test(task))).toBe(true)
    expect(shuffled.calls.flatMap(({ context }) => context.offsetRanges)).toEqual([])
    expect(inPlace.calls).toMatchObject([
      {
        elements: [
          ['a', 2],
          ['b', 1],
        ],
        context: { task: 'lines-0', time: 1000, offsetRanges: [] },
      },
    ])
    expect(new Set([...idsOf(shuffled), ...idsOf(inPlace)]).size).toBe(elementsOf(shuffled).length + 1)
  })

  it('says which offsets were read for its time, with those that were set aside, the same in every try', async () => {
    const to = target()
    const code = job('ranges', { batch: '1s', onPoison: 'skip' }, ({ kafka }) => {
      kafka('lines', { value: text() })
        .map(({ value }) => {
          if (value === 'bad') throw new Error(value)
          return value.length
        })
        .foreachPartition(taking(to, () => to))
    })
    const run = driven(code)
    to.fail = () => new Error('away')
    const lines = ['bad', 'a', 'bad', 'bad', 'b', 'bad']
    await run.deliver(records('lines-0', lines, { at: 200, step: 200, from: 7 })).catch(() => undefined)
    expect(to.calls).toEqual([])
    to.fail = undefined
    await run.another().again()
    await run.another().rest()
    const seen = to.calls.map(({ elements, context: { time, offsetRanges } }) => [elements, time, ...offsetRanges])
    expect([...new Map(seen.map((one) => [one[1], one])).values()]).toEqual([
      [[1], 1000, range(0, 7, 11)],
      [[1], 2000, range(0, 11, 13)],
    ])
  })

  it('has no offsets in what older code has committed', async () => {
    const to = target()
    const environment = memoryEnvironment()
    const calls = new Calls(
      'words',
      planJob(definitionOf('test', words(to))).outputs,
      new Set(),
      new Kinds([]),
      environment.log,
    )
    const call = { kind: 'call', output: 'foreachPartition', time: 1000, body: packElements(['a']) } as const
    await calls.make(call, { job: 'words', stage: 'source', task: 'lines-0', version: 2, index: 0 })
    await calls.make(
      { ...call, read: [7, 8] },
      { job: 'words', stage: 'source', task: 'lines-0', version: 3, index: 0 },
    )
    expect(to.calls.map(({ context }) => context.offsetRanges)).toEqual([[], [range(0, 7, 9)]])
  })

  it('is committed already, as what is read of the commit', async () => {
    const seen: unknown[] = []
    const code = job('late', { batch: '1s' }, ({ kafka }) => {
      kafka('lines', { value: text() })
        .map(({ value }) => ({ value, at: new Date(0), list: new Set([value]) }))
        .foreachPartition(async (elements, { version }) => {
          seen.push(elements, (await late.head('source', 'lines-0'))?.version === version)
        })
    })
    const late: Driven = driven(code)
    await late.deliver(records('lines-0', ['a'], { at: 100 }))
    expect(seen).toEqual([[{ value: 'a', at: new Date(0), list: new Set(['a']) }], true])
  })

  it('may be more than an item holds', async () => {
    const to = target()
    const large = incompressible(600 * 1024)
    const code = words(to)
    await driven(code).deliver(records('lines-0', [large, 'b'], { at: 100 }))
    expect(elementsOf(to)).toEqual([[large, 'b']])
  })

  it('is in an object when it would be more than 64 write units, as the commit it belongs to', async () => {
    const to = target()
    const bytesOf = async (size: number, text: string) => {
      const code = driven(words(to))
      await code.deliver(records('lines-0', [text.slice(0, size)], { at: 100 }))
      return (await code.head('source', 'lines-0'))?.body.length ?? 0
    }
    const text = incompressible(70 * 1024)
    expect(await bytesOf(30 * 1024, text)).toBeGreaterThan(20 * 1024)
    expect(await bytesOf(70 * 1024, text)).toBeLessThan(1024)
    expect(await bytesOf(70 * 1024, 'a'.repeat(70 * 1024))).toBeLessThan(2048) // compressed it is little: no object
    expect(to.calls.map(({ elements }) => elements.length)).toEqual([1, 1, 1])
  })

  it('is not what is no value: such a record is bad', async () => {
    const to = target()
    const code = job('urls', { batch: '1s', onPoison: 'quarantine' }, ({ kafka }) => {
      kafka('lines', { value: text() })
        .map(({ value }) => (value === 'b' ? new URL('https://example.com') : value))
        .foreachPartition(taking(to, () => to))
    })
    await driven(code).deliver(records('lines-0', ['a', 'b'], { at: 100 }))
    expect(elementsOf(to)).toEqual([['a']])
  })
})

describe('when it fails', () => {
  it('its partition fails by name, is called again with the same, and others go on', async () => {
    const to = target()
    let mapped = 0
    const code = job('words', { batch: '1s' }, ({ kafka }) => {
      kafka('lines', { value: text() })
        .map(({ value }) => `${value}${mapped++}`)
        .foreachPartition(taking(to, () => to))
    })
    const failing = driven(code)
    const tried: string[] = []
    to.fail = ({ task, id }) => {
      if (task === 'lines-0') tried.push(id)
      return task === 'lines-0' ? new Error('the table is locked') : undefined
    }
    for (let n = 0; n < 3; n++) {
      await expect(n === 0 ? failing.deliver(...two) : failing.again()).rejects.toMatchObject({
        code: 'CALL_FAILED',
        output: 'foreachPartition',
        version: 2,
        message: expect.stringContaining('the table is locked'),
      })
    }
    expect(new Set(tried)).toEqual(new Set(['words/foreachPartition/lines-0/2/1000']))
    expect(elementsOf(to)).toEqual([['c2']])
    to.fail = undefined
    await failing.another().again()
    await failing.again()
    expect(elementsOf(to)).toEqual([['c2'], ['a0', 'b1']])
    expect(mapped).toBe(3)
  })

  it('a partition that has fallen silent is called for by whoever moves it on', async () => {
    const to = target()
    const failing = driven(words(to))
    to.fail = () => new Error('away')
    await failing.deliver(...two).catch(() => undefined)
    to.fail = undefined
    await failing.another().rest()
    expect(elementsOf(to).toSorted()).toEqual([['a', 'b'], ['c']])
  })

  it('batches that a partition has passed are complete, and the call is not forgotten', async () => {
    const to = target()
    const failing = driven(words(to))
    to.fail = ({ task, time }) => (task === 'lines-0' && time === 2000 ? new Error('away') : undefined)
    await failing.deliver(...two)
    const later = [records('lines-0', ['d', 'e'], { at: 1900, step: 200 }), records('lines-1', ['f'], { at: 2100 })]
    await failing.deliver(...later).catch(() => undefined)
    expect(await failing.closed()).toEqual(['words-1000', 'words-2000'])
    to.fail = undefined
    await failing.rest()
    expect(elementsOf(to).flat().sort()).toEqual(['a', 'b', 'c', 'd', 'e', 'f'])
  })

  it('batches of buckets are complete for others; the bucket calls again before it goes on', async () => {
    const to = target()
    const failing = driven(counted(to))
    to.fail = () => new Error('away')
    await failing.deliver(records('lines-0', ['a'], { at: 100 }))
    await failing.deliver(records('lines-0', ['a'], { at: 1100 }))
    expect(await failing.closed()).toEqual(['counts-1000', 'words-1000'])
    expect(failing.said('error')).toMatchObject([{ message: 'a call failed after the commit' }])
    await expect(failing.deliver(records('lines-0', ['a'], { at: 2100 }))).rejects.toMatchObject({
      code: 'CALL_FAILED',
    })
    to.fail = undefined
    await failing.rest()
    expect(to.calls.map(({ elements, context }) => [context.time, elements])).toEqual(
      [1000, 2000, 3000].map((time) => [time, [['a', 1]]]),
    )
    expect(await failing.closed()).toHaveLength(6)
  })

  it('what follows in its task waits, in the order of batches', async () => {
    const to = target()
    const failing = driven(words(to))
    to.fail = ({ time }) => (time === 2000 ? new Error('away') : undefined)
    const three = records('lines-0', ['a', 'b', 'c'], { at: 100, step: 1000 })
    await failing.deliver(three).catch(() => undefined)
    expect(elementsOf(to)).toEqual([['a']])
    to.fail = undefined
    await failing.again()
    expect(elementsOf(to)).toEqual([['a'], ['b'], ['c']])
    expect(to.calls.map(({ context }) => context.time)).toEqual([1000, 1000, 2000, 3000])
  })
})

describe('connections', () => {
  /** Connections by number: which are open, and which were used. */
  function connecting(more: Partial<ForeachPartitionOptions<number>> = {}) {
    let made = 0
    const open = new Set<number>()
    const options: ForeachPartitionOptions<number> = {
      connect: () => {
        open.add(++made)
        return made
      },
      close: (connection) => open.delete(connection),
      ...more,
    }
    return { open, options }
  }

  const connected = (to: Target, options: ForeachPartitionOptions<number>): Job =>
    job('connected', { batch: '1s' }, ({ kafka }) => {
      kafka('lines', { value: text() })
        .map(({ value }) => value)
        .foreachPartition(
          taking(to, () => to),
          options,
        )
    })
  const usedBy = ({ calls }: Target) => calls.map(({ context }) => context.connection)

  it('is made once for all tasks of a warm instance', async () => {
    const [to, { open, options }] = [target(), connecting()]
    const first = driven(connected(to, options))
    await first.deliver(...two)
    await first.deliver(records('lines-0', ['d'], { at: 200 }))
    await first.another().deliver(records('lines-0', ['e'], { at: 300 }))
    expect(usedBy(to)).toEqual([1, 1, 1, 2, 2])
    expect([...open]).toEqual([1, 2])
  })

  it('is thrown away after a failure, once nobody uses it any more', async () => {
    const [to, { open, options }] = [target(), connecting()]
    let finish = (): void => {}
    const slow = new Promise<void>((resolve) => {
      finish = resolve
    })
    const openAtEnd: boolean[] = []
    const code = job('connected', { batch: '1s' }, ({ kafka }) => {
      kafka('lines', { value: text() })
        .map(({ value }) => value)
        .foreachPartition(async (elements, context) => {
          if (context.task === 'lines-1') {
            await slow
            openAtEnd.push(open.has(context.connection))
          }
          await taking(to, () => to)(elements, context)
        }, options)
    })
    to.fail = ({ task, connection }) => (task === 'lines-0' && connection === 1 ? new Error('broken') : undefined)
    const both = driven(code)
    const [failing, going] = [both.deliver(two[0]), both.deliver(two[1])]
    await expect(failing).rejects.toMatchObject({ code: 'CALL_FAILED' })
    expect([...open]).toEqual([1])
    finish()
    await going
    expect(openAtEnd).toEqual([true])
    expect([...open]).toEqual([])
    await both.deliver(two[0])
    expect(usedBy(to)).toEqual([1, 2, 2])
    expect([...open]).toEqual([2])
  })

  it('is kept if that is asked for', async () => {
    const [to, { open, options }] = [target(), connecting({ keepAfterFailure: true })]
    to.fail = () => new Error('bad luck')
    const kept = driven(connected(to, options))
    await kept.deliver(two[0]).catch(() => undefined)
    to.fail = undefined
    await kept.again()
    expect(usedBy(to)).toEqual([1])
    expect([...open]).toEqual([1])
  })

  it('is tried anew when it does not come about, whatever is asked for', async () => {
    let tries = 0
    const connect = async (): Promise<number> => {
      if (++tries < 3) throw new Error('refused')
      return tries
    }
    const [to, { options }] = [target(), connecting({ connect, keepAfterFailure: true })]
    const retried = driven(connected(to, options))
    await expect(retried.deliver(two[0])).rejects.toMatchObject({ code: 'CALL_FAILED' })
    await expect(retried.again()).rejects.toMatchObject({ code: 'CALL_FAILED' })
    await retried.again()
    expect(usedBy(to)).toEqual([3])
  })

  it('that does not close harms nobody', async () => {
    const close = () => Promise.reject(new Error('no answer'))
    const [to, { options }] = [target(), connecting({ close })]
    to.fail = ({ connection }) => (connection === 1 ? new Error('broken') : undefined)
    const job = driven(connected(to, options))
    await job.deliver(two[0]).catch(() => undefined)
    await job.again()
    expect(usedBy(to)).toEqual([2])
    expect(job.said('warn')).toMatchObject([{ message: 'a connection could not be closed' }])
  })

  it('is closed when a test is over', async () => {
    const [to, { open, options }] = [target(), connecting()]
    await testStream({ batch: 1000, inputs: [[['a'], ['b']]], restart: 'every-batch' }, (some) => {
      some.foreachPartition(
        taking(to, () => to),
        options,
      )
      return some
    })
    expect(new Set(usedBy(to))).toEqual(new Set([1, 2]))
    expect([...open]).toEqual([])
  })
})

describe('code that does not have the function', () => {
  const without = job('words', { batch: '1s', numPartitions: 2 }, ({ kafka }) => {
    kafka('lines', { value: text() })
      .map(({ value }) => value)
      .saveAsTextFiles('s3://results/words')
  })

  it('says so, and waits for code that has it', async () => {
    const to = target()
    const old = driven(words(to))
    to.fail = () => new Error('away')
    await old.deliver(two[0]).catch(() => undefined)
    const other = old.another({ job: without, code: 'new' })
    await expect(other.again()).rejects.toMatchObject({ code: 'UNKNOWN_CALL', output: 'foreachPartition' })
    to.fail = undefined
    await old.another({ code: 'newer' }).rest()
    await other.deliver(records('lines-0', ['d'], { at: 200 }))
    expect(elementsOf(to)).toEqual([['a', 'b']])
  })

  it('gives the call up by name', async () => {
    const to = target()
    const old = driven(words(to))
    to.fail = () => new Error('away')
    await old.deliver(two[0]).catch(() => undefined)
    const other = old.another({ job: without, code: 'new', accept: ['foreachPartition'] })
    await other.again()
    expect(other.said('warn')).toMatchObject([{ message: 'a call was given up: this code does not have its output' }])
  })
})

it('refuses what it could not tell apart, or call', () => {
  const define = (...options: object[]) =>
    job('several', { batch: '1s' }, ({ kafka }) => {
      for (const some of options) kafka('lines', { value: text() }).foreachPartition(() => {}, some)
    })
  expect(() => define({}, { id: 'a' }, { id: 'b' })).not.toThrow()
  expect(() => define({}, {})).toThrow('two outputs are called foreachPartition. Give each an id of its own.')
  expect(() => define({ id: 'a' }, { id: 'a' })).toThrow('two outputs are called foreachPartition(a)')
  expect(() => define({ id: 'a b' })).toThrow('foreachPartition: id must be')
  expect(() => define({ connect: 1 })).toThrow('foreachPartition, connect: expected a function')
  expect(() => define({ conect: () => 1 })).toThrow("Did you mean 'connect'")
})

it('calls with all that is committed and nothing else, under crashes, duplicates, other cuts and zombies', async () => {
  const everywhere = job('everywhere', { batch: 1000, numPartitions: 2 }, ({ kafka }) => {
    const all = kafka('lines', { value: text() }).flatMap(({ value }) => value.split(' '))
    all.foreachPartition(() => undefined, { id: 'all', connect: () => 1, close: () => undefined })
    all.countByValue().foreachPartition(() => undefined, { id: 'counts', connect: () => 1 })
    all.saveAsTextFiles('s3://results/all')
    all.countByValue({ id: 'others' }).saveAsTextFiles('s3://results/counts')
  })
  for (let seed = 1; seed <= 25; seed++) {
    const { violations, story } = await simulate(everywhere, { seed })
    expect(violations, story).toEqual([])
  }
})
