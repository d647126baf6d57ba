// One job, one function (I7): who runs a job stands in the table.

import { describe, expect, it } from 'vitest'
import { copying, driven, records } from '../support/driven.ts'

const copy = copying()

describe('a job name', () => {
  it('belongs to the function that ran it first; another is refused before anything runs', async () => {
    const owner = driven(copy, { start: Date.UTC(2024, 0, 2) })
    await owner.deliver(records('lines-0', ['a']))
    const stranger = owner.another({ owner: 'stranger' })
    await expect(stranger.deliver(records('lines-0', ['b']))).rejects.toMatchObject({
      code: 'JOB_NAME_TAKEN',
      message:
        "The job 'copy' in this table belongs to 'test' (since 2024-01-02T00:00:00.000Z), and 'stranger' wants to run a job of that name too. " +
        'Give one of the jobs another name or another table. If this function replaces the other, deploy it with lambda(job, { takeOver: true }).',
    })
    expect(Object.values(await owner.published())).toEqual(['a\n'])
  })

  it('can be taken over, and then the former owner is refused at its next cold start', async () => {
    const owner = driven(copy)
    await owner.deliver(records('lines-0', ['a']))
    const heir = owner.another({ owner: 'heir', takeOver: true })
    await heir.deliver(records('lines-0', ['b']))
    expect(Object.values(await heir.published())).toEqual(['a\n', 'b\n'])
    await expect(owner.another().again()).rejects.toMatchObject({ code: 'JOB_NAME_TAKEN' })
  })

  it('stays refused: the error comes again with every event', async () => {
    const owner = driven(copy)
    await owner.deliver(records('lines-0', ['a']))
    const stranger = owner.another({ owner: 'stranger' })
    for (let i = 0; i < 2; i++) await expect(stranger.again()).rejects.toMatchObject({ code: 'JOB_NAME_TAKEN' })
  })

  it('is claimed once when several instances of the function start at the same moment', async () => {
    const first = driven(copy)
    const instances = [first, first.another(), first.another(), first.another()]
    await Promise.all(instances.map((one, i) => one.deliver(records(`lines-${i}`, [`${i}`]))))
    expect(Object.values(await first.published())).toEqual(['0\n', '1\n', '2\n', '3\n'])
    expect((await first.environment.table.getRow('copy', 'meta'))?.rev).toBe(1)
  })
})

describe('partitions that are known when the job starts', () => {
  it('hold batches back until they have passed them, whether they have come or not', async () => {
    const known = driven(copy, { partitions: { lines: 2 } })
    await known.deliver(records('lines-0', ['a', 'b'], { at: 500, step: 1000 }))
    expect(await known.closed()).not.toContain('copy-1000')
    await known.deliver(records('lines-1', ['x'], { at: 1200 }))
    expect(await known.closed()).toContain('copy-1000')
  })

  it('are introduced again when the first attempt failed half way', async () => {
    let appends = 0
    const failing = driven(copy, {
      partitions: { lines: 3 },
      table: (table) => ({
        append: (task, item) => (++appends > 3 ? Promise.reject(new Error('down')) : table.append(task, item)),
      }),
    })
    const first = failing.deliver(records('lines-0', ['a', 'b'], { at: 500, step: 1000 }))
    await expect(first).rejects.toThrow('down')
    const next = failing.another()
    await next.again()
    expect(await next.closed()).not.toContain('copy-1000')
    await next.rest()
    for (const task of ['lines-0', 'lines-1', 'lines-2']) expect(await next.head('source', task), task).toBeDefined()
  })

  it('may become more: new ones join at the next deployment', async () => {
    const one = driven(copy, { partitions: { lines: 1 } })
    await one.deliver(records('lines-0', ['a'], { at: 500 }))
    await one.another({ partitions: { lines: 2 } }).deliver(records('lines-0', ['b'], { at: 1500 }))
    expect(await one.closed()).not.toContain('copy-1000')
  })
})

describe('a schema that cannot be read', () => {
  it.each<[string, string | number]>([
    ['no JSON', '{"batch":1000,'],
    ['something else', '[]'],
    ['an operator that is none', '{"batch":1000,"operators":[{"id":"a"}]}'],
    ['no text', 7],
  ])('is a named error before new code runs, never taken for none: %s', async (_, schema) => {
    const old = driven(copy)
    await old.deliver(records('lines-0', ['a']))
    const { table } = old.environment
    const row = await table.getRow('copy', 'meta')
    await table.putRow('copy', 'meta', { rev: 9, data: { ...row?.data, schema } })
    await expect(old.another({ code: 'v2' }).again()).rejects.toMatchObject({
      code: 'UNREADABLE_STATE',
      message: expect.stringContaining('Cannot read the schema of job copy in row meta: '),
    })
  })
})
