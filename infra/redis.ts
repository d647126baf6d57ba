// A real Redis of this machine (Debian: `redis-server`), on a port and a folder of its own: up at once, and gone with its data.

import { createConnection } from 'node:net'
import { join } from 'node:path'
import { freePorts } from './ports.ts'
import { type ProcessRef, type Started, startProcess, stopProcess, until } from './process.ts'
import { findProgram } from './program.ts'
import { makeTempFolder, removeTempFolder } from './temp.ts'

export interface Redis extends ProcessRef {
  /** `redis://…`; nobody has to log in. */
  readonly url: string
  /** Its log. */
  readonly dir: string
  stop(): Promise<void>
  /** SIGKILL; what it held is gone. */
  kill(): Promise<void>
  /** Starts it again on the same port, empty. */
  restart(): Promise<void>
}

export function findRedis(): Promise<string | undefined> {
  return findProgram('redis-server')
}

export async function startRedis(): Promise<Redis> {
  const program = await findRedis()
  if (program === undefined) throw new Error('Redis is not installed (Debian: redis-server)')
  const dir = await makeTempFolder('redis')
  const [port = 0] = await freePorts(1)
  const log = join(dir, 'redis.log')
  let server: Started | undefined
  const launch = async (): Promise<void> => {
    const settings = ['--port', String(port), '--bind', '127.0.0.1', '--dir', dir, '--save', '', '--appendonly', 'no']
    const started = await startProcess(program, settings, { log })
    server = started
    await until(
      async () => {
        if (started.ended() !== undefined) throw new Error(`Redis has ended with ${started.ended()}: see ${log}`)
        return answers(port)
      },
      60_000,
      'Redis',
    )
  }
  const end = async (): Promise<void> => {
    if (server) await stopProcess(server)
  }
  const stop = async (): Promise<void> => {
    await end()
    await removeTempFolder(dir)
  }
  try {
    await launch()
  } catch (error) {
    await stop()
    throw error
  }
  return {
    get pid() {
      return server?.pid ?? 0
    },
    get born() {
      return server?.born ?? ''
    },
    url: `redis://127.0.0.1:${port}`,
    dir,
    stop,
    kill: end,
    restart: launch,
  }
}

/** Whether it says PONG. */
function answers(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = createConnection({ host: '127.0.0.1', port }, () => socket.write('PING\r\n'))
    socket.setTimeout(1000, () => socket.destroy())
    socket.once('data', (data) => {
      resolve(data.toString().startsWith('+PONG'))
      socket.destroy()
    })
    socket.once('error', () => resolve(false))
    socket.once('close', () => resolve(false))
  })
}
