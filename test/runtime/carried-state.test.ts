// I5: state of an operator that the deployed code lacks stays where it is, unread, for as long as it takes. Code that has the operator goes
// on with it: after a rollback, in a rolling deployment, and after more than the retention.

import { describe, expect, it } from 'vitest'
import { deployments, type Lines, over, records } from '../support/deployments.ts'
import { incompressible } from '../support/incompressible.ts'

const out = (name: string) => `s3://results/${name}`
const sum = (ones: readonly number[], n: number | undefined): number => ones.reduce((a, b) => a + b, n ?? 0)
const pairs = (lines: Lines) => lines.map((line) => [line, 1] as const)
const inPlace = (lines: Lines) => pairs(lines).preservesPartitioning({ newPartitions: 'join' })
const DAYS = 24 * 3_600_000
const options = { retention: '7d', idleAfter: '10s' } as const

const without = over((lines) => lines.saveAsTextFiles(out('all')), options)
const places = {
  'in place': over((lines) => {
    lines.saveAsTextFiles(out('all'))
    inPlace(lines).updateStateByKey(sum, { id: 'count' }).saveAsTextFiles(out('counts'))
  }, options),
  'in a stage of its own': over((lines) => {
    lines.saveAsTextFiles(out('all'))
    pairs(lines).updateStateByKey(sum, { id: 'count' }).saveAsTextFiles(out('counts'))
  }, options),
}
const others = {
  'none in place': without,
  'another in place': over((lines) => {
    lines.saveAsTextFiles(out('all'))
    inPlace(lines)
      .reduceByKey((a, b) => a + b, { id: 'other' })
      .saveAsTextFiles(out('other'))
  }, options),
}

function setUp() {
  const set = deployments()
  const { environment } = set
  return {
    ...set,
    /** Lets days pass, and what has expired go. */
    later: (days: number) => {
      environment.setTime(environment.clock.now() + days * DAYS)
      environment.table.deleteExpired(Math.floor(environment.clock.now() / 1000))
    },
    counts: async (time: number) => (await set.results())[`counts-${time}`]?.lines,
  }
}

describe.each(Object.entries(places))('state %s', (_place, whole) => {
  describe.each(Object.entries(others))('under code that has %s', (_, lacking) => {
    it('is there when the operator comes back', async () => {
      const { deploy, rest, counts } = setUp()
      const first = deploy(whole)
      await first(records('aba', 0))
      await rest(first)
      const between = deploy(lacking)
      await between(records('aac', 3))
      await rest(between)
      const again = deploy(whole)
      await again(records('abd', 6))
      await rest(again)
      expect(await counts(5000)).toEqual(['(a,3)', '(b,2)', '(d,1)'])
    })

    it('is there after weeks', async () => {
      const { deploy, rest, counts, later } = setUp()
      const first = deploy(whole)
      await first(records('aba', 0))
      await rest(first)
      const between = deploy(lacking)
      for (let from = 3; from < 30; from += 3) {
        await between(records('xyz', from))
        if (from % 2 === 0) await rest(between)
        later(1)
      }
      await rest(between)
      later(30)
      const again = deploy(whole)
      await again(records('ab', 30))
      await rest(again)
      expect(await counts(16_000)).toEqual(['(a,3)', '(b,2)'])
    })
  })
})

describe.each(Object.entries(others))(
  'elements of an open batch that wait in place, under code that has %s,',
  (_, lacking) => {
    const whole = places['in place']

    it('join the oldest open batch when the operator comes back', async () => {
      const { deploy, rest, counts } = setUp()
      await deploy(whole)(records('aba', 0)) // the second a is of T = 2000
      await deploy(lacking)(records('xyz', 3)) // passes T = 2000
      const again = deploy(whole)
      await again(records('c', 6))
      await rest(again)
      expect(await counts(4000)).toEqual(['(a,2)', '(b,1)', '(c,1)'])
    })

    it('wait for weeks, and in a rolling deployment none is lost or counted twice', async () => {
      const { deploy, rest, counts, later } = setUp()
      const [one, two] = [deploy(whole), deploy(lacking)]
      await one(records('aba', 0))
      await two(records('x', 3))
      await one(records('ab', 4))
      await two(records('xyz', 6))
      await two(records('xyz', 9))
      await rest(two)
      later(30)
      await two(records('x', 12))
      await rest(two)
      later(30)
      const again = deploy(whole)
      await again(records('ca', 13))
      await rest(again)
      expect(await counts(8000)).toEqual(['(a,4)', '(b,2)', '(c,1)'])
    })
  },
)

it('state of a stage that no code has sealed is kept from the first wake-up on', async () => {
  const { deploy, rest, counts, later } = setUp()
  const code = (kept: boolean) =>
    over((lines) => {
      lines.saveAsTextFiles(out('all'))
      const some = pairs(lines.filter((line) => line !== 'z'))
      if (kept)
        some
          .updateStateByKey((ones: readonly number[], n?: number) => sum(ones, n), { id: 'count' })
          .saveAsTextFiles(out('counts'))
    }, options)
  await deploy(code(true))(records('abazzz', 0)) // nothing for the stage is open
  const between = deploy(code(false))
  await between(records('zzz', 6))
  await rest(between)
  later(30)
  const again = deploy(code(true))
  await again(records('ab', 9))
  await rest(again)
  expect(await counts(6000)).toEqual(['(a,3)', '(b,2)'])
})

it('state of an operator that new code takes out of a stage stays with the stage', async () => {
  const { deploy, rest, counts, later } = setUp()
  const stage = (kept: boolean) =>
    over((lines) => {
      const sums = pairs(lines)
        .groupByKey({ id: 'group' })
        .mapValues((ones) => ones.length)
      sums.saveAsTextFiles(out('all'))
      const padded = (ns: readonly number[], s: { n: number; padding: string } | undefined) => ({
        n: sum(ns, s?.n),
        padding: incompressible(50_000),
      })
      if (kept)
        sums
          .updateStateByKey(padded, { id: 'count' })
          .mapValues(({ n }) => n)
          .saveAsTextFiles(out('counts'))
    }, options)
  const first = deploy(stage(true))
  await first(records('aba', 0))
  await rest(first)
  const between = deploy(stage(false))
  for (let from = 3; from < 12; from += 3) {
    await between(records('abc', from))
    await rest(between)
    later(3)
  }
  const again = deploy(stage(true))
  await again(records('ab', 12))
  await rest(again)
  expect(await counts(7000)).toEqual(['(a,3)', '(b,2)'])
})

describe('a window that is not empty when new code takes it out', () => {
  it.each(['in place', 'in a stage'])(
    '%s: what falls due meanwhile is made up for, but not in a batch that is complete',
    async (place) => {
      const windowed = (kept: boolean, also: boolean) =>
        over((lines) => {
          const ones = place === 'in place' ? inPlace(lines) : pairs(lines)
          if (kept)
            ones
              .reduceByKeyAndWindow(
                (a, b) => a + b,
                (a, b) => a - b,
                '4s',
                '2s',
                { filter: ([, n]) => n > 0 },
              )
              .saveAsTextFiles(out('counts'))
          if (also) lines.saveAsTextFiles(out('all'))
        }, options)
      const runs = async (lacks: boolean) => {
        const { deploy, rest, results } = setUp()
        const first = deploy(windowed(true, true))
        await first(records('abab', 0))
        await first(records('a', 4))
        const between = lacks
          ? deploy(windowed(false, true), { accept: ['inverseWindow(combineByKey(lines))', 'combineByKey(lines)'] })
          : first
        await between(records('xxxxxxxx', 5))
        const again = deploy(windowed(true, true))
        await again(records('aaaa', 13))
        await rest(again)
        return results()
      }
      const [straight, changed] = [await runs(false), await runs(true)]
      const words = (lines: readonly string[] = []) => lines.filter((line) => !line.includes('x'))
      // In place, what was open when the code changed joins a later batch.
      const same = Object.entries(straight).filter(
        ([batch]) => place !== 'in place' || Number(batch.split('-')[1]) > 13_000,
      )
      for (const [batch, { lines }] of same) expect(words(changed[batch]?.lines), batch).toEqual(words(lines))
    },
  )
})
