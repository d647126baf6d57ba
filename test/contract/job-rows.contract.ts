// What every JobRows promises (src/stores/table.ts): the half of the table's contract that carries leases and metadata.

import { describe, expect, test } from 'vitest'
import type { JobRow, JobRows } from '../../src/stores/table.ts'
import { NASTY_NAMES, newJob } from './names.ts'

export function jobRowsContract(table: () => JobRows): void {
  describe('rows', () => {
    const row = (rev: number, data: JobRow['data'] = {}): JobRow => ({ rev, data })

    test('a row is created once', async () => {
      const job = newJob()
      expect(await table().getRow(job, 'meta')).toBeUndefined()
      expect(await table().createRow(job, 'meta', row(1, { a: 1 }))).toBe('created')
      expect(await table().createRow(job, 'meta', row(1, { a: 2 }))).toBe('exists')
      expect(await table().getRow(job, 'meta')).toEqual(row(1, { a: 1 }))
    })

    test('put overwrites, delete removes, and neither minds what was there', async () => {
      const job = newJob()
      await table().deleteRow(job, 'control')
      await table().putRow(job, 'control', row(1, { stop: true }))
      await table().putRow(job, 'control', row(5))
      expect(await table().getRow(job, 'control')).toEqual(row(5))
      await table().deleteRow(job, 'control')
      expect(await table().getRow(job, 'control')).toBeUndefined()
    })

    test('replace goes by rev, absence included', async () => {
      const job = newJob()
      expect(await table().replaceRow(job, 'lease#1', row(2), 1)).toBe('conflict')
      expect(await table().replaceRow(job, 'lease#1', row(1), undefined)).toBe('replaced')
      expect(await table().replaceRow(job, 'lease#1', row(1), undefined)).toBe('conflict')
      expect(await table().replaceRow(job, 'lease#1', row(2), 1)).toBe('replaced')
      expect(await table().replaceRow(job, 'lease#1', row(2, { zombie: true }), 1)).toBe('conflict')
      expect(await table().getRow(job, 'lease#1')).toEqual(row(2))
    })

    test('of 50 that want a lease one gets it', async () => {
      const job = newJob()
      await table().putRow(job, 'lease#T', row(7))
      const outcomes = await Promise.all(
        Array.from({ length: 50 }, (_, owner) => table().replaceRow(job, 'lease#T', row(8, { owner }), 7)),
      )
      expect(outcomes.filter((outcome) => outcome === 'replaced')).toHaveLength(1)
      expect((await table().getRow(job, 'lease#T'))?.data).toEqual({ owner: outcomes.indexOf('replaced') })
    })

    test('data is any JSON', async () => {
      const job = newJob()
      const data: JobRow['data'] = {
        ...JSON.parse('{"__proto__": {"polluted": true}, "": ""}'),
        text: 'é 🚂 \ud83d \u0000',
        numbers: [0, -1, 1.5, 1e300, Number.MAX_SAFE_INTEGER],
        nested: { empty: {}, list: [[], [null, true, false]] },
      }
      await table().putRow(job, 'meta', row(1, data))
      const found = await table().getRow(job, 'meta')
      expect(JSON.stringify(found?.data)).toBe(JSON.stringify(data))
      expect(Object.hasOwn({}, 'polluted')).toBe(false)
    })

    test('rows are listed by name, by prefix, and only those of the job', async () => {
      const job = newJob()
      const names = ['task#b', 'task#a', 'task', 'tasks', 'meta', 'task#a#1', 'lease#task#a']
      for (const [i, name] of names.entries()) await table().putRow(job, name, row(i))
      await table().putRow(`${job}x`, 'task#c', row(99))
      expect([...(await table().listRows(job, 'task#')).keys()]).toEqual(['task#a', 'task#a#1', 'task#b'])
      expect([...(await table().listRows(job, '')).keys()]).toEqual([...names].sort())
      expect(await table().listRows(job, 'task#a#')).toEqual(new Map([['task#a#1', row(5)]]))
      expect(await table().listRows(job, 'nothing')).toEqual(new Map())
      expect(await table().listRows(newJob(), '')).toEqual(new Map())
    })

    test('nasty names, the empty one included, are each their own and are listed as they are', async () => {
      const job = newJob()
      const names = ['', ...NASTY_NAMES]
      for (const [i, name] of names.entries()) expect(await table().createRow(job, name, row(i))).toBe('created')
      for (const [i, name] of names.entries()) expect(await table().getRow(job, name)).toEqual(row(i))
      expect(await table().listRows(job, '')).toEqual(new Map(names.map((name, i) => [name, row(i)])))
      expect([...(await table().listRows(job, 'a#')).keys()]).toEqual(['a#b'])
    })

    test('more rows than fit on a page are listed whole', async () => {
      const job = newJob()
      const text = 'x'.repeat(300_000)
      for (let i = 0; i < 5; i++) await table().putRow(job, `task#${i}`, row(i, { text }))
      const rows = await table().listRows(job, 'task#')
      expect([...rows].map(([name, { rev, data }]) => [name, rev, data.text === text])).toEqual(
        [0, 1, 2, 3, 4].map((i) => [`task#${i}`, i, true]),
      )
    })

    test('a row that is too large or has too long a name is refused by name', async () => {
      const job = newJob()
      const large = row(1, { text: 'x'.repeat(410 * 1024) })
      await expect(table().putRow(job, 'meta', large)).rejects.toMatchObject({ code: 'ITEM_TOO_LARGE' })
      await expect(table().putRow(job, 'x'.repeat(1025), row(1))).rejects.toMatchObject({ code: 'INVALID_OPTION' })
    })
  })
}
