// The life of a micro-batch, seen from the handler: I1, I3, I4, I7.

import { describe, expect, it } from 'vitest'
import { type Job, job, seconds, text } from '../../src/index.ts'
import { driven, records } from '../support/driven.ts'

const upper: Job = job('upper', { batch: seconds(1) }, ({ kafka }) => {
  kafka('lines', { value: text() })
    .map((record) => record.value.toUpperCase())
    .saveAsTextFiles('s3://results/upper')
})

describe('a micro-batch', () => {
  it('becomes one part per batch time, named by partition and first offset', async () => {
    const lines = driven(upper)
    await lines.deliver(records('lines-0', ['a', 'b', 'c'], { from: 7, at: 800, step: 100 }))
    expect(await lines.published()).toEqual({
      'upper-1000/_SUCCESS': '',
      'upper-1000/part-lines-0-00000000000000000007': 'A\nB\n',
      'upper-2000/part-lines-0-00000000000000000009': 'C\n',
    })
  })

  it('is skipped when it comes again, to this process or to another (I1)', async () => {
    const lines = driven(upper)
    await lines.deliver(records('lines-0', ['a', 'b']))
    const before = await lines.published()
    await lines.again()
    await lines.another().again()
    expect(await lines.published()).toEqual(before)
  })

  it('closes T when every partition has passed it, and writes _SUCCESS', async () => {
    const lines = driven(upper)
    await lines.deliver(records('lines-0', ['a', 'b'], { at: 500, step: 1000 }), records('lines-1', ['x'], { at: 100 }))
    expect(await lines.closed()).toEqual([])
    await lines.deliver(records('lines-1', ['y'], { at: 1100 }))
    expect(await lines.closed()).toEqual(['upper-1000'])
  })

  it('is brought to rest by its wake-up, which arms no other', async () => {
    const lines = driven(upper)
    await lines.deliver(records('lines-0', ['a', 'b'], { at: 500, step: 1000 }), records('lines-1', ['x'], { at: 100 }))
    expect(lines.environment.armed).toHaveLength(1)
    expect(await lines.rest()).toBe(1)
    expect(await lines.closed()).toEqual(['upper-1000', 'upper-2000'])
  })
})
