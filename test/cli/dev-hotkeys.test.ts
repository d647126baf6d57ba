// The keys of `millrace dev`, pressed in a terminal: tmux stands for one.

import { spawnSync } from 'node:child_process'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { guard, release } from '../../infra/guardian.ts'
import { until } from '../local/event-source/until.ts'
import { COMMAND, projectFolder } from '../support/dev-process.ts'

const hasTmux = spawnSync('tmux', ['-V']).status === 0
if (!hasTmux) {
  const missing = 'tmux is not installed, so the keys of millrace dev are not tried: apt-get install tmux'
  if (process.env.MILLRACE_REQUIRE_SERVICES === '1') throw new Error(missing)
  console.warn(`SKIPPED: ${missing}`)
}

// Nothing is closed by itself within a minute: it is the clock that is moved on.
const WORDS = `
import { job, seconds, text } from 'millrace'
import { lambda } from 'millrace/lambda'

export const words = job('words', { batch: seconds(1), idleAfter: '60s' }, ({ kafka }) => {
  kafka('lines', { value: text() })
    .flatMap(({ value }) => value.split(' '))
    .map((word) => [word, 1] as const)
    .updateStateByKey((values: readonly number[], count: number | undefined) => (count ?? 0) + values.length)
    .print()
})
export const handler = lambda(words)
`

describe.skipIf(!hasTmux)('the keys', () => {
  let project: Awaited<ReturnType<typeof projectFolder>>
  let socket: string
  let server: string
  const tmux = (...args: string[]): string => {
    const { stdout, stderr, status } = spawnSync('tmux', ['-L', socket, ...args], { encoding: 'utf8' })
    if (status !== 0) throw new Error(`tmux ${args.join(' ')}: ${stderr}`)
    return stdout
  }
  /** All that the terminal has shown, as it stands. */
  const screen = (): string => tmux('capture-pane', '-p', '-J', '-S', '-1000')
  const press = (...keys: string[]): string => tmux('send-keys', ...keys)
  const shows = async (what: string, times = 1): Promise<void> => {
    await until(`it shows ${what}`, () => screen().split(what).length > times).catch((error: unknown) => {
      throw new Error(`${error}\n${screen()}`)
    })
  }

  beforeEach(async () => {
    project = await projectFolder(WORDS)
    socket = `millrace-${process.pid}-${Date.now()}`
    const command = [...COMMAND, 'dev', 'words.ts'].map((part) => `'${part}'`).join(' ')
    tmux(
      '-f',
      '/dev/null',
      'new-session',
      '-d',
      '-x',
      '140',
      '-y',
      '50',
      '-c',
      project.folder,
      `${command}; echo "ended with $?"; cat`,
    )
    server = tmux('display-message', '-p', '#{pid}').trim()
    guard('session', server)
  })
  afterEach(async () => {
    tmux('kill-server')
    release('session', server)
    await project.remove()
  })

  it('do what the help says', async () => {
    await shows('q  quit')
    press('t')
    await shows('Nothing waits for the clock')

    press('e')
    await shows('value for lines: ')
    press('-l', 'to be or not to be')
    press('Enter')
    await until('something waits for the clock', async () => {
      press('t')
      await new Promise((done) => setTimeout(done, 300))
      return screen().includes('⏩ clock moved on')
    })
    await shows('(to,2)')

    press('p')
    await shows('→ lines: to be or not to be')
    press('k')
    await shows(
      '☠ worker killed (SIGKILL) in the middle of a commit: written, and nothing published of what it promises',
    )
    await shows('✔ nothing lost, nothing twice')
    press('k')
    await shows('☠ worker killed (SIGKILL) in the middle of a commit, before it was written')
    await shows('✔ nothing lost, nothing twice', 2)
    expect(screen()).toMatch(/lines-0: committed up to offset (\d+) of \1, each once/)

    press('r')
    await shows('already committed, skipped')
    press('s')
    await shows('updateStateByKey(lines) keeps')
    await shows("state 'to': ")
    await project.edit(WORDS.replace('.print()', ".map(([word, count]) => word + ' times ' + count).print()"))
    await shows('new code runs, state is kept')
    press('p')
    await until('the new code prints what the state has', async () => {
      press('t')
      await new Promise((done) => setTimeout(done, 300))
      return /to times \d\d?\b/.test(screen())
    })
    press('o')
    await shows('page')
    press('c')
    await until('the terminal is clear', () => !screen().includes('already committed'))
    press('h')
    await shows('q  quit')
    press('q')
    await shows('stopped')
    await shows('ended with 0')
    expect(screen()).not.toMatch(/Warning|✘/)
  })

  it('stop with Ctrl-C', async () => {
    await shows('q  quit')
    press('C-c')
    await shows('ended with 0')
  })
})
