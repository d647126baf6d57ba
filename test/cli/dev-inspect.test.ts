// A debugger on `millrace dev --inspect`, by the protocol that editors speak: it stops in the user's source, and nobody delivers again.

import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { FolderTopics } from '../../src/local/topics/folder-topics.ts'
import { until } from '../local/event-source/until.ts'
import { DevProcess, projectFolder } from '../support/dev-process.ts'

const LENGTHS = `
import { job, seconds, text } from 'millrace'
import { lambda } from 'millrace/lambda'

export const lengths = job('lengths', { batch: seconds(1) }, ({ kafka }) => {
  kafka('lines', { value: text() })
    .map(({ value }) => {
      if (value === 'stop') debugger
      return value + ' has ' + value.length
    })
    .print()
})
export const handler = lambda(lengths)
`

let project: Awaited<ReturnType<typeof projectFolder>>
let dev: DevProcess
let socket: WebSocket | undefined
beforeEach(async () => {
  project = await projectFolder(LENGTHS)
})
afterEach(async () => {
  socket?.close()
  await dev.end('SIGKILL')
  await project.remove()
})

interface Message {
  readonly method?: string
  readonly params?: { readonly url?: string; readonly sourceMapURL?: string; readonly callFrames?: readonly object[] }
}

it('stops where the source says, for as long as it likes, and each record counts once', async () => {
  dev = new DevProcess(project.folder, ['words.ts', '--inspect', '127.0.0.1:0'])
  await dev.shows('millrace dev: lengths')
  await dev.shows('debugger of lengths: ws://')
  const [, url = ''] = /debugger of lengths: (ws:\S+)/.exec(dev.output) ?? []
  const messages: Message[] = []
  const debug = new WebSocket(url)
  socket = debug
  debug.addEventListener('message', ({ data }) => messages.push(JSON.parse(String(data))))
  await new Promise((opened) => debug.addEventListener('open', opened))
  let id = 0
  const ask = (method: string): void => debug.send(JSON.stringify({ id: ++id, method }))
  ask('Debugger.enable')
  const bundle = (): Message['params'] =>
    messages.find(({ params }) => params?.url?.includes('/bundles/') && params.sourceMapURL)?.params
  await until('the bundle has a source map', () => bundle() !== undefined)
  const map = new URL(bundle()?.sourceMapURL ?? '', bundle()?.url)
  const { sources, sourcesContent }: { sources: string[]; sourcesContent: string[] } = JSON.parse(
    await readFile(fileURLToPath(map), 'utf8'),
  )
  const own = sources.findIndex((source) => source.endsWith('words.ts'))
  expect(sourcesContent[own]).toBe(LENGTHS)

  const topics = new FolderTopics(join(project.folder, '.millrace'))
  try {
    topics.append([{ topic: 'lines', value: 'stop' }])
    const paused = (): number => messages.filter(({ method }) => method === 'Debugger.paused').length
    await until('it stops', () => paused() === 1)
    // Longer than a partition may be silent, and than any look of dev's: what would come again has come by then.
    topics.append([{ topic: 'lines', value: 'later' }])
    const stoppedAt = Date.now()
    await until('some seconds are over', () => Date.now() - stoppedAt > 3000)
    expect(topics.committed('lengths', { topic: 'lines', partition: 0 }) ?? 0).toBe(0)
    expect(dev.output).not.toMatch(/has 4|has 5|✘|goes on/)
    ask('Debugger.resume')
    await dev.shows('later has 5')
    await until('all is committed', () => topics.lag('lengths', ['lines']) === 0)
    expect(paused()).toBe(1)
    expect(dev.output.split('stop has 4')).toHaveLength(2)
    expect(await dev.end()).toBe(0)
  } finally {
    topics.close()
  }
})
