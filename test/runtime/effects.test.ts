// Whoever performs what a commit has promised, in whatever try, says the same of where it stands: services that keep that can tell
// what is repeated (I1).

import { afterEach, describe, expect, it, vi } from 'vitest'
import { job, seconds, text } from '../../src/index.ts'
import type { Effect } from '../../src/log/commit-record.ts'
import { type Coordinates, performerOf } from '../../src/runtime/effects.ts'
import { heal, type Publisher, publish } from '../../src/runtime/outbox.ts'
import { memoryObjects } from '../../src/stores/memory-objects.ts'
import { driven, records } from '../support/driven.ts'

const publisher: Publisher = {
  objects: memoryObjects(),
  print: () => {},
  call: async () => {},
  wake: async () => {},
  gone: () => {},
}
const [WAKE, PRINT]: [Effect, Effect] = [
  { kind: 'wake', at: 5 },
  { kind: 'print', text: 'a' },
]

afterEach(() => vi.restoreAllMocks())

describe('coordinates of an effect', () => {
  const task = { job: 'copies', stage: 'source', task: 'lines-0' }
  const promises = { task, version: 7, at: 0, outbox: [WAKE, PRINT, PRINT] }

  it('are the place in its outbox, also where wake-ups are left out', async () => {
    const perform = vi.spyOn(performerOf(PRINT), 'perform')
    const wake = vi.spyOn(performerOf(WAKE), 'perform')
    const places = () => perform.mock.calls.splice(0).map(([, , stands]) => stands)
    const expected = [1, 2].map((index) => ({ ...task, version: 7, index }))
    await publish(publisher, promises)
    expect(places()).toEqual(expected)
    await heal(publisher, promises)
    expect(places()).toEqual(expected)
    expect(wake).toHaveBeenCalledTimes(2)
    await heal(publisher, promises, 'visible')
    expect(places()).toEqual(expected)
    expect(wake).toHaveBeenCalledTimes(2)
  })

  const copies = job('copies', { batch: seconds(1) }, ({ kafka }) => {
    kafka('lines', { value: text() })
      .map(({ value }) => value)
      .saveAsTextFiles('s3://results/copies')
  })

  it.each([
    ['the task itself', 'task'],
    ['who closes its batch', 'closer'],
  ])('are the same when %s makes up for a try that failed', async (_, by) => {
    const perform = vi.spyOn(
      performerOf({
        kind: 'put',
        ref: { bucket: '', key: '' },
        contentType: '',
        body: new Uint8Array(),
        packed: false,
      }),
      'perform',
    )
    const placesOfPart = (): (Coordinates | undefined)[] =>
      perform.mock.calls
        .splice(0)
        .flatMap(([, effect, stands]) => ('ref' in effect && effect.ref.key.includes('part-') ? [stands] : []))
    const away = async (): Promise<never> => {
      throw new Error('away')
    }
    const copy = driven(copies)
    await copy.deliver(records('lines-1', ['a'], { at: 100 }))
    placesOfPart()
    const failing = copy.another({ objects: () => ({ put: away }) })
    await expect(failing.deliver(records('lines-0', ['a', 'b'], { at: 100, step: 1400 }))).rejects.toThrow('away')
    const failed = placesOfPart()
    expect(failed).toEqual([0, 1].map((index) => ({ ...task, version: 2, index })))
    if (by === 'task') await failing.another().again()
    else await copy.deliver(records('lines-1', ['c'], { at: 1500 }))
    const lines0 = placesOfPart().filter((stands) => stands?.task === 'lines-0')
    expect(lines0).toEqual(failed)
  })
})
