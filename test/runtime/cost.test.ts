// I4: a warm micro-batch is no read and one write to the table, plus what it outputs; and one instance looks for all.

import { describe, expect, it } from 'vitest'
import { type Job, job, seconds, text } from '../../src/index.ts'
import { lambda } from '../../src/lambda/index.ts'
import type { Environment } from '../../src/runtime/environment.ts'
import { countingObjects, countingTable } from '../../src/testing/counting-table.ts'
import { memoryEnvironment, readObjects } from '../../src/testing/memory-environment.ts'
import { kafkaEvent, lines } from '../support/kafka-events.ts'

const copy = job('copy', { batch: seconds(1) }, ({ kafka }) => {
  kafka('lines', { value: text() })
    .map((record) => record.value)
    .saveAsTextFiles('s3://results/copy')
})

function counted() {
  const environment = memoryEnvironment()
  const table = countingTable(environment.table)
  const objects = countingObjects(environment.objects)
  const reset = (): void => {
    table.reset()
    objects.reset()
  }
  const services: Environment = { ...environment, table: table.table, objects: objects.store }
  return { environment, services, table: table.counts, objects: objects.counts, reset }
}

const next = (from: number, at = 0) => lines(['x', 'y'], { from, at, step: 1 })

describe('a warm micro-batch', () => {
  it('costs no read and one write, and one put per output', async () => {
    const { services, table, objects, reset } = counted()
    const handler = lambda(copy, { environment: services })
    await handler(kafkaEvent({ 'lines-0': next(0) }))
    for (let from = 2; from < 10; from += 2) {
      reset()
      await handler(kafkaEvent({ 'lines-0': next(from) }))
      expect(table).toMatchObject({ reads: 0, writes: 1, conflicts: 0 })
      expect(objects).toMatchObject({ reads: 0, writes: 1, lists: 0, deletes: 0 })
    }
  })

  it('of several partitions costs one write for each', async () => {
    const { services, table, reset } = counted()
    const handler = lambda(copy, { environment: services })
    await handler(kafkaEvent({ 'lines-0': next(0), 'lines-1': next(0), 'lines-2': next(0) }))
    reset()
    await handler(kafkaEvent({ 'lines-0': next(2), 'lines-1': next(2), 'lines-2': next(2) }))
    expect(table).toMatchObject({ reads: 0, writes: 3 })
  })

  it('that begins a new batch time costs one write more, for closing the last', async () => {
    const { environment, services, table, reset } = counted()
    const handler = lambda(copy, { environment: services })
    await handler(kafkaEvent({ 'lines-0': next(0) }))
    await handler(kafkaEvent({ 'lines-0': next(2, 1000) })) // takes the lease
    reset()
    await handler(kafkaEvent({ 'lines-0': next(4, 2000) }))
    expect([...(await readObjects(environment.objects, 'results')).keys()]).toContain('copy-2000/_SUCCESS')
    expect(table).toMatchObject({ reads: 0, writes: 2 })
  })

  it('that has come before costs nothing', async () => {
    const { services, table, objects, reset } = counted()
    const handler = lambda(copy, { environment: services })
    await handler(kafkaEvent({ 'lines-0': next(0) }))
    reset()
    await handler(kafkaEvent({ 'lines-0': next(0) }))
    expect(table).toMatchObject({ reads: 0, writes: 0 })
    expect(objects).toMatchObject({ reads: 0, writes: 0 })
  })
})

describe('a warm micro-batch of operators by key in place', () => {
  const running = job('copy', { batch: seconds(1) }, ({ kafka }) => {
    kafka('lines', { value: text() })
      .map((record) => [record.value, 1] as const)
      .preservesPartitioning()
      .updateStateByKey((ones: readonly number[], n: number | undefined) => (n ?? 0) + ones.length)
      .reduceByKeyAndWindow((a, b) => a + b, seconds(3))
      .saveAsTextFiles('s3://results/running')
  })
  /** One partition that has passed a batch. */
  const started = async (of: Job) => {
    const { services, ...rest } = counted()
    const handler = lambda(of, { environment: { ...services, partitions: new Map([['lines', 1]]) } })
    await handler(kafkaEvent({ 'lines-0': next(0) }))
    await handler(kafkaEvent({ 'lines-0': next(2, 1000) }))
    return { handler, ...rest }
  }

  it('costs no read and one write, and those of the closing task when the partition passes a batch', async () => {
    const { handler, table, objects, reset } = await started(running)
    const writes: number[] = []
    for (const [i, at] of [1100, 2000, 2100, 3000, 6000].entries()) {
      reset()
      await handler(kafkaEvent({ 'lines-0': next(4 + 2 * i, at) }))
      writes.push(table.writes)
      expect(table).toMatchObject({ reads: 0, conflicts: 0 })
      expect(objects).toMatchObject({ reads: 0, lists: 0, deletes: 0 })
    }
    expect(writes).toEqual([1, 2, 1, 2, 2])
  })

  it('reads no state where no batch is passed, by an instance that has none', async () => {
    const coldReads = async (of: Job): Promise<number> => {
      const { environment } = await started(of)
      const { table, counts } = countingTable(environment.table)
      const services = { ...environment.another({ partitions: new Map([['lines', 1]]) }), table }
      await lambda(of, { environment: services })(kafkaEvent({ 'lines-0': next(4, 1100) }))
      return counts.reads
    }
    expect(await coldReads(running)).toBe(await coldReads(copy))
  })
})

describe('partitions that are new', () => {
  it.each(['seen in one event', 'known beforehand'])(
    'join together, at a cost that grows with their number: %s',
    async (how) => {
      const costOf = async (partitions: number) => {
        const { environment, services, table } = counted()
        const known = how === 'known beforehand' ? { partitions: new Map([['lines', partitions]]) } : {}
        const names = Array.from({ length: partitions }, (_, i) => `lines-${i}`)
        await lambda(copy, { environment: { ...services, ...known } })(
          kafkaEvent(Object.fromEntries(names.map((name) => [name, next(0)]))),
        )
        const joins = await environment.table.read({ job: 'copy', stage: 'close', task: '0' }, { after: 0 })
        return { ...table, joins: joins.length }
      }
      const [some, more] = [await costOf(100), await costOf(400)]
      expect(more.joins).toBeLessThanOrEqual(3)
      expect(more.reads).toBeLessThan(4.5 * some.reads)
      expect(more.writes).toBeLessThan(4.5 * some.writes)
      expect(more.bytesWritten).toBeLessThan(4.5 * some.bytesWritten)
      expect(more.bytesRead).toBeLessThan(4.5 * some.bytesRead + 10_000)
    },
  )
})

describe('looking whether T is closed', () => {
  it('is done by one of two instances, for both, until its lease is over', async () => {
    const { environment, table } = counted()
    const [a, b] = [environment.another(), environment.another()].map((instance) => {
      const counting = countingTable(instance.table)
      return { handler: lambda(copy, { environment: { ...instance, table: counting.table } }), ...counting }
    })
    if (!a || !b) throw new Error('two instances')
    await a.handler(kafkaEvent({ 'lines-0': next(0) }))
    await b.handler(kafkaEvent({ 'lines-1': next(0) }))
    for (let i = 1; i < 4; i++) {
      await a.handler(kafkaEvent({ 'lines-0': next(2 * i, 1000 * i) }))
      b.reset()
      await b.handler(kafkaEvent({ 'lines-1': next(2 * i, 1000 * i) }))
      expect(b.counts).toMatchObject({ reads: i === 1 ? 1 : 0, writes: 1 }) // once to see who holds the lease
    }
    expect(table.reads).toBe(0)
    const closed = () => readObjects(environment.objects, 'results').then((all) => [...all.keys()])
    // a looked before b had passed 3000, and nobody has looked since.
    expect(await closed()).not.toContain('copy-3000/_SUCCESS')
    environment.setTime(environment.clock.now() + 11_000)
    await b.handler(kafkaEvent({ 'lines-1': next(8, 4000) }))
    expect(await closed()).toContain('copy-3000/_SUCCESS')
  })
})
