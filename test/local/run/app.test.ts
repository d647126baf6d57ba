// The life of a run whose engine hangs, or does not start.

import { expect, it } from 'vitest'
import { type Engine, Running } from '../../../src/local/run/app.ts'

const log = { debug: () => {}, info: () => {}, warn: () => {}, error: () => {} }
const progress = { invocations: 0, records: 0, failures: 0, inFlight: 1, partitions: [] }

it('ends at once when a graceful stop hangs', async () => {
  let killed = 0
  const engine: Engine = {
    stop: () => new Promise(() => {}),
    kill: async () => void killed++,
    progress,
  }
  const app = new Running({ name: 'words', log, signals: false, open: async () => engine })
  await app.start()
  const graceful = app.stop()
  await Promise.all([app.stop({ graceful: false }), app.stop({ graceful: false })])
  expect(killed).toBe(1)
  expect(app.state).toBe('STOPPED')
  await graceful
  expect(await app.awaitTermination()).toBe(true)
})

it('tells whoever stops it of what went wrong', async () => {
  const stop = async (): Promise<void> => {
    throw new Error('the table is away')
  }
  const engine: Engine = { stop, kill: stop, progress }
  const app = new Running({ name: 'words', log, signals: false, open: async () => engine })
  await app.start()
  await expect(app.stop()).rejects.toThrow('the table is away')
  expect(app.state).toBe('STOPPED')
})

it('lets go of what it holds when it cannot start', async () => {
  let dropped = 0
  const open = async (): Promise<Engine> => {
    throw new Error('no broker')
  }
  const app = new Running({ name: 'words', log, signals: false, open, dropped: () => dropped++ })
  await expect(app.start()).rejects.toThrow('no broker')
  expect(dropped).toBe(1)
})
