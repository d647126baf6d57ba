// A conditional write whose own retry says 'conflict' (test/log/task-log.test.ts), where reads may miss the newest.

import { expect, it } from 'vitest'
import { TaskLog } from '../../src/log/task-log.ts'
import { memoryObjects } from '../../src/stores/memory-objects.ts'
import { memoryTable } from '../../src/stores/memory-table.ts'

const isText = (value: unknown): value is string => typeof value === 'string'

it('is known for its own although eventually consistent reads do not show it yet', async () => {
  const table = memoryTable({ staleBy: () => 1 })
  const retried = {
    ...table,
    append: async (...of: Parameters<typeof table.append>): Promise<'conflict'> => {
      await table.append(...of)
      return 'conflict'
    },
  }
  const log = new TaskLog({ job: 'j', stage: 'source', task: 'lines-0' }, retried, memoryObjects(), 'state', isText)
  expect(await log.append(1, await log.prepare('mine'))).toBe('committed')
  expect(await log.append(1, await log.prepare('another'))).toBe('conflict')
})
