// The program of docs/guide/run.md, run as it stands there.

import { spawn } from 'node:child_process'
import { readFile, writeFile } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import { expect, it } from 'vitest'
import { FolderTopics } from '../../src/local/topics/folder-topics.ts'
import { until } from '../local/event-source/until.ts'
import { projectFolder } from '../support/dev-process.ts'

const ROOT = resolve(import.meta.dirname, '../..')

it('prints what the page shows, and ends well on SIGTERM', async () => {
  const page = await readFile(join(ROOT, 'docs/guide/run.md'), 'utf8')
  const [, printed = ''] = /```text\n([\s\S]*?)```/.exec(page) ?? []
  const project = await projectFolder('')
  const topics = new FolderTopics(join(project.folder, '.millrace'))
  topics.create('lines')
  topics.append([{ topic: 'lines', value: 'to be or not to be', timestamp: 1_700_000_000_500 }])
  topics.close()
  await writeFile(join(project.folder, 'main.ts'), await readFile(join(ROOT, 'test/docs/snippets/run.ts'), 'utf8'))
  const child = spawn(process.execPath, ['--conditions=millrace-source', 'main.ts'], { cwd: project.folder })
  let output = ''
  for (const stream of [child.stdout, child.stderr]) stream.setEncoding('utf8').on('data', (text) => (output += text))
  const ended = new Promise((done) => child.once('exit', done))
  try {
    await until('it has printed', () => output.includes(printed) || child.exitCode !== null, 30_000).catch(
      () => undefined,
    )
    expect(output).toContain(printed)
    child.kill('SIGTERM')
    expect(await ended).toBe(0)
    expect(output).toMatch(/"signal":"SIGTERM".*"msg":"stopping: /)
    expect(output).toMatch(/"records":1,.*"msg":"stopped"/)
  } finally {
    child.kill('SIGKILL')
    await ended
    await project.remove()
  }
})
