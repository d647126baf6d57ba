// https://docs.aws.amazon.com/lambda/latest/dg/kafka-scaling-modes.html

import { describe, expect, it, vi } from 'vitest'
import { eventSourceMapping } from '../../../src/local/event-source/mapping.ts'
import { type Load, pollersFor, scalingOf } from '../../../src/local/event-source/scaling.ts'
import { standIn } from './stand-in.ts'

const mapping = { functionName: 'f', topics: ['t'] }

describe('pollersFor', () => {
  const scaling = { minimum: 2, maximum: 4, everyMs: 1 }
  const load: Load = { pollers: 2, partitions: 8, lag: 0, batchSize: 10, idle: false }
  it.each([
    ['keeps what keeps up', {}, 2],
    ['one more while more waits than they take at once', { lag: 21 }, 3],
    ['not for what they take at once', { lag: 20 }, 2],
    ['never above the maximum', { pollers: 4, lag: 1000 }, 4],
    ['never more than partitions', { pollers: 3, partitions: 3, lag: 1000 }, 3],
    ['fewer than the minimum where partitions are fewer', { partitions: 1 }, 1],
    ['one less when nothing comes', { pollers: 3, idle: true }, 2],
    ['never below the minimum', { idle: true }, 2],
    ['not less while something waits', { pollers: 3, idle: true, lag: 1 }, 3],
  ])('%s', (_, change, pollers) => {
    expect(pollersFor(scaling, { ...load, ...change })).toBe(pollers)
  })
})

it('goes by the mode of the mapping', () => {
  const onDemand = { minimum: 1, maximum: Number.POSITIVE_INFINITY, everyMs: 60_000 }
  expect(scalingOf(eventSourceMapping(mapping))).toEqual(onDemand)
  const provisioned = { minimum: 3, maximum: 9 }
  expect(scalingOf(eventSourceMapping({ ...mapping, provisioned }))).toMatchObject(provisioned)
})

describe('a poller that scales', () => {
  const stand = standIn()

  it('begins with the minimum, no more than there are partitions', async () => {
    stand.topics.createTopic('t', { partitions: 3 })
    const few = await stand.start(() => undefined, {}, { pollers: { minimum: 2, maximum: 200, everyMs: 1000 } })
    expect(few.pollers).toBe(2)
    const scaling = { minimum: 9, maximum: 9, everyMs: 1000 }
    const many = await stand.start(() => undefined, { consumerGroupId: 'b' }, { pollers: scaling })
    expect(many.pollers).toBe(3)
  })

  it('takes one more at each look while it does not keep up, and gives them back when nothing comes', async () => {
    vi.useFakeTimers()
    stand.topics.createTopic('t', { partitions: 3 })
    for (const partition of [0, 1, 2])
      stand.fill(
        Array.from({ length: 60 }, () => 'v'),
        partition,
      )
    const counts: number[] = []
    const slow = (): Promise<void> => new Promise((resolve) => setTimeout(resolve, 400))
    const poller = await stand.start(
      slow,
      { batchSize: 10 },
      { pollers: { minimum: 1, maximum: 2, everyMs: 1000 }, onScale: (pollers) => counts.push(pollers) },
    )
    await vi.advanceTimersByTimeAsync(30_000)
    expect(counts).toEqual([2, 1])
    expect([0, 1, 2].map((partition) => stand.committed(partition))).toEqual([60, 60, 60])
    const stopped = poller.stop()
    await vi.advanceTimersByTimeAsync(1000)
    await stopped
  })
})
