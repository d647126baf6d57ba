// The line that an invocation leaves, of which CloudWatch makes metrics.

import { describe, expect, it } from 'vitest'
import { type Job, job, text } from '../../src/index.ts'
import { LOG_WRITE_UNITS, METRICS } from '../../src/names/metrics.ts'
import { copying, type Deployment, driven, records } from '../support/driven.ts'

interface Line {
  readonly message: string
  readonly [name: string]: unknown
}

function measured(metrics: 'emf' | 'line' | 'off' = 'emf', of: Job = copying(), how: Deployment = {}) {
  const lines: Line[] = []
  const say = (facts: Readonly<Record<string, unknown>>, message: string) => void lines.push({ ...facts, message })
  const one = driven(of, { metrics, log: { info: say, warn: say, error: say }, ...how })
  return { one, lines, last: () => lines.findLast(({ message }) => message === 'invocation') ?? { message: 'none' } }
}

const poisonous = (onPoison: 'skip' | 'quarantine'): Job =>
  job('lengths', { batch: 1000, onPoison }, ({ kafka }) => {
    kafka('lines', { value: text() })
      .map(({ value }) => {
        if (value === 'bad') throw new Error('a bad line')
        return value.length
      })
      .saveAsTextFiles('s3://results/lengths')
  })

describe('an invocation', () => {
  it('leaves one line with what it has committed, and how long the steps took', async () => {
    const { one, lines, last } = measured()
    await one.deliver(records('lines-0', ['a', 'b'], { at: 500 }), records('lines-1', ['c'], { at: 500 }))
    expect(lines).toHaveLength(1)
    expect(last()).toMatchObject({
      ...{ job: 'copy', event: 'records', Records: 3, frontier: 500 },
      tasks: { 'lines-0': 2, 'lines-1': 1 },
      steps: {
        load: expect.any(Number),
        run: expect.any(Number),
        commit: expect.any(Number),
        close: expect.any(Number),
      },
    })
    expect(last()).not.toHaveProperty('LateRecords') // what is 0 is no metric, and costs nothing
  })

  it('is metrics of CloudWatch: each is a number of the line, of one function', async () => {
    const { one, last } = measured('emf', copying(), { owner: 'shop-dev-copy' })
    await one.deliver(records('lines-0', ['a', 'b']))
    const { _aws: blob, FunctionName, ...line } = last()
    expect(FunctionName).toBe('shop-dev-copy')
    expect(blob).toMatchObject({
      Timestamp: expect.any(Number),
      CloudWatchMetrics: [{ Namespace: 'Millrace', Dimensions: [['FunctionName']] }],
    })
    const { Metrics } = Object(blob).CloudWatchMetrics[0]
    expect(Metrics.length).toBeGreaterThan(2)
    for (const { Name, Unit } of Metrics) {
      expect(Object.entries(METRICS)).toContainEqual([Name, Unit])
      expect(line[Name]).toEqual(expect.any(Number))
    }
    expect(JSON.stringify(last()).length).toBeLessThan(1000)
  })

  it('leaves a line without them, or none', async () => {
    const [line, off] = [measured('line'), measured('off')]
    for (const { one } of [line, off]) await one.deliver(records('lines-0', ['a']))
    expect(line.last()).toMatchObject({ Records: 1 })
    expect(line.last()).not.toHaveProperty('_aws')
    expect(off.lines).toEqual([])
  })

  it('that is a wake-up says so, and what it has closed', async () => {
    const { one, last } = measured()
    await one.deliver(records('lines-0', ['a']))
    await one.rest()
    expect(last()).toMatchObject({ event: 'wake' })
    const { one: other, lines } = measured()
    await other.deliver(records('lines-0', ['a']))
    await other.deliver(records('lines-0', ['a'], { at: 5000 }))
    expect(lines.at(-1)).toMatchObject({ ClosedBatches: 1, OpenBatches: 1 })
  })

  it('that fails leaves its line all the same', async () => {
    const { one, last } = measured('emf', poisonous('skip'))
    await expect(one.handler({ Records: 'none' })).rejects.toThrow()
    expect(last()).toMatchObject({ failed: 1 })
  })

  it('names its request', async () => {
    const { one, last } = measured()
    await one.handler({ eventSource: 'SelfManagedKafka', records: {} }, { awsRequestId: 'r-1' }).catch(() => {})
    expect(last()).toMatchObject({ requestId: 'r-1' })
  })
})

describe('what is counted', () => {
  it.each(['skip', 'quarantine'] as const)('records under %s, and a line says which', async (onPoison) => {
    const { one, lines, last } = measured('emf', poisonous(onPoison))
    await one.deliver(records('lines-0', ['a', 'bad', 'b', 'bad']))
    expect(last()).toMatchObject(onPoison === 'skip' ? { SkippedRecords: 2 } : { QuarantinedRecords: 2 })
    expect(lines).toContainEqual(
      expect.objectContaining({ topic: 'lines', partition: 0, offset: 1, records: 2, marks: [1, 3] }),
    )
  })

  it('records that come after their batch', async () => {
    const { one, last } = measured()
    await one.deliver(records('lines-0', ['a'], { at: 5000 }), records('lines-1', ['b'], { at: 5000 }))
    await one.deliver(records('lines-0', ['late', 'in time'], { at: 4990, step: 20 }))
    expect(last()).toMatchObject({ Records: 2, LateRecords: 1 })
  })

  it('offsets that never came, with their ranges', async () => {
    const gappy = job('gappy', { batch: 1000 }, ({ kafka }) => {
      kafka('lines', { value: text(), gaps: 'skip' })
        .map(({ value }) => value)
        .saveAsTextFiles('s3://results/gappy')
    })
    const { one, lines, last } = measured('emf', gappy)
    await one.deliver(records('lines-0', ['a'], { from: 0 }))
    await one.deliver(records('lines-0', ['b'], { from: 5 }))
    expect(last()).toMatchObject({ MissingRecords: 4 })
    expect(lines).toContainEqual(
      expect.objectContaining({ topic: 'lines', partition: 0, missing: 4, ranges: [{ from: 1, until: 5 }] }),
    )
  })

  it('commits that lose, and their write units', async () => {
    const { one, last } = measured()
    await one.deliver(records('lines-0', ['a']))
    const other = one.another()
    await other.deliver(records('lines-0', ['b']))
    await one.deliver(records('lines-0', ['b', 'c'], { from: 1 }))
    expect(last()).toMatchObject({ CommitConflicts: 1, WriteUnits: expect.any(Number) })
  })

  it('write units a second of one log, of what commits of others leave between', async () => {
    const { one, last } = measured('emf', copying(), { metrics: 'emf' })
    for (let i = 0; i < 60; i++) {
      one.later('100ms')
      await one.deliver(records('lines-0', ['a'], { at: i }))
    }
    const perSecond = Number(last().LogWriteUnits)
    expect(perSecond).toBeGreaterThan(9)
    expect(perSecond).toBeLessThan(11.5)
    expect(perSecond).toBeLessThan(LOG_WRITE_UNITS)
  })

  it('batches that foreachRDD has not done yet', async () => {
    const failing = job('effects', { batch: 1000 }, ({ kafka }) => {
      kafka('lines', { value: text() }).foreachRDD(() => {
        throw new Error('away')
      })
    })
    const { one, lines } = measured('emf', failing)
    await one.deliver(records('lines-0', ['a']))
    await one.deliver(records('lines-0', ['b'], { at: 5000 }))
    one.later('10m')
    await one.wake()
    expect(lines.some((line) => Number(line.PendingEffectsAge) >= 600_000)).toBe(true)
  })
})

it('is refused under another name', () => {
  const metrics: unknown = 'on'
  expect(() => driven(copying(), Object({ metrics }))).toThrow(/metrics: "on" is none of emf, line, off/)
})
