// The simulator's own eyes: what it must see, it sees. (Whether it looks in the right places is a matter of planted bugs.)

import { beforeEach, describe, expect, it } from 'vitest'
import { text } from '../../../src/index.ts'
import { encode } from '../../../src/log/codec.ts'
import { type Effect, NO_COUNTS, type SourceCommit } from '../../../src/log/commit-record.ts'
import { entryPlace } from '../../../src/names/table-keys.ts'
import { defineJob } from '../../../src/stream/job.ts'
import { seededRandom } from '../../../src/testing/simulation/random.ts'
import { World } from '../../../src/testing/simulation/world.ts'
import { eventRecord } from '../../support/kafka-events.ts'

const lines = { job: 'simulated', stage: 'source', task: 'lines-0' }
const closing = { job: 'simulated', stage: 'close', task: '0' }

const put = (key: string, body = ''): Extract<Effect, { kind: 'put' }> => ({
  kind: 'put',
  ref: { bucket: 'results', key },
  contentType: 'text/plain',
  body: Buffer.from(body),
  packed: false,
})

const part = put('all-1000/part-0', 'a\n')

function commit(from: number, until: number, outbox: readonly Effect[] = [], time = 1000): SourceCommit {
  return {
    kind: 'batch',
    at: 0,
    active: 0,
    code: '',
    position: { from, until, timestamp: 0, maxTimestamp: 0 },
    frontier: 999 + time - 1000,
    partials: [{ time, samples: [], shuffle: [] }],
    outbox,
    counts: NO_COUNTS,
    totals: NO_COUNTS,
  }
}

const close = (closedUntil: number) => ({
  ...{ kind: 'close', at: 0, code: '', closedUntil, before: 0, tasks: [], buckets: [], closed: [closedUntil] },
  outbox: [put(`all-${closedUntil}/_SUCCESS`)],
})

describe('the monitor', () => {
  let world: World
  const append = (version: number, record: unknown, task = lines) =>
    world.table('one').append(task, { version, body: encode(record, false, entryPlace(task, version)) })
  const show = ({ ref, body }: typeof part, who = 'one') => world.objects(who).put(ref, body)

  beforeEach(() => {
    world = new World(seededRandom(1), {
      job: defineJob('simulated', { batch: 1000 }, ({ kafka }) =>
        kafka('lines', { value: text() }).saveAsTextFiles('s3://results/all'),
      ),
      start: 1_000_000,
      faults: { kinds: [], probability: 0, except: new Set() },
      recordsOf: (_, from, until) =>
        Array.from({ length: until - from }, (_, i) =>
          eventRecord('lines', 0, { offset: from + i, timestamp: from + i < 2 ? 999 : 1999, value: 'a' }),
        ),
      trace: false,
    })
  })

  it('is content with what the protocol does', async () => {
    await append(1, commit(0, 2, [part]))
    await show(part)
    await append(1, close(1000), closing)
    await show(put('all-1000/_SUCCESS'))
    await append(2, commit(2, 3, [], 2000))
    await show(part)
    expect(world.monitor.violations).toEqual([])
  })

  it.each<[string, () => Promise<unknown>, RegExp]>([
    ['what is not committed', () => show(part), /part-0 shows, but no commit promises this/],
    [
      'other contents than promised',
      async () => [await append(1, commit(0, 2, [part])), await show(put(part.ref.key, 'b\n'))],
      /shows, but no commit promises this/,
    ],
    [
      'an upload completed before its commit',
      async () => world.objects('one').complete(await world.objects('one').stage(part.ref, part.body)),
      /no commit promises this/,
    ],
    ['a deleted result', () => world.objects('one').delete(part.ref), /part-0 was deleted/],
    [
      'a promise of what was promised before',
      async () => [await append(1, commit(0, 2, [part])), await append(2, commit(2, 3, [part]))],
      /part-0 is promised twice/,
    ],
    [
      'records committed twice',
      async () => [await append(1, commit(0, 2)), await append(2, commit(1, 3))],
      /goes on from 1, but 2 was reached/,
    ],
    [
      'records left out',
      async () => [await append(1, commit(0, 2)), await append(2, commit(3, 4))],
      /goes on from 3, but 2 was reached/,
    ],
    [
      'a frontier that moves back',
      async () => [await append(1, commit(0, 2)), await append(2, { ...commit(2, 3), frontier: 1 })],
      /the frontier moves back/,
    ],
    ['a version left out', () => append(2, commit(0, 2)), /version 2 is not dense/],
    [
      'an addition to a closed batch',
      async () => [await append(1, close(1000), closing), await append(1, commit(0, 2))],
      /adds to T = 1000, which is closed/,
    ],
    [
      '_SUCCESS before a part',
      async () => [
        await append(1, commit(0, 2, [part])),
        await append(1, close(1000), closing),
        await show(put('all-1000/_SUCCESS')),
      ],
      /all-1000\/_SUCCESS shows before .*part-0/,
    ],
    [
      'a successor of what is not published',
      async () => [await append(1, commit(0, 2, [part])), await append(2, commit(2, 3))],
      /version 2 follows, but all-1000\/part-0 of the one before is not published/,
    ],
    [
      'closing that goes on before the buckets have done what was closed',
      async () => [
        await append(1, {
          ...commit(0, 2),
          partials: [{ time: 1000, samples: [], shuffle: [['fold(lines)/0', 0, ['a']]] }],
        }),
        await append(1, { ...close(1000), outbox: [] }, closing),
        await append(2, { ...close(2000), outbox: [] }, closing),
      ],
      /fold\(lines\) 0: has not done T = 1000, and closing goes on without it/,
    ],
    [
      'another batch time than that of the records',
      async () => [await append(1, { ...commit(0, 2), frontier: 1999 })],
      /its records move it to 999/,
    ],
    [
      'a part after _SUCCESS',
      async () => [
        await append(1, close(1000), closing),
        await show(put('all-1000/_SUCCESS')),
        await append(1, commit(0, 2, [part])),
      ],
      /part-0 comes after _SUCCESS/,
    ],
  ])('sees %s', async (_, act, violation) => {
    await act()
    expect(world.monitor.violations.join('\n')).toMatch(violation)
  })
})
