// What `millrace status` says: where tasks stand, what waits for a function, what fails, when the job comes back.

import { expect, it } from 'vitest'
import { inWords } from '../../src/cli/status.ts'
import { type Job, job, text } from '../../src/index.ts'
import { statusOf } from '../../src/runtime/status.ts'
import { driven, records } from '../support/driven.ts'

const states = { fails: true }
const sending = (): Job =>
  job('sending', { batch: '1s', numPartitions: 2 }, ({ kafka }) => {
    const all = kafka('lines', { value: text() }).map(({ value }) => value)
    all.countByValue().saveAsTextFiles('s3://results/counts')
    all.foreachRDD(
      () => {
        if (states.fails) throw new Error('the service is away')
      },
      { id: 'told' },
    )
  })

it('says where each task stands, and that a function waits, until it has been called', async () => {
  states.fails = true
  const code = driven(sending(), { partitions: { lines: 2 } })
  const { environment } = code
  const status = async () => {
    const found = await statusOf('sending', environment, environment.clock.now())
    if (!found) throw new Error('no status')
    return found
  }
  expect(await statusOf('sending', environment, 0)).toBeUndefined()
  await code.deliver(records('lines-0', ['a', 'b'], { at: 100 }), records('lines-1', ['c'], { at: 100 }))
  await code.deliver(records('lines-0', ['d'], { at: 3100 }), records('lines-1', ['e'], { at: 3100 }))
  const failing = await status()
  expect(failing).toMatchObject({
    job: 'sending',
    closedUntil: 3000,
    sources: [
      { task: 'lines-0', frontier: 3100, state: 'awake', totals: { records: 3, duplicates: 0 } },
      { task: 'lines-1', frontier: 3100, state: 'awake', totals: { records: 2 } },
    ],
    waiting: [{ output: 'told', time: 1000, batches: 1, attempts: 1 }],
  })
  expect(failing.wakeUps.length).toBeGreaterThan(0)
  const words = inWords(failing, environment.clock.now()).join('\n')
  expect(words).toMatch(/^sending, code \S+: batches up to 1970-01-01T00:00:03.000Z are closed, \d/)
  expect(words).toMatch(/\ntold waits with 1 batch from 1970-01-01T00:00:01.000Z on: tried 1 times, again from /)
  expect(words).toMatch(/\nnext wake-up at /)

  await expect(code.deliver(records('lines-0', [null], { at: 4000, from: 9 }))).rejects.toThrow(
    /OFFSET_GAP|missing|gap/i,
  )
  const troubled = (await status()).sources.find(({ task }) => task === 'lines-0')
  expect(troubled?.trouble).toMatchObject({ waitingFor: expect.anything(), since: expect.any(Number) })

  states.fails = false
  await code.deliver(records('lines-0', ['f'], { at: 4000, from: 3 }))
  await code.rest()
  expect((await status()).waiting).toEqual([])
})
