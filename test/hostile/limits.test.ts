// docs/limits.md says what the greatest possible things are and what happens at each: here is that it does.

import type { SQSClient } from '@aws-sdk/client-sqs'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { job, StateSpec, text } from '../../src/index.ts'
import { lambda } from '../../src/lambda/index.ts'
import { sqsWaker, wakeUpMessage } from '../../src/lambda/sqs-waker.ts'
import { MAX_DURATION_MS } from '../../src/options/duration.ts'
import { MAX_PARTITIONS } from '../../src/options/options.ts'
import { batchTimeOf } from '../../src/runtime/time.ts'
import type { KafkaEventRecord } from '../../src/sources/kafka/event.ts'
import { memoryEnvironment, readObjects } from '../../src/testing/memory-environment.ts'
import { incompressible } from '../support/incompressible.ts'
import { eventRecord, kafkaEvent, lines } from '../support/kafka-events.ts'

const NOW = 1_700_000_000_000

const copy = job('copy', { batch: 1000 }, ({ kafka }) => {
  kafka('lines', { value: text() })
    .map(({ value }) => value)
    .saveAsTextFiles('s3://results/copy')
})

function eventOf(...records: readonly KafkaEventRecord[]): unknown {
  return { eventSource: 'aws:kafka', records: { 'lines-0': records } }
}

describe('timestamps', () => {
  it.each<[string, number, number]>([
    ["Kafka's -1 is now", -1, NOW + 1000],
    ['any other before 1970 is, too', -1e15, NOW + 1000],
    ['0 is 1970', 0, 1000],
    ['half a millisecond belongs to its interval', 999.5, 1000],
    ['nanoseconds, taken for milliseconds, are the clock and the skew', NOW * 1e6, NOW + 6000],
    ['2^53', 2 ** 53, NOW + 6000],
    ['1e300', 1e300, NOW + 6000],
  ])('%s', async (_, timestamp, T) => {
    const environment = memoryEnvironment(NOW)
    await lambda(copy, { environment })(eventOf(eventRecord('lines', 0, { offset: 0, timestamp, value: 'v' })))
    expect([...(await readObjects(environment.objects, 'results')).keys()]).toEqual([
      `copy-${T}/part-lines-0-${'0'.repeat(20)}`,
    ])
  })

  it.each([Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY])('%d is refused', async (timestamp) => {
    const event = eventOf(eventRecord('lines', 0, { offset: 0, timestamp, value: 'v' }))
    await expect(lambda(copy, { environment: memoryEnvironment(NOW) })(event)).rejects.toMatchObject({
      code: 'MALFORMED_EVENT',
    })
  })

  it('fall into the interval that holds them, for every interval and up to 2^53', () => {
    const interval = fc.integer({ min: 1, max: MAX_DURATION_MS })
    fc.assert(
      fc.property(fc.maxSafeNat(), interval, (time, batch) => {
        fc.pre(time + batch <= Number.MAX_SAFE_INTEGER)
        const T = batchTimeOf(time, batch)
        expect(T % batch).toBe(0)
        expect(T - batch <= time && time < T).toBe(true)
      }),
      { numRuns: 2000 },
    )
  })
})

describe('offsets', () => {
  it('up to 2^53 - 1 are taken, and the one after is refused, as no JSON can tell it from others', async () => {
    const environment = memoryEnvironment(NOW)
    const at = (offset: number) => eventOf(eventRecord('lines', 0, { offset, timestamp: 0, value: `${offset}` }))
    const handler = lambda(copy, { environment })
    await handler(at(Number.MAX_SAFE_INTEGER - 1))
    await handler(at(Number.MAX_SAFE_INTEGER))
    await handler(at(Number.MAX_SAFE_INTEGER)) // a duplicate
    await expect(handler(at(2 ** 53))).rejects.toMatchObject({ code: 'MALFORMED_EVENT' })
    expect([...(await readObjects(environment.objects, 'results')).values()]).toEqual([
      '9007199254740990\n',
      '9007199254740991\n',
    ])
  })
})

describe('records', () => {
  it('10,000 in one event, each with headers, and keys of a megabyte', async () => {
    const environment = memoryEnvironment(0)
    const counted = job('counted', { batch: 1000, numPartitions: 2 }, ({ kafka }) => {
      kafka('lines', { value: text() })
        .map(({ key, value, headers }) => [key ?? '', Number(value) + headers.length] as const)
        .reduceByKey((a, b) => a + b)
        .map(([key, sum]) => [key.length, sum] as const)
        .saveAsNdjsonFiles('s3://results/counted')
    })
    const large = 'k'.repeat(1_000_000)
    const headers = [{ a: [1] }, { a: [2] }]
    const many = Array.from({ length: 10_000 }, (_, offset) => {
      const key = offset === 5 || offset === 9000 ? large : `${offset % 10}`
      return { ...eventRecord('lines', 0, { offset, timestamp: 5, value: '1', key }), headers }
    })
    const handler = lambda(counted, { environment })
    await handler(eventOf(...many))
    await handler(eventOf(eventRecord('lines', 0, { offset: 10_000, timestamp: 1500, value: '0' })))
    const parts = await readObjects(environment.objects, 'results', 'counted-1000/part')
    const found = [...parts.values()].flatMap((part) => part.trimEnd().split('\n'))
    expect(found.sort()).toEqual(
      [...Array.from({ length: 8 }, () => '[1,3000]'), ...['[1,2997]', '[1,2997]', '[1000000,6]']].sort(),
    )
  })

  it('of one T may be more than an item, a page or an event holds: their commits are spilled and read back', async () => {
    const environment = memoryEnvironment(0)
    const grouped = job('grouped', { batch: 1000, numPartitions: 1 }, ({ kafka }) => {
      kafka('lines', { value: text() })
        .map(({ value }) => ['all', value] as const)
        .groupByKey()
        .map(([, values]) => values.map((value) => value.slice(0, 6)).join(' '))
        .saveAsTextFiles('s3://results/grouped')
    })
    const noise = incompressible(2_000_000)
    for (let offset = 0; offset < 6; offset++) {
      const event = kafkaEvent({ 'lines-0': [{ offset, timestamp: 10 * offset, value: `n${offset}${noise}` }] })
      await lambda(grouped, { environment: environment.another() })(event)
    }
    environment.setTime(60_000)
    await lambda(grouped, { environment: environment.another() })(
      kafkaEvent({ 'lines-0': lines(['end'], { from: 6, at: 1500 }) }),
    )
    const [part = ''] = (await readObjects(environment.objects, 'results', 'grouped-1000/part')).values()
    expect(part.split(' ').map((start) => start.slice(0, 2))).toEqual(['n0', 'n1', 'n2', 'n3', 'n4', 'n5'])
  })
})

describe('objects', () => {
  it('over 64 MiB do not ride in a commit, however small they are when packed: what is read back has a bound', async () => {
    const environment = memoryEnvironment(NOW)
    const staged: number[] = []
    const objects: typeof environment.objects = {
      ...environment.objects,
      stage(ref, body, options) {
        if (body.length > 0) staged.push(body.length) // an empty one only tries the place
        return environment.objects.stage(ref, body, options)
      },
    }
    const zeros = job('zeros', { batch: 1000 }, ({ kafka }) => {
      kafka('lines', { value: text() })
        .map(({ value }) => '0'.repeat(Number(value)))
        .saveAsTextFiles('s3://results/zeros')
    })
    const handler = lambda(zeros, { environment: { ...environment, objects } })
    const mebibyte = 1024 * 1024
    await handler(kafkaEvent({ 'lines-0': lines([`${64 * mebibyte - 1}`], { at: 500 }) }))
    expect(staged).toEqual([])
    await handler(kafkaEvent({ 'lines-0': lines([`${64 * mebibyte}`], { from: 1, at: 600 }) }))
    expect(staged).toEqual([64 * mebibyte + 1])
    const sizes: number[] = []
    for await (const { bytes } of environment.objects.list('results', 'zeros-1000/')) sizes.push(bytes)
    expect(sizes).toEqual([64 * mebibyte, 64 * mebibyte + 1])
  }, 60_000)
})

describe('wake-ups', () => {
  it('are delayed by at most 15 minutes, never by less than nothing, and take a small part of a message', async () => {
    const sent: unknown[] = []
    const send = async ({ input }: { input: { DelaySeconds?: number } }) => void sent.push(input.DelaySeconds)
    const client: SQSClient = Object.assign(Object.create(null), { send })
    const waker = sqsWaker('queue', { now: () => NOW }, client)
    for (const at of [NOW + 1, NOW + 900_000, NOW + 86_400_000, 8.64e15, NOW - 5000]) await waker.arm('job', at, 1)
    expect(sent).toEqual([1, 900, 900, 900, 0])
    expect(Buffer.byteLength(wakeUpMessage('\u0000'.repeat(255), 8.64e15))).toBeLessThan(2000)
  })
})

describe('settings', () => {
  const withOptions = (options: object) => () =>
    job('j', { batch: 1000, ...options }, ({ kafka }) => kafka('lines', { value: text() }).print())
  const withBuckets = (count: number) => () =>
    job('j', { batch: 1000 }, ({ kafka }) => {
      const pairs = kafka('lines', { value: text() }).map(({ value }) => [value, 1] as const)
      pairs.reduceByKey((a, b) => a + b, { numPartitions: count }).print()
      const keep = StateSpec.function((key: string, _: number | undefined, __: unknown) => key)
      pairs.mapWithState(keep.numPartitions(count)).print()
      pairs.repartition(count).print()
    })

  it('numPartitions: from 1 to 10,000, wherever it is given', () => {
    expect(MAX_PARTITIONS).toBe(10_000)
    for (const good of [1, MAX_PARTITIONS]) {
      expect(withOptions({ numPartitions: good })).not.toThrow()
      expect(withBuckets(good)).not.toThrow()
    }
    for (const bad of [0, -1, 1.5, MAX_PARTITIONS + 1, 1e9, Number.NaN, Number.POSITIVE_INFINITY]) {
      expect(withOptions({ numPartitions: bad })).toThrow('must be a whole number from 1 to 10000')
      expect(withBuckets(bad)).toThrow('must be a whole number from 1 to 10000')
    }
  })

  it('durations: up to a thousand years, and idleAfter up to a hundred', () => {
    expect(withOptions({ batch: MAX_DURATION_MS, idleAfter: '1h' })).not.toThrow()
    expect(withOptions({ idleAfter: '36500d' })).not.toThrow()
    expect(withOptions({ idleAfter: '36501d' })).toThrow('idleAfter: 3153686400000 ms is too long; at most 100 years')
    expect(withOptions({ retention: '365001d' })).toThrow('of a thousand years at most')
    expect(withOptions({ idleAfter: '1s', retention: '59m' })).toThrow('at least 3600000 ms: an hour')
    expect(withOptions({ idleAfter: '1s', retention: '1h' })).not.toThrow()
    expect(withOptions({ batch: '30d', idleAfter: '10s', retention: '7d' })).toThrow(/must be at least 518403\d{4} ms/)
    expect(withOptions({ batch: '1s', clockSkew: '4d', retention: '7d' })).toThrow('before it can be closed')
    expect(withOptions({ batch: '3d', idleAfter: '10s', retention: '7d' })).not.toThrow()
    expect(withOptions({ batch: '30d' })).not.toThrow()
  })
})
