// Which keys expire: held against going through all of them.

import fc from 'fast-check'
import { expect, it } from 'vitest'
import { Cells } from '../../../src/operators/cells.ts'
import { Expiry } from '../../../src/operators/event-time/expiry.ts'

const form = { save: (at: number) => at, load: (saved: unknown) => Number(saved) }

it('gives what expires in the order of times and keys, whatever was noted, deleted or restarted between', () => {
  const step = fc.oneof(
    fc.record({ set: fc.integer({ min: 0, max: 8 }), at: fc.integer({ min: 0, max: 50 }) }),
    fc.record({ delete: fc.integer({ min: 0, max: 8 }) }),
    fc.record({ take: fc.integer({ min: 0, max: 50 }) }),
    fc.constant('restart' as const),
  )
  fc.assert(
    fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
      const cells = new Cells('test').keyed('entry', form)
      const ends = () => new Expiry(cells, (at: number) => at)
      let expiry = ends()
      for (const one of steps) {
        if (one === 'restart') expiry = ends()
        else if ('set' in one) {
          cells.set(one.set, one.at)
          expiry.note(one.set)
        } else if ('delete' in one) cells.delete(one.delete)
        else {
          const wanted = [...cells]
            .filter(([, at]) => at <= one.take)
            .sort(([a, x], [b, y]) => x - y || Number(a) - Number(b))
            .map(([key]) => key)
          expect(expiry.take(one.take)).toEqual(wanted)
          for (const key of wanted) cells.delete(key)
        }
        const times = Array.from(cells.values())
        expect(expiry.first()).toBe(times.length > 0 ? Math.min(...times) : undefined)
      }
    }),
  )
})
