// I4: a warm micro-batch is no read and one write to the table, plus what it outputs; and one instance looks for all.

import { describe, expect, it } from 'vitest'
import { type Job, job, seconds, text } from '../../src/index.ts'
import { countingObjects, countingTable } from '../../src/testing/counting-table.ts'
import { copying, type Driven, driven, records } from '../support/driven.ts'

const copy = copying()

/** Another instance, whose requests are counted. */
function counted(one: Driven) {
  const table = countingTable(one.environment.table)
  const objects = countingObjects(one.environment.objects)
  const reset = (): void => {
    table.reset()
    objects.reset()
  }
  const instance = one.another({ table: () => table.table, objects: () => objects.store })
  return { instance, table: table.counts, objects: objects.counts, reset }
}

const next = (at = 0, partition = 0) => records(`lines-${partition}`, ['x', 'y'], { at, step: 1 })

describe('a warm micro-batch', () => {
  it('costs no read and one write, and one put per output', async () => {
    const { instance, table, objects, reset } = counted(driven(copy))
    await instance.deliver(next())
    for (let from = 2; from < 10; from += 2) {
      reset()
      await instance.deliver(next())
      expect(table).toMatchObject({ reads: 0, writes: 1, conflicts: 0 })
      expect(objects).toMatchObject({ reads: 0, writes: 1, lists: 0, deletes: 0 })
    }
  })

  it('of several partitions costs one write for each', async () => {
    const { instance, table, reset } = counted(driven(copy))
    await instance.deliver(next(0, 0), next(0, 1), next(0, 2))
    reset()
    await instance.deliver(next(0, 0), next(0, 1), next(0, 2))
    expect(table).toMatchObject({ reads: 0, writes: 3 })
  })

  it('that begins a new batch time costs one write more, for closing the last', async () => {
    const { instance, table, reset } = counted(driven(copy))
    await instance.deliver(next())
    await instance.deliver(next(1000)) // takes the lease
    reset()
    await instance.deliver(next(2000))
    expect(await instance.closed()).toContain('copy-2000')
    expect(table).toMatchObject({ reads: 0, writes: 2 })
  })

  it('that has come before costs a look at the log, in which an operator may have set the position back', async () => {
    const { instance, table, objects, reset } = counted(driven(copy))
    await instance.deliver(next())
    reset()
    await instance.again()
    expect(table).toMatchObject({ reads: 1, writes: 0 })
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
    const count = counted(driven(of, { partitions: { lines: 1 } }))
    await count.instance.deliver(next())
    await count.instance.deliver(next(1000))
    return count
  }

  it('costs no read and one write, and those of the closing task when the partition passes a batch', async () => {
    const { instance, table, objects, reset } = await started(running)
    const writes: number[] = []
    for (const at of [1100, 2000, 2100, 3000, 6000]) {
      reset()
      await instance.deliver(next(at))
      writes.push(table.writes)
      expect(table).toMatchObject({ reads: 0, conflicts: 0 })
      expect(objects).toMatchObject({ reads: 0, lists: 0, deletes: 0 })
    }
    expect(writes).toEqual([1, 2, 1, 2, 2])
  })

  it('reads no state where no batch is passed, by an instance that has none', async () => {
    const coldReads = async (of: Job): Promise<number> => {
      const { instance: cold, table } = counted((await started(of)).instance)
      await cold.deliver(next(1100))
      return table.reads
    }
    expect(await coldReads(running)).toBe(await coldReads(copy))
  })
})

describe('partitions that are new', () => {
  it.each(['seen in one event', 'known beforehand'])(
    'join together, at a cost that grows with their number: %s',
    async (how) => {
      const costOf = async (partitions: number) => {
        const known = how === 'known beforehand' ? { partitions: { lines: partitions } } : {}
        const { instance, table } = counted(driven(copy, known))
        await instance.deliver(...Array.from({ length: partitions }, (_, i) => next(0, i)))
        const joins = await instance.environment.table.read({ job: 'copy', stage: 'close', task: '0' }, { after: 0 })
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
    const first = driven(copy)
    const [a, b] = [counted(first), counted(first)]
    await a.instance.deliver(next())
    await b.instance.deliver(next(0, 1))
    for (let i = 1; i < 4; i++) {
      await a.instance.deliver(next(1000 * i))
      b.reset()
      await b.instance.deliver(next(1000 * i, 1))
      expect(b.table).toMatchObject({ reads: i === 1 ? 1 : 0, writes: 1 }) // once to see who holds the lease
    }
    // a looked before b had passed 3000, and nobody has looked since.
    expect(await first.closed()).not.toContain('copy-3000')
    first.later('11s')
    await b.instance.deliver(next(4000, 1))
    expect(await first.closed()).toContain('copy-3000')
  })
})
