// `node infra/up.ts` leaves services running, `node infra/down.ts` stops exactly these.

import { existsSync } from 'node:fs'
import { afterAll, describe, expect, inject, test } from 'vitest'
import { bornAt } from '../../../infra/process.ts'
import { run } from '../../../infra/run.ts'

const services = inject('services')
const here = (path: string) => new URL(`../../../infra/${path}`, import.meta.url).pathname
const up = async (...args: string[]) => jsonLines(await run(process.execPath, [here('up.ts'), ...args]))
const down = async (...args: string[]) => jsonLines(await run(process.execPath, [here('down.ts'), ...args]))

interface Line {
  readonly service: string
  readonly pids: number[]
  readonly folders: string[]
  readonly already?: boolean
}

function jsonLines(text: string): Line[] {
  return text
    .trim()
    .split('\n')
    .filter(Boolean)
    .map((line) => JSON.parse(line))
}

/** Names that no other run of these tests uses. */
const ONE = `test-${process.pid}-1`
const OTHER = `test-${process.pid}-2`

describe.skipIf('missing' in services.kafka || 'missing' in services.ministack)('up and down', () => {
  afterAll(() => Promise.all([down('--name', ONE), down('--name', OTHER)]))

  test('each name on its own', async () => {
    const [one, other] = await Promise.all([up('kafka', 'ministack', '--name', ONE), up('ministack', '--name', OTHER)])
    expect(one).toMatchObject([
      { service: 'kafka', name: ONE, bootstrap: expect.stringMatching(/^127\.0\.0\.1:\d+$/) },
      { service: 'ministack', name: ONE, endpoint: expect.stringMatching(/^http:/) },
    ])
    expect(other).toMatchObject([{ service: 'ministack', name: OTHER }])
    const pids = (lines: Line[]) => lines.flatMap((line) => line.pids)
    const folders = (lines: Line[]) => lines.flatMap((line) => line.folders)
    const living = (lines: Line[]) => pids(lines).filter((pid) => bornAt(pid) !== undefined)
    expect(living(one)).toEqual(pids(one))

    const again = await up('kafka', '--name', ONE)
    expect(again).toMatchObject([{ service: 'kafka', pids: one[0]?.pids, already: true }])

    await down('--name', ONE)
    expect(living(one)).toEqual([])
    expect(folders(one).filter((folder) => existsSync(folder))).toEqual([])
    expect(living(other)).toEqual(pids(other))
    await down('--name', OTHER)
    expect(living(other)).toEqual([])
    expect(folders(other).filter((folder) => existsSync(folder))).toEqual([])
  })

  test('what has been killed meanwhile is started anew', async () => {
    const [before] = await up('ministack', '--name', ONE)
    process.kill(before?.pids[0] ?? Number.NaN, 'SIGKILL')
    const [after] = await up('ministack', '--name', ONE)
    expect(after).toMatchObject({ service: 'ministack' })
    expect(after?.already).toBeUndefined()
    expect(after?.pids).not.toEqual(before?.pids)
    expect(existsSync(before?.folders[0] ?? '/')).toBe(false)
  })
})
