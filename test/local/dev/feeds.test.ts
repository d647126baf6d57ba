// Where records come from: files, sockets, samples.

import { once } from 'node:events'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { createServer, type Server } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { BrokerUnreachableError } from '../../../src/errors/stand-in-errors.ts'
import { FedFiles } from '../../../src/local/dev/fed.ts'
import { type Feed, fileFeed, generatorFeed, readAssignment, socketFeed } from '../../../src/local/dev/feeds.ts'
import { until } from '../event-source/until.ts'

let folder: string
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'millrace-feeds-'))
})
afterEach(() => rm(folder, { recursive: true, force: true }))

/** @param holds records that the topic has */
function fed(feed: Feed, refuse: () => Error | undefined = () => undefined, holds = 0) {
  const values: string[] = []
  const said: string[] = []
  const stopping = new AbortController()
  const running = feed({
    append: async (records) => {
      const error = refuse()
      if (error) throw error
      values.push(...records.map(({ topic, value }) => `${topic}: ${value}`))
    },
    say: (line) => said.push(line),
    stopping: stopping.signal,
    progress: (topic, path) => new FedFiles(join(folder, 'fed.json')).progress(`${topic} ${path}`, path, holds),
  })
  const stop = (): Promise<void> => {
    stopping.abort()
    return running
  }
  return { values, said, running, stop }
}

describe('a file', () => {
  it('is a record a line, in order', async () => {
    const file = join(folder, 'lines.txt')
    const lines = Array.from({ length: 2500 }, (_, i) => `line ${i}`)
    await writeFile(file, `${lines.join('\r\n')}\n`)
    const { running, values, said } = fed(fileFeed('lines', file))
    await running
    expect(values).toEqual(lines.map((line) => `lines: ${line}`))
    expect(said).toEqual([`${file}: 2,500 lines appended to lines`])
  })

  it('is appended once, and later what was added to it', async () => {
    const file = join(folder, 'lines.txt')
    const session = async (text: string, holds: number) => {
      await writeFile(file, text)
      const { running, values, said } = fed(fileFeed('lines', file), undefined, holds)
      await running
      return [values.join(' '), said[0]?.replace(`${file}: `, '').replace(file, 'FILE')]
    }
    expect(await session('a\nb\n', 0)).toEqual(['lines: a lines: b', '2 lines appended to lines'])
    const none = 'and none is new. Once more: npx millrace produce lines --file FILE'
    expect(await session('a\nb\n', 2)).toEqual(['', `2 of its lines are in lines from a session before, ${none}`])
    const one = '2 of its lines are in lines from a session before, 1 line appended'
    expect(await session('a\nb\nc\n', 2)).toEqual(['lines: c', one])
    const again = 'has changed since it was appended, so again: 2 lines appended to lines'
    expect(await session('x\nb\n', 3)).toEqual(['lines: x lines: b', again])
    // The topic was made anew.
    expect(await session('x\nb\n', 0)).toEqual(['lines: x lines: b', '2 lines appended to lines'])
  })

  it('waits for topics that are away for a moment, and loses nothing', async () => {
    const file = join(folder, 'lines.txt')
    await writeFile(file, 'a\nb\n')
    const errors: Error[] = [new BrokerUnreachableError(['broker:9092'], 100, new Error('ECONNREFUSED'))]
    const { running, values, said } = fed(fileFeed('lines', file), () => errors.pop())
    await running
    expect(values).toEqual(['lines: a', 'lines: b'])
    expect(said[0]).toMatch(/records cannot be appended .*; trying again/)
  })

  it('ends with the error of topics that take nothing', async () => {
    const file = join(folder, 'lines.txt')
    await writeFile(file, 'a\nb\n')
    const { running, values } = fed(fileFeed('lines', file), () => new Error('no room'))
    await expect(running).rejects.toThrow(/^no room$/)
    expect(values).toEqual([])
  })

  it('that cannot be read is named', async () => {
    const { running } = fed(fileFeed('lines', join(folder, 'none')))
    await expect(running).rejects.toThrow(/--from lines=.*none: .*ENOENT/)
  })
})

describe('a socket', () => {
  const listen = async (server: Server, port = 0): Promise<number> => {
    server.listen(port, '127.0.0.1')
    await once(server, 'listening')
    const address = server.address()
    return typeof address === 'object' && address ? address.port : 0
  }

  it('is connected to again when it goes', async () => {
    let served = 0
    const server = createServer((socket) => socket.end(`hello ${served++}\n`))
    const port = await listen(server)
    const { values, stop } = fed(socketFeed('lines', `127.0.0.1:${port}`))
    await until('two lines', () => values.length >= 2)
    expect(values.slice(0, 2)).toEqual(['lines: hello 0', 'lines: hello 1'])
    await stop()
    server.close()
  })

  it('that nobody serves is waited for', async () => {
    const server = createServer()
    const port = await listen(server)
    server.close()
    await once(server, 'close')
    const { said, stop } = fed(socketFeed('lines', `127.0.0.1:${port}`))
    await until('it says so', () => said.length > 0)
    expect(said[0]).toContain(`nc -lk ${port}`)
    await stop()
  })

  it('needs a port', () => {
    for (const address of ['host', '99999', 'host:'])
      expect(() => socketFeed('lines', address)).toThrow(`--socket lines=${address}: write --socket lines=9999`)
  })
})

describe('samples', () => {
  it('come at their rate', async () => {
    const { values, stop } = fed(generatorFeed('lines', '1000', async () => ({ topic: 'lines', value: 'x' })))
    await until('fifty', () => values.length >= 50)
    await stop()
    expect(new Set(values)).toEqual(new Set(['lines: x']))
  })

  it('that are not known are asked for', async () => {
    const { said, stop } = fed(generatorFeed('lines', '10', async () => undefined))
    await until('it says so', () => said.length > 0)
    await stop()
    expect(said).toEqual(["--generate lines: no record to go by yet; give one with --sample 'lines=…'"])
  })

  it('need a rate', () => {
    expect(() => generatorFeed('lines', 'many', async () => undefined)).toThrow('--generate lines=many')
  })
})

it('takes a flag apart at the first =', () => {
  expect(readAssignment('--sample', 'lines=a=b', 'value')).toEqual(['lines', 'a=b'])
  for (const text of ['lines', '=a', 'lines='])
    expect(() => readAssignment('--sample', text, 'value')).toThrow(`--sample ${text}: write --sample topic=value.`)
})
