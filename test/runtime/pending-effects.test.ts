// foreachRDD at work: after the commit, in order, once more when it is not known to have succeeded, and nobody else waits for it.

import { beforeEach, describe, expect, it } from 'vitest'
import { definitionOf } from '../../src/graph/job.ts'
import { type Batch, type JobOptions, job, text } from '../../src/index.ts'
import { describePlan } from '../../src/plan/describe.ts'
import { planJob } from '../../src/plan/plan-job.ts'
import { testStream } from '../../src/testing/index.ts'
import { type Driven, driven, records } from '../support/driven.ts'

/** What the function was called with, as `T: elements`; and what it does besides. */
let calls: string[]
let doing: (batch: Batch<string>) => unknown

beforeEach(() => {
  calls = []
  doing = () => {}
})

const DAY = 86_400_000

const told = (options: Partial<JobOptions> = {}) =>
  job('told', { batch: '1s', ...options }, ({ kafka }) => {
    const lines = kafka('lines', { value: text() }).map(({ value }) => value)
    lines.foreachRDD(
      async (batch, time) => {
        calls.push(`${time}: ${batch.collect().join(' ')}`)
        await doing(batch)
      },
      { id: 'told' },
    )
  })

const withOthers = job('others', { batch: '1s' }, ({ kafka }) => {
  const lines = kafka('lines', { value: text() }).map(({ value }) => value)
  lines.saveAsTextFiles('s3://results/all')
  lines.filter((line) => line === 'b').foreachRDD(() => doing, { id: 'fails' })
  lines
    .filter((line) => line > 'c')
    .foreachRDD((batch, time) => void calls.push(`${time}: ${batch.collect()}`), { id: 'goes-on' })
})

const four = records('lines-0', ['a', 'b', 'c', 'd'], { at: 500, step: 300 })

/** The wake-up that comes first. */
async function next(words: Driven): Promise<void> {
  const { armed, clock, setTime } = words.environment
  const at = armed.sort((a, b) => a - b).shift()
  if (at === undefined) throw new Error('no wake-up is armed')
  setTime(Math.max(clock.now(), at))
  await words.wake(at)
}

describe('foreachRDD', () => {
  it('is called once for every batch, in order, and then the job rests', async () => {
    const words = driven(told())
    await words.deliver(four)
    await words.rest()
    expect(calls).toEqual(['1000: a b', '2000: c d'])
    expect(await words.another().rest()).toBe(0)
    expect((await words.head('told', '0'))?.expiresAt).toBeUndefined()
  })

  it('tries a batch again that has failed, after longer and longer pauses, while later ones wait', async () => {
    const words = driven(told(), { start: 10_000 })
    const at: number[] = []
    doing = () => {
      at.push(words.environment.clock.now())
      if (at.length < 12) throw new Error('the database is away')
    }
    await words.deliver(four)
    await words.wake(20_050)
    while (at.length < 13) await next(words)
    expect(new Set(calls.slice(0, 12))).toEqual(new Set(['1000: a b']))
    expect(calls.slice(12)).toEqual(['2000: c d'])
    const pauses = at.map((time, i) => Math.round((time - (at[i - 1] ?? time)) / 1000)).slice(1, -1)
    expect(pauses).toEqual([1, 2, 4, 8, 16, 32, 64, 128, 256, 300, 300])
    const errors = words
      .said('error')
      .map(({ facts }) => [facts.code, facts.kind, facts.output, facts.time, facts.attempt])
    expect(errors).toEqual(errors.map((_, i) => ['EFFECT_FAILED', 'wait', 'told', 1000, i + 1]))
    await words.rest()
    expect((await words.head('told', '0'))?.expiresAt).toBeUndefined()
  })

  it('goes on in a cold instance where the last one was', async () => {
    const words = driven(told(), { start: 10_000 })
    doing = () => {
      throw new Error('the database is away')
    }
    await words.deliver(four)
    const tried = calls.length
    const other = words.another()
    await other.wake()
    expect(calls).toHaveLength(tried) // the pause is not over
    words.later('1s')
    await other.wake()
    expect(calls).toHaveLength(tried + 1)
    expect(words.said('error').at(-1)?.facts).toMatchObject({ attempt: 2 })
  })

  it('holds nobody else up', async () => {
    const words = driven(withOthers)
    doing = () => {
      throw new Error('for good')
    }
    await words.deliver(four)
    words.later('11s')
    await words.wake()
    expect(await words.closed()).toEqual(['all-1000', 'all-2000'])
    expect(calls).toEqual(['1000: ', '2000: d'])
  })
})

describe('what is not known to have succeeded', () => {
  it('is done again, with the same id, when the instance dies before the success is committed', async () => {
    const ids: string[] = []
    doing = ({ id }) => void ids.push(id)
    let commits = 0
    const words = driven(told(), {
      table: (table) => ({
        append: (task, item) => {
          if (task.stage === 'told' && ++commits === 4) throw new Error('dies')
          return table.append(task, item)
        },
      }),
    })
    await expect(words.deliver(four)).rejects.toThrow('dies')
    expect(calls).toEqual(['1000: a b'])
    const other = words.another({ table: () => ({}) })
    await other.wake()
    expect(calls).toHaveLength(1) // others leave it alone for a minute
    words.later('1m')
    await other.rest()
    expect(calls).toEqual(['1000: a b', '1000: a b', '2000: c d'])
    expect(ids).toEqual(['told/told/1000', 'told/told/1000', 'told/told/2000'])
  })

  it('is left to whoever is at work with it, for as long as that says so', async () => {
    const timers: (() => void)[] = []
    const words = driven(told(), {
      later(_, action) {
        timers.push(action)
        return () => {}
      },
    })
    let finish = (): void => {}
    doing = () => new Promise<void>((resolve) => (finish = resolve))
    const delivered = words.deliver(four)
    await expect.poll(() => calls).toEqual(['1000: a b'])
    words.later('50s')
    for (const renew of timers.splice(0)) renew()
    await new Promise((resolve) => setTimeout(resolve, 20))
    words.later('50s')
    const other = words.another({ later: () => () => {} })
    await other.wake()
    expect(calls).toEqual(['1000: a b'])
    doing = () => {}
    finish()
    await delivered
    await words.rest()
    expect(calls).toEqual(['1000: a b', '2000: c d'])
  })

  it('outlives a failure that lasts for longer than logs are kept, with nothing but wake-ups', async () => {
    const words = driven(told({ retention: '1d' }))
    doing = () => {
      throw new Error('for days')
    }
    await words.deliver(four)
    const begin = words.environment.clock.now()
    while (words.environment.clock.now() < begin + 3 * DAY) {
      words.later('2h')
      words.expire()
      await words.another().wake()
    }
    doing = () => {}
    calls = []
    const last = words.another()
    words.later('10m')
    await last.rest()
    expect(calls).toEqual(['1000: a b', '2000: c d'])
    expect((await words.head('told', '0'))?.expiresAt).toBeUndefined()
  })
})

describe('code that changes', () => {
  const without = job('told', { batch: '1s' }, ({ kafka }) => {
    kafka('lines', { value: text() })
      .map(({ value }) => value)
      .saveAsTextFiles('s3://results/all')
  })

  it('keeps what waits, unread, and does it when the function comes back', async () => {
    const words = driven(told())
    doing = () => {
      throw new Error('wrong code')
    }
    await words.deliver(four)
    words.later('11s')
    await words.wake()
    const gone = words.another({ job: without, code: 'v2', accept: ['told'] })
    await gone.rest()
    words.later('10d')
    words.expire()
    await gone.deliver(records('lines-0', ['e'], { at: 10_500 }))
    await gone.rest()
    calls = []
    doing = () => {}
    const back = words.another({ code: 'v3' })
    await back.deliver(records('lines-0', ['f', 'g'], { at: 20_500, step: 1000 }))
    await back.rest()
    expect(calls.slice(0, 2)).toEqual(['1000: a b', '2000: c d'])
    expect(calls.slice(-2)).toEqual(['21000: f', '22000: g'])
  })
})

it('is shown by plan, in a stage of its own', () => {
  const counted = job('counted', { batch: '1s' }, ({ kafka }) => {
    kafka('lines', { value: text() })
      .count()
      .foreachRDD(() => {}, { id: 'told' })
  })
  const plan = describePlan(planJob(definitionOf('test', counted)))
  expect(plan).toContain('stage told: 1 bucket\n')
  expect(plan).toContain('→ foreachRDD-0 (after the commit of T, at least once, in order of T)')
})

describe('in testStream', () => {
  const inputs = [[['a', 'b'], [], ['c']]] as const

  it('is called for every batch, of windows at every slide', async () => {
    const [each, windows]: [string[][], [number, string[]][]] = [[], []]
    await testStream({ batch: 1000, inputs, partitions: 2, restart: 'every-batch' }, (words) => {
      words.foreachRDD((batch) => void each.push(batch.collect().sort()), { id: 'each' })
      words
        .window(2000, 2000)
        .foreachRDD((batch, time) => void windows.push([time, batch.collect().sort()]), { id: 'windows' })
      return words
    })
    expect(each).toEqual([['a', 'b'], [], ['c']])
    expect(windows).toEqual([[2000, ['a', 'b']]])
  })

  it('fails when the function does', async () => {
    const failing = testStream({ batch: 1000, inputs }, (words) => {
      words.foreachRDD((batch) => {
        if (batch.time === 3000) throw new Error('no')
      })
      return words
    })
    await expect(failing).rejects.toThrow('no')
  })

  it('names a function that changes what it is given', async () => {
    const changing = testStream({ batch: 1000, inputs: [[[{ n: 1 }]]] }, (objects) => {
      objects.foreachRDD(
        (batch) => {
          for (const object of batch.collect()) object.n++
        },
        { id: 'changes' },
      )
      return objects
    })
    await expect(changing).rejects.toThrow(expect.objectContaining({ code: 'VALUE_CHANGED' }))
  })
})

it('refuses what is no function, and unknown options', () => {
  const define = (f: () => void, options: object) => () =>
    job('bad', { batch: '1s' }, ({ kafka }) => kafka('lines', { value: text() }).foreachRDD(f, options))
  expect(define(JSON.parse('1'), {})).toThrow(expect.objectContaining({ code: 'INVALID_OPTION' }))
  expect(define(() => {}, { idd: 'told' })).toThrow(/idd.*id/)
})

it('the next try is given what was committed, whatever the one before has changed in it', async () => {
  const seen: string[] = []
  const changing = driven(
    job('changing', { batch: 1000 }, ({ kafka }) => {
      kafka('lines', { value: text() })
        .map(({ value }) => ({ words: [value] }))
        .foreachRDD(
          (batch) => {
            const [first] = batch.collect()
            seen.push(first?.words.join() ?? '')
            first?.words.push('changed')
            if (seen.length < 3) throw new Error('not yet')
          },
          { id: 'told' },
        )
    }),
  )
  await changing.deliver(records('lines-0', ['a'], { at: 500 }))
  await changing.rest()
  expect(seen).toEqual(['a', 'a', 'a'])
})
