import { spawnSync } from 'node:child_process'
import { resolve } from 'node:path'
import { expect, it } from 'vitest'

it('commands print no warning about timers of the Kafka client, and all others', () => {
  const quiet = resolve(import.meta.dirname, '../../src/cli/quiet.ts')
  const code = `await import('${quiet}'); setTimeout(() => {}, -5); process.emitWarning('something else')`
  const { stderr } = spawnSync(process.execPath, ['--input-type=module', '-e', code], { encoding: 'utf8' })
  expect(stderr).toContain('something else')
  expect(stderr).not.toContain('TimeoutNegativeWarning')
})
