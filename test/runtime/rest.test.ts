// A job at rest: everything closed, logs sealed, nothing armed; and what comes after days of it (DESIGN §3, §4; I7).

import { describe, expect, it } from 'vitest'
import { job, seconds, text } from '../../src/index.ts'
import { driven, records } from '../support/driven.ts'

const copy = job('copy', { batch: seconds(1), onPoison: 'skip' }, ({ kafka }) => {
  kafka('lines', { value: text() })
    .map((record) => {
      if (record.value === 'bad') throw new Error('bad')
      return record.value
    })
    .saveAsTextFiles('s3://results/copy')
})

describe('a job at rest', () => {
  it('is not at rest while eventually consistent reads hide what is not closed', async () => {
    const writer = driven(copy)
    await writer.deliver(records('lines-0', ['a']))
    const stale = writer.another({
      table: (table) => ({
        read: async (task, options) => (options.consistent ? table.read(task, options) : []),
      }),
    })
    await stale.rest()
    expect(await stale.closed()).toContain('copy-1000')
  })

  it('goes on after its log has expired, down to the seals', async () => {
    const first = driven(copy)
    await first.deliver(records('lines-0', ['a', 'b'], { at: 500, step: 1000 }))
    await first.rest()
    // A commit that closes nothing, and then rest again: the closing task must not need it later.
    await first.deliver(records('lines-0', ['bad'], { at: 2500 }))
    await first.rest()

    first.later('8d')
    expect(first.expire()).toBeGreaterThan(0)
    const fresh = first.another()
    await fresh.deliver(records('lines-0', ['c'], { at: 3500 }))
    await fresh.rest()
    expect(await fresh.text()).toBe('a\nb\nc\n')
    expect(await fresh.closed()).toContain('copy-4000')
  })

  it('does not trust memory from before what has expired since: its versions are free again', async () => {
    const frozen = driven(copy)
    await frozen.deliver(records('lines-0', ['a']))
    const other = frozen.another()
    await other.deliver(records('lines-0', ['b', 'c'], { at: 100 }))
    await other.rest()

    frozen.later('8d')
    frozen.expire()
    const closed = await frozen.published('copy-1000/')
    await frozen.deliver(records('lines-0', ['b', 'c', 'd'], { from: 1, at: 100 }))
    expect(await frozen.published('copy-1000/')).toEqual(closed)
    expect(await frozen.text()).toBe('a\nb\nc\nd\n')
  })
})
