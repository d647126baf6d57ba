// The last line of `npm test` and its exit code, from runs of the real thing over the files in fixtures/tally.

import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { text } from 'node:stream/consumers'
import { fileURLToPath } from 'node:url'
import { expect, test } from 'vitest'
import { isGood, summary } from '../../infra/tally.ts'

const COMMAND = fileURLToPath(new URL('../../infra/test.ts', import.meta.url))
const CONFIG = fileURLToPath(new URL('fixtures/tally/vitest.config.ts', import.meta.url))

async function run(...args: string[]): Promise<{ last: string | undefined; code: unknown }> {
  const child = spawn(process.execPath, [COMMAND, '--config', CONFIG, ...args], { stdio: ['ignore', 'pipe', 'ignore'] })
  const [output, [code]] = await Promise.all([text(child.stdout), once(child, 'exit')])
  return { last: output.trimEnd().split('\n').at(-1), code }
}

test.each([
  [
    'all is counted: tests, skips, and what fails without being a test',
    ['--project', 'all'],
    '2 passed, 4 failed, 2 skipped',
    1,
  ],
  ['a skipped test is not a passed one', ['--project', 'good'], '1 passed, 0 failed, 1 skipped', 0],
  [
    'another reporter does not take the counts away',
    ['--project', 'good', '--reporter=dot'],
    '1 passed, 0 failed, 1 skipped',
    0,
  ],
  [
    'what is filtered out by name counts as skipped',
    ['--project', 'good', '-t', 'is skipped'],
    '0 passed, 0 failed, 2 skipped',
    1,
  ],
  ['no test at all is a failure', ['--project', 'none'], '0 passed, 1 failed', 1],
  ['a failed set-up is a failure', ['--project', 'setup'], '0 passed, 1 failed', 1],
  ['an unknown project is a failure', ['--project', 'nonsense'], '0 passed, 1 failed', 1],
])('%s', async (_, args, last, code) => {
  expect(await run(...args)).toEqual({ last, code })
})

test('the line', () => {
  expect(summary({ passed: 3, failed: 0, skipped: 0 })).toBe('3 passed, 0 failed')
  expect(summary({ passed: 3, failed: 1, skipped: 2 })).toBe('3 passed, 1 failed, 2 skipped')
  expect(isGood({ passed: 0, failed: 0, skipped: 2 })).toBe(false)
})
