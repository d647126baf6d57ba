// What is asked of a job, as its row has it.

import { expect, it } from 'vitest'
import { startJob, stopJob } from '../../../src/local/control/requests.ts'
import { changeControl, readControl } from '../../../src/runtime/control-row.ts'
import { memoryEnvironment } from '../../../src/testing/memory-environment.ts'

const START = { parameters: new Map<string, string>(), keep: false }

it('gives a drain up when the job is to be stopped without one', async () => {
  const { table } = memoryEnvironment()
  await startJob(table, 'words', START)
  expect((await stopJob(table, 'words', true)).drain).toEqual({ done: false })
  const { rev } = await stopJob(table, 'words', true) // the same again changes nothing
  expect((await stopJob(table, 'words', false)).drain).toBeUndefined()
  expect((await readControl(table, 'words')).rev).toBe(rev + 1)
})

it('keeps what is drained', async () => {
  const { table } = memoryEnvironment()
  await startJob(table, 'words', START)
  await stopJob(table, 'words', true)
  await changeControl(table, 'words', (before) => ({ ...before, drain: { done: true, until: 5000 } }))
  expect((await stopJob(table, 'words', false)).drain).toEqual({ done: true, until: 5000 })
})
