// A real PostgreSQL of this machine (Debian: `postgresql`), on a port and a folder of its own: up in a second, and gone with its data.
// PostgreSQL refuses to run as root; there it runs as the user that Debian's package has made for it.

import { readdir } from 'node:fs/promises'
import { join } from 'node:path'
import { freePorts } from './ports.ts'
import { type ProcessRef, type Started, startProcess, stopProcess, until } from './process.ts'
import { findProgram } from './program.ts'
import { run } from './run.ts'
import { makeTempFolder, removeTempFolder } from './temp.ts'

/** Where Debian puts the programs of each version; only the client is on the PATH. */
const DEBIAN = '/usr/lib/postgresql'
const USER = 'postgres'

export interface Postgres extends ProcessRef {
  /** With user and database; anybody on this machine is let in. */
  readonly url: string
  /** Its data and log. */
  readonly dir: string
  stop(): Promise<void>
  /** SIGKILL to all of it. */
  kill(): Promise<void>
  /** Starts it again on the same data and port, when it has been killed. */
  restart(): Promise<void>
}

/** The folder of the newest version's programs. */
export async function findPostgres(): Promise<string | undefined> {
  const versions = await readdir(DEBIAN).catch(() => [])
  const newest = versions.filter((name) => /^\d+$/.test(name)).sort((a, b) => Number(b) - Number(a))
  for (const version of newest) {
    const folder = join(DEBIAN, version, 'bin')
    if (await findProgram('postgres', folder)) return folder
  }
  return undefined
}

export async function startPostgres(): Promise<Postgres> {
  const bin = await findPostgres()
  if (bin === undefined) throw new Error('PostgreSQL is not installed (Debian: postgresql)')
  const dir = await makeTempFolder('postgres')
  const [port] = await freePorts(1)
  const [data, log] = [join(dir, 'data'), join(dir, 'postgres.log')]
  const asRoot = process.getuid?.() === 0
  const prefix = asRoot ? ['setpriv', `--reuid=${USER}`, `--regid=${USER}`, '--clear-groups'] : []
  const command = (name: string, ...args: string[]): [string, string[]] => {
    const [program = '', ...rest] = [...prefix, join(bin, name), ...args]
    return [program, rest]
  }
  let server: Started | undefined
  const launch = async (): Promise<void> => {
    // Nothing here outlives the machine, so nothing is forced to disk; a killed server loses nothing by that.
    const settings = ['-c', 'fsync=off', '-c', 'unix_socket_directories=', '-c', 'listen_addresses=127.0.0.1']
    const started = await startProcess(...command('postgres', '-D', data, '-p', String(port), ...settings), { log })
    server = started
    await until(
      async () => {
        if (started.ended() !== undefined) throw new Error(`PostgreSQL has ended with ${started.ended()}: see ${log}`)
        return run(join(bin, 'pg_isready'), ['-q', '-h', '127.0.0.1', '-p', String(port)]).then(
          () => true,
          () => false,
        )
      },
      60_000,
      'PostgreSQL',
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
    if (asRoot) await run('chown', [USER, dir])
    await run(...command('initdb', '-D', data, '-U', USER, '-A', 'trust', '-E', 'UTF8', '--locale=C', '--no-sync'))
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
    url: `postgres://${USER}@127.0.0.1:${port}/postgres`,
    dir,
    stop,
    kill: end,
    restart: launch,
  }
}
