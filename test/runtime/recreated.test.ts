// Offsets below the position are duplicates only as long as nothing says that they are other records (I1, I7).

import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { copying, type Deployment, type Driven, driven, records } from '../support/driven.ts'

const START = 1_000_000_000_000

const begin = (how: Deployment = {}): Driven =>
  driven(copying({ idleAfter: '10s', retention: '1h' }), { start: START, ...how })

/** Records of one life of the topic: their texts say which, so that all of them differ. */
const lives = (from: number, until: number, { life = 'one', at = (offset: number) => START + offset } = {}) =>
  records(
    'lines-0',
    Array.from({ length: until - from }, (_, i) => ({ timestamp: at(from + i), value: `${life} ${from + i}` })),
    { from },
  )

const written = async (copy: Driven): Promise<string[]> => (await copy.text()).split('\n').filter(Boolean)
const texts = (from: number, until: number) => Array.from({ length: until - from }, (_, i) => `one ${from + i}`)

const RECREATED = { code: 'TOPIC_RECREATED' }

describe('a group that is moved back to before the beginning', () => {
  it('is an error that says so, not a heap of duplicates; moved forward again, the job goes on', async () => {
    const copy = begin()
    await copy.deliver(lives(100, 110))
    await expect(copy.another().deliver(lives(0, 60))).rejects.toMatchObject({
      ...RECREATED,
      message: expect.stringMatching(/offset 0 lies before 100, where this job began.*move it forward again, to 110/s),
    })
    await expect(copy.another().deliver(lives(0, 120))).rejects.toMatchObject(RECREATED)
    await copy.another().deliver(lives(105, 120))
    expect(await written(copy)).toEqual(texts(100, 120))
  })

  it('is no error when it is moved to where the job has been', async () => {
    const copy = begin()
    for (let from = 100; from < 200; from += 10) await copy.another().deliver(lives(from, from + 10))
    await copy.another().deliver(lives(100, 160))
    await copy.another().deliver(lives(137, 210))
    expect(await written(copy)).toEqual(texts(100, 210))
    expect(copy.said('warn')).toEqual([])
  })
})

describe('a topic that was deleted and made again', () => {
  const times: [string, (offset: number) => number][] = [
    ['older', (offset) => START - 86_400_000 + offset],
    ['equal', (offset) => START + offset],
    ['no', () => -1],
  ]

  it.each(times)('shows by its first record, with %s timestamps, however short it is', async (_, at) => {
    const copy = begin()
    for (let from = 0; from < 100; from += 10) await copy.deliver(lives(from, from + 10))
    for (const until of [1, 3, 10, 55]) {
      const again = lives(0, until, { life: 'two', at })
      await expect(copy.deliver(again), `warm, ${until}`).rejects.toMatchObject(RECREATED)
      await expect(copy.another().deliver(again), `cold, ${until}`).rejects.toMatchObject(RECREATED)
    }
    expect(await written(copy)).toHaveLength(100)
  })

  it.each(times)('shows also where the group starts at its end (LATEST), with %s timestamps', async (_, at) => {
    const copy = begin()
    const before = times.find(([name]) => name === 'equal')?.[1] === at ? undefined : { at: () => -1 }
    for (let from = 0; from < 100; from += 10) await copy.deliver(lives(from, from + 10, before))
    for (const [from, until] of [
      [3, 5],
      [40, 41],
      [92, 93],
    ] as const) {
      const again = copy.another().deliver(lives(from, until, { life: 'two', at }))
      await expect(again, `${from}`).rejects.toMatchObject(RECREATED)
    }
  })

  it('shows after a rest, when the log holds nothing but its seal', async () => {
    const copy = begin()
    await copy.deliver(lives(0, 8))
    await copy.deliver(lives(8, 16))
    await copy.rest()
    copy.later('2h')
    expect(copy.expire()).toBeGreaterThan(0)
    for (const [from, until] of [
      [0, 2],
      [11, 12],
    ] as const) {
      const again = copy.another().deliver(lives(from, until, { life: 'two', at: () => START - 1 }))
      await expect(again).rejects.toMatchObject(RECREATED)
    }
    await copy.another().deliver(lives(8, 20))
    expect(await written(copy)).toHaveLength(20)
  })
})

describe('records that only come again', () => {
  it('are dropped, whatever their cut, without a word and without a false alarm', async () => {
    const cuts = fc.array(fc.integer({ min: 1, max: 40 }), { minLength: 1, maxLength: 12 })
    const again = fc.array(fc.tuple(fc.nat(200), fc.integer({ min: 1, max: 60 })), { maxLength: 6 })
    await fc.assert(
      fc.asyncProperty(cuts, again, fc.nat(50), async (sizes, repeats, began) => {
        const copy = begin()
        let until = began
        for (const size of sizes) {
          await copy.another().deliver(lives(until, until + size))
          until += size
        }
        for (const [from, size] of repeats) {
          const start = Math.max(began, Math.min(from, until))
          await copy.another().deliver(lives(start, Math.max(start + 1, Math.min(start + size, until))))
          until = Math.max(until, start + 1)
        }
        expect(await written(copy)).toHaveLength(until - began)
      }),
      { numRuns: 60 },
    )
  })

  it('cost no read when they are those of the last commit', async () => {
    let reads = 0
    const copy = begin({
      table: (table) => ({
        read: async (...args) => {
          reads++
          return table.read(...args)
        },
      }),
    })
    await copy.deliver(lives(0, 50))
    reads = 0
    await copy.again()
    expect(reads).toBe(0)
  })
})
