// Partitions that fall silent or come late (DESIGN §4), and logs that are lost (I7).

import { describe, expect, it } from 'vitest'
import { memoryTable } from '../../../src/stores/memory-table.ts'
import { copying, type Driven, driven, records } from '../../support/driven.ts'

const code = copying({ idleAfter: '10s' })

async function results(copy: Driven): Promise<Record<string, string>> {
  const found = Object.entries(await copy.published())
  return Object.fromEntries(found.map(([key, body]) => [key.replace(/^copy-/, '').replace(/0{19}/, ''), body]))
}

describe('a partition that falls silent', () => {
  it('holds the others back for idleAfter, and no longer', async () => {
    const copy = driven(code)
    await copy.deliver(records('lines-0', ['a']), records('lines-1', ['x']))
    await copy.deliver(records('lines-0', ['b'], { at: 1500 }))
    copy.later(9_999)
    await copy.deliver(records('lines-0', ['c'], { at: 2500 }))
    expect(await copy.closed()).not.toContain('copy-1000')
    copy.later(1)
    await copy.deliver(records('lines-0', ['d'], { at: 3500 }))
    expect(await copy.closed()).toEqual(['copy-1000', 'copy-2000', 'copy-3000'])
  })

  it('loses nothing: what it sends later joins the oldest batch that is open', async () => {
    const copy = driven(code)
    await copy.deliver(records('lines-0', ['a']), records('lines-1', ['x']))
    copy.later('20s')
    await copy.deliver(records('lines-0', ['b'], { at: 2500 }))
    expect(await copy.closed()).toContain('copy-1000')
    await copy.deliver(records('lines-1', ['late'], { at: 700 }))
    expect(await results(copy)).toMatchObject({ '3000/part-lines-1-1': 'late\n' })
  })

  it('is moved on in one look, although reads may not show yet what the look itself has appended', async () => {
    const stale = memoryTable({ staleBy: () => 1 })
    const copy = driven(code, { table: () => stale })
    await copy.deliver(records('lines-0', ['a']), records('lines-1', ['x'], { at: 1500 }))
    copy.later('20s')
    await copy.wake()
    expect(await copy.closed()).toContain('copy-2000')
  })

  it('is not moved on while it commits through another instance', async () => {
    const here = driven(code)
    const there = here.another()
    await here.deliver(records('lines-0', ['a']), records('lines-1', ['x']))
    here.later('20s')
    await there.deliver(records('lines-1', ['y'], { at: 100 }))
    await here.deliver(records('lines-0', ['b'], { at: 1500 }))
    expect(await here.closed()).not.toContain('copy-1000')
  })
})

describe('a topic that is silent as a whole', () => {
  it('closes batches of old data at once, when its silence counts', async () => {
    const copy = driven(code)
    const start = copy.environment.clock.now()
    await copy.deliver(records('lines-0', ['a', 'b'], { at: 500, step: 1000 }))
    await copy.rest()
    expect(await copy.closed()).toContain('copy-2000')
    expect(copy.environment.clock.now() - start).toBeLessThan(11_000)
  })

  it('does not close a batch of live data before its end', async () => {
    const start = 1_699_999_980_000 // a full minute
    const slow = driven(copying({ batch: '1m', idleAfter: '10s' }), { start: start + 5_000 })
    await slow.deliver(records('lines-0', ['a'], { at: start + 1_000 }))
    slow.later('25s')
    await slow.wake()
    await slow.deliver(records('lines-0', ['b'], { at: start + 29_000 }))
    await slow.rest()
    expect(await results(slow)).toEqual({
      [`${start + 60_000}/_SUCCESS`]: '',
      [`${start + 60_000}/part-lines-0-0`]: 'a\n',
      [`${start + 60_000}/part-lines-0-1`]: 'b\n',
    })
  })

  it('has sealed its logs: their ends do not expire', async () => {
    const copy = driven(code)
    await copy.deliver(records('lines-0', ['a']), records('lines-1', ['x']))
    const inAWeek = copy.environment.clock.now() / 1000 + 7 * 86_400
    expect((await copy.head('source', 'lines-0'))?.expiresAt).toBe(inAWeek)
    await copy.rest()
    for (const [stage, task] of [
      ['source', 'lines-0'],
      ['source', 'lines-1'],
      ['close', '0'],
    ] as const) {
      const head = await copy.head(stage, task)
      expect(head, task).toBeDefined()
      expect(head?.expiresAt, task).toBeUndefined()
    }
  })
})

describe('a partition that is seen late', () => {
  it('starts where the others are: it adds nothing to what is closed', async () => {
    const copy = driven(code)
    await copy.deliver(records('lines-0', ['a', 'b', 'c'], { at: 500, step: 1000 }))
    expect(await copy.closed()).toContain('copy-2000')
    await copy.deliver(records('lines-1', ['x', 'y'], { at: 400, step: 2500 }))
    expect(await results(copy)).toEqual({
      '1000/_SUCCESS': '',
      '1000/part-lines-0-0': 'a\n',
      '2000/_SUCCESS': '',
      '2000/part-lines-0-1': 'b\n',
      '3000/part-lines-0-2': 'c\n',
      '3000/part-lines-1-0': 'x\ny\n',
    })
  })
})

describe('a log that is lost', () => {
  const task = { job: 'copy', stage: 'source', task: 'lines-1' }

  async function withLostLog(): Promise<Driven> {
    const first = driven(code)
    await first.deliver(records('lines-0', ['a', 'b'], { at: 500, step: 1000 }), records('lines-1', ['x']))
    for (let version = 1; version <= 2; version++) first.environment.table.deleteVersion(task, version)
    return first.another()
  }
  const lost = {
    code: 'LOG_LOST',
    task,
    message: expect.stringMatching(/commit log of job copy, stage source, task lines-1 is empty although.*Restore/s),
  }

  it('is an error for its partition, and not a fresh start', async () => {
    const copy = await withLostLog()
    const both = copy.deliver(records('lines-1', ['x'], { from: 0 }), records('lines-0', ['c'], { at: 2500 }))
    await expect(both).rejects.toMatchObject(lost)
    expect(await results(copy)).toMatchObject({ '3000/part-lines-0-2': 'c\n' })
  })

  it('is an error also when nothing but the birth is left of it', async () => {
    const copy = driven(code)
    await copy.deliver(records('lines-1', ['x']))
    await copy.rest()
    for (let version = 2; version <= 4; version++) copy.environment.table.deleteVersion(task, version)
    const again = copy.another().deliver(records('lines-1', ['x', 'y'], { from: 0 }))
    await expect(again).rejects.toMatchObject({ code: 'LOG_LOST' })
    expect(await results(copy)).toEqual({ '1000/_SUCCESS': '', '1000/part-lines-1-0': 'x\n' })
  })

  it('is an error for a wake-up that waits for it, and not silence for ever', async () => {
    const copy = await withLostLog()
    copy.later('1m')
    await expect(copy.another().wake(0)).rejects.toMatchObject(lost)
  })
})
