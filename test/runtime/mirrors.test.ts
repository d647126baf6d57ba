import { expect, test } from 'vitest'
import type { OffsetStore, PartitionOffset } from '../../src/index.ts'
import { copying, driven, records } from '../support/driven.ts'

/** A store in memory, with what it has been asked to write. */
function storing(how: { failing?: number; hanging?: boolean } = {}) {
  const writes: string[] = []
  const positions = new Map<string, number>()
  const store: OffsetStore = {
    name: 'memory',
    read: async (topic) =>
      [...positions].map(([task, offset]) => ({ topic, partition: Number(task.split('-').at(-1)), offset })),
    async write(offsets) {
      if (how.failing && how.failing-- > 0) throw new Error('away')
      if (how.hanging) await new Promise(() => {})
      writes.push(offsets.map(inWords).join(', '))
      for (const { topic, partition, offset } of offsets) positions.set(`${topic}-${partition}`, offset)
    },
  }
  return { store, writes, how, positions }
}

const inWords = ({ topic, partition, offset }: PartitionOffset): string => `${topic}-${partition} at ${offset}`

test('positions are mirrored after commits, every five seconds at most, and whole when the job rests', async () => {
  const { store, writes } = storing()
  const run = driven(copying({}, { mirror: store }))
  await run.deliver(records('lines-0', ['a', 'b'], { at: 500 }), records('lines-1', ['c'], { at: 500 }))
  expect(writes).toEqual(['lines-0 at 2, lines-1 at 1'])
  await run.deliver(records('lines-0', ['d']))
  expect(writes).toHaveLength(1)
  run.later('5s')
  await run.deliver(records('lines-1', ['e']))
  expect(writes.slice(1)).toEqual(['lines-0 at 3, lines-1 at 2'])
  await run.deliver(records('lines-0', ['f']))
  await run.rest()
  expect(writes.at(-1)).toBe('lines-0 at 4, lines-1 at 2')
})

test('a commit whose instance dies before it is mirrored is mirrored by whoever brings the job to rest', async () => {
  const { store, writes, how } = storing({ failing: 1000 })
  const code = copying({}, { mirror: store })
  const run = driven(code, { partitions: { lines: 2 } })
  await run.deliver(records('lines-0', ['a', 'b'], { at: 500 }))
  await run.deliver(records('lines-1', ['a'], { at: 1600 }))
  await run.deliver(records('lines-0', ['c'], { at: 2700 })) // everything before is closed, and need not be read again
  how.failing = 0
  await run.another().rest()
  expect(writes).toEqual(['lines-0 at 3, lines-1 at 1'])
})

test('what one instance has set back by what it remembered is put right at rest, by whoever comes', async () => {
  const { store, writes } = storing()
  const first = driven(copying({}, { mirror: store }), { partitions: { lines: 2 } })
  await first.deliver(records('lines-0', ['a'], { at: 500 }), records('lines-1', ['a'], { at: 500 }))
  const second = first.another()
  await second.deliver(records('lines-0', ['b'], { at: 600 }))
  expect(writes.at(-1)).toContain('lines-0 at 2')
  first.later('6s')
  await first.deliver(records('lines-1', ['b'], { at: 600 }))
  await first.rest() // it has never seen what the second has committed in lines-0, but for the log
  expect(writes.at(-1)).toBe('lines-0 at 2, lines-1 at 2')
})

test('a store that fails harms nothing, is logged by name, and is tried again at rest', async () => {
  const { store, writes, how } = storing({ failing: 4 })
  const run = driven(copying({}, { mirror: store }))
  await run.deliver(records('lines-0', ['a'], { at: 500 }))
  expect(run.said('warn')[0]?.facts).toMatchObject({ code: 'MIRROR_FAILED', store: 'memory' })
  const began = run.environment.clock.now()
  await run.rest()
  expect(writes).toEqual(['lines-0 at 1'])
  expect(await run.closed()).toEqual(['copy-1000'])
  expect(run.environment.clock.now() - began).toBeGreaterThan(60_000)
  how.failing = 1000
  await run.deliver(records('lines-0', ['b']))
  await run.rest() // it gives up in the end: an idle job runs nothing
  how.failing = 0
  await run.another().deliver(records('lines-0', ['c']))
  expect(writes.slice(1)).toEqual(['lines-0 at 3'])
})

test('a store that hangs is waited for so long and no longer, and nothing is written beside', async () => {
  const { store, how } = storing({ hanging: true })
  const waits: number[] = []
  const later = (milliseconds: number, action: () => void): (() => void) => {
    waits.push(milliseconds)
    queueMicrotask(action)
    return () => {}
  }
  const run = driven(copying({}, { mirror: store }), { later })
  await run.deliver(records('lines-0', ['a'], { at: 500 }))
  expect(run.said('warn')[0]?.message).toMatch(/not mirrored/)
  expect(waits).toContain(5000)
  how.hanging = false
  run.later('5s')
  await run.deliver(records('lines-0', ['b']))
  expect(await run.text('copy')).toBe('a\nb\n')
})

test('what is mirrored is what was committed, not what came', async () => {
  const { store, writes } = storing()
  const run = driven(copying({}, { mirror: [store], value: { format: 'odd', decode: decodeUntil('c') } }))
  await expect(run.deliver(records('lines-0', ['a', 'b', 'c', 'd'], { at: 500 }))).rejects.toThrow(/c/)
  expect(writes).toEqual(['lines-0 at 2'])
})

test('a mirror that is no store is refused, and the functions that make one are named', () => {
  expect(() => copying({}, { mirror: { group: 'billing' } as never })).toThrow(/mirror: must be a store.*consumerGroup/)
})

function decodeUntil(bad: string) {
  return (base64: string | null): string => {
    const value = Buffer.from(base64 ?? '', 'base64').toString()
    if (value === bad) throw new Error(`cannot read ${value}`)
    return value
  }
}
