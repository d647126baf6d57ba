// infra/millrace-run.service: what systemd says of it, and that it asks for what the command does.

import { execFileSync, spawnSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { expect, it } from 'vitest'

const unit = readFileSync(resolve(import.meta.dirname, '../../infra/millrace-run.service'), 'utf8')
const settings = new Map(
  unit
    .split('\n')
    .filter((line) => /^\w+=/.test(line))
    .map((line) => [line.slice(0, line.indexOf('=')), line.slice(line.indexOf('=') + 1)]),
)
const hasSystemd = spawnSync('systemd-analyze', ['--version']).status === 0

it.skipIf(!hasSystemd)('systemd finds nothing to say of it', () => {
  const folder = mkdtempSync(join(tmpdir(), 'millrace-unit-'))
  const file = join(folder, 'millrace-run.service')
  // Programs and users that are not on this machine would be found missing.
  writeFileSync(file, unit.replace(/^ExecStart=\S+/m, 'ExecStart=/bin/true').replace(/^User=.*$/m, 'User=root'))
  try {
    expect(execFileSync('systemd-analyze', ['verify', file], { encoding: 'utf8', stdio: 'pipe' })).toBe('')
  } finally {
    rmSync(folder, { recursive: true })
  }
})

it('is the one of the guide', () => {
  const guide = readFileSync(resolve(import.meta.dirname, '../../docs/guide/run.md'), 'utf8')
  expect(guide).toContain(`\`\`\`ini\n${unit.slice(unit.indexOf('[Unit]'))}\`\`\``)
})

it('starts again what failed, but not what cannot be meant or is refused', () => {
  expect(settings.get('Restart')).toBe('on-failure')
  expect(settings.get('RestartPreventExitStatus')).toBe('2 3')
})

it('asks the command to end, not its workers, and gives it time', () => {
  expect(settings.get('KillMode')).toBe('mixed')
  expect(Number(settings.get('TimeoutStopSec'))).toBeGreaterThanOrEqual(60)
})

it('writes only where its state is, and has no password in it', () => {
  expect(settings.get('ProtectSystem')).toBe('strict')
  expect(settings.get('User')).not.toBe('root')
  expect(settings.get('Environment')).toContain(`MILLRACE_DIR=/var/lib/${settings.get('StateDirectory')}`)
  expect(unit).not.toMatch(/PASSWORD=/)
})
