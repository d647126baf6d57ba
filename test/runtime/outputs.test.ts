// Outputs of a micro-batch: several in one job, small ones and large ones, and none of them before its commit (I3).

import { describe, expect, it } from 'vitest'
import { type Job, job, seconds, text } from '../../src/index.ts'
import { type Driven, driven, records } from '../support/driven.ts'
import { incompressible } from '../support/incompressible.ts'

/** More than 64 KiB compressed, so that it is staged. */
const LARGE = incompressible(100_000)
/** Twelve of less than that each, which are too much for one item together. */
const MEDIUM = incompressible(12 * 60_000)
const medium = (output: number): string => MEDIUM.slice(output * 60_000, (output + 1) * 60_000)

function copies(count: number): Job {
  return job('copies', { batch: seconds(1) }, ({ kafka }) => {
    const values = kafka('lines', { value: text() }).map(({ value }) => value.replace('large', LARGE))
    for (let i = 0; i < count; i++) {
      values.map((value) => `${i}${value.replace('medium', medium(i))}`).saveAsTextFiles(`s3://results/copy${i}`)
    }
  })
}

describe('outputs', () => {
  it('of one job go their own ways', async () => {
    const code = job('several', { batch: seconds(1) }, ({ kafka }) => {
      const values = kafka('lines', { value: text() }).map(({ value }) => value)
      values.saveAsTextFiles('s3://results/text', 'txt')
      values
        .filter((value) => value !== 'a')
        .map((value) => ({ value }))
        .saveAsNdjsonFiles('s3://others/deep/down/json')
      values.map((value) => [value, value.length] as const).saveAsCsvFiles('s3://results/table', { suffix: 'csv' })
      values.print()
    })
    const several = driven(code)
    await several.deliver(records('lines-0', ['a', 'bb']))
    await several.rest()
    const part = 'part-lines-0-00000000000000000000'
    expect(await several.published()).toEqual({
      'table-1000.csv/_SUCCESS': '',
      [`table-1000.csv/${part}`]: '0,1\na,1\nbb,2\n',
      'text-1000.txt/_SUCCESS': '',
      [`text-1000.txt/${part}`]: 'a\nbb\n',
    })
    expect(await several.published('', 'others')).toEqual({
      'deep/down/json-1000/_SUCCESS': '',
      [`deep/down/json-1000/${part}`]: '{"value":"bb"}\n',
    })
    expect(several.environment.printed).toHaveLength(1)
  })

  it.each([
    ['small ones', 'x'],
    ['large ones', 'large'],
  ])('do not show before the commit: %s', async (_, value) => {
    const seen: string[][] = []
    const watched: Driven = driven(copies(2), {
      table: (table) => ({
        async append(task, item) {
          if (task.stage === 'source' && item.version > 1) seen.push(Object.keys(await watched.published()))
          return table.append(task, item)
        },
      }),
    })
    await watched.deliver(records('lines-0', [value]))
    expect(seen).toEqual([[]])
    const after = await watched.published()
    expect(Object.keys(after)).toEqual([0, 1].map((i) => `copy${i}-1000/part-lines-0-00000000000000000000`))
    expect(after['copy1-1000/part-lines-0-00000000000000000000']).toBe(`1${value.replace('large', LARGE)}\n`)
  })

  it('that are large are staged, and what is staged for a commit that another beat is thrown away', async () => {
    let staged = 0
    let beat: (() => Promise<unknown>) | undefined = () =>
      slow.another().deliver(records('lines-0', ['large'], { from: 0 }))
    const slow: Driven = driven(copies(1), {
      objects: (objects) => ({
        stage: (ref, body, options) => {
          if (body.length > 0) staged++ // an empty one only tries the place
          return objects.stage(ref, body, options)
        },
      }),
      table: (table) => ({
        async append(task, item) {
          const faster = item.version > 1 ? beat : undefined
          if (faster) beat = undefined
          await faster?.()
          return table.append(task, item)
        },
      }),
    })
    await slow.deliver(records('lines-0', ['large', 'small']))
    expect(staged).toBe(1)
    expect(slow.environment.objects.stagedCount()).toBe(0)
    expect(Object.values(await slow.published())).toEqual([`0${LARGE}\n`, '0small\n'])
  })

  it('that make the commit larger than an item spill it, out of sight, and it can be read again', async () => {
    const many = driven(copies(12))
    await many.deliver(records('lines-0', ['medium']))
    expect(Object.keys(await many.published('', 'state'))).toEqual([
      expect.stringMatching(/^_millrace\/spill\/copies\/source\/lines-0\/0{15}2\.\d+\.[0-9a-f-]{36}$/),
    ])
    expect(Object.values(await many.published())).toEqual(
      [0, 1, 10, 11, 2, 3, 4, 5, 6, 7, 8, 9].map((i) => `${i}${medium(i)}\n`),
    )
    const fresh = many.another()
    await fresh.deliver(records('lines-0', ['medium', 'next'], { from: 0 }))
    await fresh.rest()
    expect(await fresh.published('copy7-1000/')).toEqual({
      'copy7-1000/_SUCCESS': '',
      'copy7-1000/part-lines-0-00000000000000000000': `7${medium(7)}\n`,
      'copy7-1000/part-lines-0-00000000000000000001': '7next\n',
    })
  })

  it('that a dead process promised are published by the next one, large ones too', async () => {
    const dead = () => Promise.reject(new Error('process died'))
    const dying = driven(copies(1), { objects: () => ({ put: dead, complete: dead }) })
    const dies = dying.deliver(records('lines-0', ['large', 'b']), records('lines-1', ['small']))
    await expect(dies).rejects.toThrow('process died')
    expect(await dying.published()).toEqual({})
    await dying.another().again()
    expect(Object.values(await dying.published())).toEqual([`0${LARGE}\n0b\n`, '0small\n'])
  })
})
