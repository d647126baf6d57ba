// How a task comes into being: its log begins with a birth, and nobody takes a newborn's log for a lost one (I7).

import { describe, expect, it } from 'vitest'
import { copying, driven, records } from '../support/driven.ts'

describe('the birth of a task', () => {
  it('may happen in two instances at once: the second, which saw an empty log, does not call it lost', async () => {
    let between: (() => Promise<unknown>) | undefined = () => first.again()
    const second = driven(copying(), {
      table: (table) => ({
        async head(task) {
          const found = await table.head(task)
          const other = between
          between = undefined
          await other?.()
          return found
        },
      }),
    })
    const first = second.another()
    await second.deliver(records('lines-0', ['a', 'b']))
    expect(await second.text()).toBe('a\nb\n')
  })
})
