// One poller per enabled mapping, whatever happens to the mappings. With Kafka and as a process: test/integration/poller/command.test.ts.

import { expect, it } from 'vitest'
import { type EventSourceMapping, eventSourceMapping } from '../../../src/local/event-source/mapping.ts'
import { MappingPollers } from '../../../src/local/event-source/mapping-pollers.ts'
import type { Poller } from '../../../src/local/event-source/poller.ts'
import { until } from './until.ts'

const mapping = (uuid: string, more: Partial<EventSourceMapping> = {}): EventSourceMapping =>
  eventSourceMapping({ uuid, functionName: 'f', topics: [uuid], ...more })

/** Mappings that change, and pollers that only say what happens to them. */
function stage(first: readonly EventSourceMapping[]) {
  const state = { mappings: first, fails: new Set<string>(), readFails: false }
  const happened: string[] = []
  const said: string[] = []
  const pollers = new MappingPollers({
    read: async () => {
      if (state.readFails) throw new Error('away')
      return state.mappings
    },
    start: async ({ uuid, batchSize }) => {
      if (state.fails.has(uuid)) throw new Error(`no topic ${uuid}`)
      happened.push(`start ${uuid} ${batchSize}`)
      return fakePoller(() => happened.push(`stop ${uuid}`))
    },
    say: (line) => said.push(line),
    complain: (line) => said.push(line),
    lookEveryMs: 5,
  })
  return { state, happened, said, pollers }
}

function fakePoller(onStop: () => void): Poller {
  const stats = { invocations: 0, records: 0, bytes: 0, failures: 0, retries: 0, lost: 0, discarded: 0, inFlight: 1 }
  return { stats, pollers: 1, assigned: () => [], stopped: () => [], stop: async () => onStop(), kill: onStop }
}

it('begins with those that are enabled', async () => {
  const { happened, pollers } = stage([mapping('a'), mapping('b', { enabled: false })])
  await pollers.begin()
  expect(happened).toEqual(['start a 100'])
  expect(pollers.underWay()).toEqual(['1 of a → f'])
  await pollers.stop()
  expect(happened).toEqual(['start a 100', 'stop a'])
})

it('starts, stops and begins anew as they change', async () => {
  const { state, happened, said, pollers } = stage([mapping('a'), mapping('b')])
  await pollers.begin()
  state.mappings = [mapping('a', { enabled: false }), mapping('b', { batchSize: 7 }), mapping('c')]
  await until('all has happened', () => happened.length === 6)
  expect(happened.slice(2).sort()).toEqual(['start b 7', 'start c 100', 'stop a', 'stop b'])
  expect(said.sort()).toEqual([
    'a → f: the mapping is disabled: stopping to poll',
    'b → f: the mapping has changed: stopping to poll',
  ])
  state.mappings = [mapping('a')]
  await until('all has happened', () => happened.length === 9)
  expect(happened.slice(6).sort()).toEqual(['start a 100', 'stop b', 'stop c'])
  await pollers.stop()
})

it('says once what it cannot do, goes on with the others, and tries again', async () => {
  const { state, happened, said, pollers } = stage([mapping('a')])
  await pollers.begin()
  state.fails.add('b')
  state.mappings = [mapping('a'), mapping('b'), mapping('c')]
  await until('c runs', () => happened.includes('start c 100'))
  state.readFails = true
  await until('said', () => said.some((line) => line.includes('cannot be read')))
  state.readFails = false
  state.fails.clear()
  await until('b runs', () => happened.includes('start b 100'))
  expect(said).toEqual([
    'b → f: cannot be polled, trying again: Error: no topic b',
    'the mappings cannot be read, going on with those that are known: Error: away',
    'the mappings can be read again',
  ])
  await pollers.stop()
})

it('leaves none running when one of the first cannot be started', async () => {
  const { state, happened, pollers } = stage([mapping('a'), mapping('b')])
  state.fails.add('b')
  await expect(pollers.begin()).rejects.toThrow('no topic b')
  expect(happened).toEqual(['start a 100', 'stop a'])
})
