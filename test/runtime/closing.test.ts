// Closing: `_SUCCESS` of T when every partition has passed it and every part shows; whoever does it, once (I3).

import { describe, expect, it } from 'vitest'
import { job, text } from '../../src/index.ts'
import { MAX_INTERVALS } from '../../src/runtime/schedule.ts'
import { copying, driven, records } from '../support/driven.ts'

const copy = copying({ idleAfter: '1h' })

describe('closing', () => {
  it('by a process that knows only marks reads what it closes, also of partitions that are ahead', async () => {
    const first = driven(copy)
    await first.deliver(records('lines-0', ['a'], { at: 500 }), records('lines-1', ['x'], { at: 500 }))
    await first.deliver(records('lines-0', ['b', 'c', 'd'], { at: 1500, step: 1000 }))
    await first.deliver(records('lines-1', ['y'], { at: 1500 }))
    expect(await first.closed()).toEqual(['copy-1000'])

    first.later('1m') // the lease is over
    await first.another().deliver(records('lines-1', ['z'], { at: 3600 }))
    expect(await first.closed()).toEqual(['copy-1000', 'copy-2000', 'copy-3000'])
  })

  it('waits for parts whose process died between commit and publishing, and publishes them', async () => {
    const first = driven(copy)
    await first.deliver(records('lines-0', ['a'], { at: 500 }))
    const dying = first.another({ objects: () => ({ put: () => Promise.reject(new Error('process died')) }) })
    const dies = dying.deliver(records('lines-1', ['x', 'y'], { at: 500, step: 1000 }))
    await expect(dies).rejects.toThrow('process died')

    first.later('1m')
    await first.another().deliver(records('lines-0', ['b'], { at: 1500 }))
    expect(await first.published('copy-1000/')).toEqual({
      'copy-1000/_SUCCESS': '',
      'copy-1000/part-lines-0-00000000000000000000': 'a\n',
      'copy-1000/part-lines-1-00000000000000000000': 'x\n',
    })
  })

  it('that failed half way is gone on with by the same process when it is woken, though there is nothing more to close', async () => {
    let away = true
    const closing = driven(copy, {
      objects: (objects) => ({
        put: (ref, ...rest) =>
          away && ref.key.endsWith('/_SUCCESS') ? Promise.reject(new Error('away')) : objects.put(ref, ...rest),
      }),
    })
    await expect(closing.deliver(records('lines-0', ['a', 'b'], { at: 500, step: 1000 }))).rejects.toThrow('away')
    expect(await closing.closed()).toEqual([])
    away = false
    closing.later('1m')
    await closing.wake()
    expect(await closing.closed()).toEqual(['copy-1000'])
  })

  it('is fenced against a partition that joins at the same moment', async () => {
    let join: (() => Promise<unknown>) | undefined
    const closing = driven(copy, {
      table: (table) => ({
        async append(task, item) {
          const joining = task.stage === 'close' ? join : undefined
          if (joining) join = undefined
          await joining?.()
          return table.append(task, item)
        },
      }),
    })
    await closing.deliver(records('lines-0', ['a'], { at: 500 }))
    join = () => closing.another().deliver(records('lines-1', ['x'], { at: 600 }))
    await closing.deliver(records('lines-0', ['b'], { at: 1500 }))
    // x came before T = 1000 was closed, so it stands under it, and T waits for its partition.
    expect(Object.values(await closing.published('copy-1000/'))).toEqual(['a\n', 'x\n'])
    expect(await closing.closed()).toEqual([])
  })

  it('of a log that was empty when this process looked for it is no loss', async () => {
    let down = true
    const failing = driven(copy, {
      table: (table) => ({
        append: (task, item) => (down ? Promise.reject(new Error('down')) : table.append(task, item)),
      }),
    })
    // This process has found the closing log empty, and then could not go on.
    await expect(failing.deliver(records('lines-0', ['a'], { at: 500 }))).rejects.toThrow('down')
    await failing.another().again()
    down = false
    failing.later('1m')
    await failing.deliver(records('lines-0', ['b'], { at: 1500 }))
    expect(await failing.closed()).toEqual(['copy-1000'])
  })

  it('of a long backlog goes in steps: each is a commit of its own, and nothing is missing in between', async () => {
    const code = job('counts', { batch: '1ms', idleAfter: '1h', numPartitions: 1 }, ({ kafka }) => {
      kafka('lines', { value: text() })
        .map(({ value }) => value)
        .countByValue()
        .window(2, 1)
        .saveAsTextFiles('s3://results/counts')
    })
    const counts = driven(code, { partitions: { lines: 2 } })
    const n = 2 * MAX_INTERVALS + 500
    const values = Array.from({ length: n }, (_, i) => `${i}`)
    await counts.deliver(records('lines-0', values, { step: 1 }))
    const before = (await counts.head('close', '0'))?.version ?? 0
    await counts.deliver(records('lines-1', ['last'], { at: n }))
    // The second partition is at n, the first at n - 1: closed until then.
    expect((await counts.head('close', '0'))?.version).toBe(before + 3)
    expect(await counts.closed()).toHaveLength(n - 1)
    expect(Object.values(await counts.published('counts-2000/part'))).toEqual(['(1998,1)\n(1999,1)\n'])
  }, 60_000)
})
