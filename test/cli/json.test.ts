// What commands print as JSON is as their schemas say (inProcess holds it), and their exit codes are the same in all of them.

import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { schemaOfCommand } from '../../src/cli/json-output.ts'
import { leavesOf, manualOf } from '../../src/cli/manual.ts'
import { programOf } from '../../src/cli/program.ts'
import { inProcess } from './in-process.ts'
import { type JobInFolder, jobInFolder } from './job-in-folder.ts'

const ORDERS = join(import.meta.dirname, 'fixtures/orders.ts')
const JOBS = join(import.meta.dirname, 'fixtures/batch-jobs.ts')
const leaves = leavesOf(await programOf())

let place: JobInFolder
beforeAll(async () => {
  place = await jobInFolder()
})
afterAll(() => place.remove())

/** Arguments with which each prints something, in the folder of the job. */
const PRINTS: Readonly<Record<string, (where: JobInFolder) => readonly string[]>> = {
  consume: ({ dir }) => ['lines', '--dir', dir],
  cost: () => [JOBS, '--job', 'copy', '--rate', '10', '--size', '100'],
  'groups list': ({ dir }) => ['--dir', dir],
  init: ({ folder }) => [join(folder, 'made')],
  'offsets skip': ({ dir }) => ['counts', '--dir', dir, '--topic', 'lines', '--partition', '0', '--at', '3'],
  'outbox list': ({ dir }) => ['counts', '--dir', dir],
  'outbox redirect': ({ dir }) => ['counts', '--dir', dir, '--from', 's3://results', '--to', 's3://other'],
  'outbox drop': ({ dir }) => ['counts', '--dir', dir, '--from', 's3://results'],
  plan: () => [ORDERS],
  produce: ({ dir }) => ['lines', '--dir', dir, '-v', 'a', '-k', 'b'],
  doctor: ({ dir }) => ['--dir', dir],
  'quarantine ls': ({ dir }) => ['counts', '--dir', dir],
  'quarantine replay': ({ dir }) => ['counts', '--dir', dir],
  'state ls': ({ dir }) => ['counts', '--dir', dir],
  'state get': ({ dir }) => ['counts', 'totals', 'a', '--dir', dir],
  'state scan': ({ dir }) => ['counts', 'totals', '--dir', dir],
  'state diff': ({ dir }) => ['counts', 'totals', '--dir', dir, '--from', String(1_699_999_991_000)],
  status: ({ dir }) => ['counts', '--dir', dir],
  storage: ({ dir }) => ['counts', '--dir', dir],
  tail: ({ dir }) => ['counts', '--dir', dir],
  'topics create': ({ dir }) => ['other', '--dir', dir],
  'topics list': ({ dir }) => ['--dir', dir],
  'topics describe': ({ dir }) => ['lines', '--dir', dir],
  'topics alter': ({ dir }) => ['lines', '--dir', dir, '-p', '3'],
  'topics delete': ({ dir }) => ['other', '--dir', dir, '--yes'],
}

const MAY_FIND_NOTHING = new Set(['consume', 'quarantine ls', 'state diff', 'tail'])

/** What else must be said where nothing is printed. */
const NEEDS: Readonly<Record<string, readonly string[]>> = { 'quarantine get': ['lines-0@1'] }

/** Whose own tests hold their JSON: in processes of their own, or against services. */
const ELSEWHERE = new Set(
  (
    'batch, event, groups describe, log, offsets export, offsets import, offsets set, offsets show, pause, ' +
    'quarantine get, resume, simulate, start, state edit, stop, undo'
  ).split(', '),
)

describe('--json', () => {
  const printing = leaves.flatMap(([name, command]) => (schemaOfCommand(command) ? [name] : []))

  it.each(Object.keys(PRINTS))('of millrace %s is as its schema says', async (name) => {
    const args = PRINTS[name]?.(place) ?? []
    const done = await inProcess([...name.split(' '), ...args, '--json'])
    expect(done.code).toBe(0)
    if (!MAY_FIND_NOTHING.has(name)) expect(done.stdout).not.toBe('')
  })

  it('is tried for every command', () => {
    expect(printing.filter((name) => !ELSEWHERE.has(name) && !Object.hasOwn(PRINTS, name))).toEqual([])
  })

  it('of millrace batch keeps what the job prints out of it', async () => {
    const file = join(place.folder, 'made/package.json')
    const out = ['--topic', `numbers=${file}`, '--time', 'mtime', '--out', join(place.folder, 'out')]
    const done = await inProcess(['batch', JOBS, '--job', 'none', ...out, '--json'])
    expect(done).toMatchObject({ code: 2, stdout: '' })
  })
})

describe('exit codes', () => {
  it.each(leaves.map(([name]) => name))('millrace %s ends with 2 for a flag that it does not know', async (name) => {
    const done = await inProcess([...name.split(' '), '--jsn'])
    expect(done).toMatchObject({ code: 2, stdout: '' })
  })

  /** The same words, with a job, topic or group that is not there. */
  const missing = leaves.flatMap(([name, command]) => {
    const [argument] = command.registeredArguments
    const what = argument && /^(job|topic|topics|group)$/.exec(argument.name())?.[0]
    return what === undefined || ELSEWHERE.has(name) || name === 'topics create' || name === 'topics delete'
      ? []
      : [name]
  })

  it.each(missing)('millrace %s ends with 4 for what is not there, and says so in its help', async (name) => {
    const [, ...flags] = PRINTS[name]?.(place) ?? ['', ...(NEEDS[name] ?? []), '--dir', place.dir]
    const done = await inProcess([...name.split(' '), 'nobody', ...flags])
    expect(done).toMatchObject({ code: 4, stdout: '' })
    expect(done.stderr).toMatch(/^[A-Z_]+: .*nobody/)
    const command = leaves.find(([one]) => one === name)?.[1]
    expect(command && manualOf(command)?.exits).toHaveProperty('4')
  })

  const refusing = leaves.filter(([, command]) => command.options.some(({ long }) => long === '--yes'))
  it.each(refusing.map(([name]) => name).filter((name) => Object.hasOwn(PRINTS, name)))(
    'millrace %s ends with 3 where nobody can be asked',
    async (name) => {
      await inProcess(['topics', 'create', 'other', '--dir', place.dir])
      const args = (PRINTS[name]?.(place) ?? []).filter((word) => word !== '--yes')
      const done = await inProcess([...name.split(' '), ...args])
      expect(done).toMatchObject({ code: 3, stdout: '', stderr: expect.stringMatching(/^REFUSED: .*--yes/) })
    },
  )

  it('millrace init ends with 3 where something is', async () => {
    expect(await inProcess(['init', place.folder])).toMatchObject({ code: 3, stdout: '' })
  })
})
