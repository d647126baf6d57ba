// A session's clock: ahead of the machine's, never back.

import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, it, onTestFinished } from 'vitest'
import { DevClock } from '../../../src/local/dev/clock.ts'

it('keeps how far it was moved for the next session', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'millrace-clock-'))
  onTestFinished(() => rm(folder, { recursive: true, force: true }))
  const file = join(folder, 'clock')
  const clock = new DevClock(file)
  expect(clock.ahead).toBe(0)
  clock.moveOn(5000)
  clock.moveOn(-1000)
  expect(new DevClock(file).ahead).toBe(5000)
  expect(new DevClock(file).now()).toBeGreaterThanOrEqual(Date.now() + 4999)
  await writeFile(file, 'nonsense')
  expect(new DevClock(file).ahead).toBe(0)
})
