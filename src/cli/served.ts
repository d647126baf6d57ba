// The server of `serve` and of `run --control`: where it listens, who may ask, and with which parameters.

import { readFileSync } from 'node:fs'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Command } from 'commander'
import { describeCause, InvalidOptionError } from '../errors/errors.ts'
import { logOf } from '../lambda/environment.ts'
import { isLoopback } from '../local/control/guard.ts'
import { checkParameterName } from '../local/control/parameters.ts'
import { type ControlServer, controlServer } from '../local/control/server.ts'
import { type ServedJob, Submissions } from '../local/control/submissions.ts'
import { collect } from './job-flags.ts'
import { version } from './version.ts'

export interface ServerFlags {
  readonly controlTokenFile?: string
  readonly allow: readonly string[]
  readonly allowedHost: readonly string[]
  readonly killDrains?: boolean
}

type Variables = Readonly<Record<string, string | undefined>>

/** What nobody guesses: 16 characters of anything are some 80 bits at least. */
const LEAST_TOKEN = 16

export function serverOptions(command: Command): Command {
  return command
    .option('--allow <name>', 'a parameter that may be given from afar; may be repeated (default: none)', collect, [])
    .option(
      '--control-token-file <file>',
      'the token that callers must have (default: MILLRACE_CONTROL_TOKEN; on loopback none)',
    )
    .option(
      '--allowed-host <name>',
      'a name by which it may be asked for, of a proxy in front; may be repeated',
      collect,
      [],
    )
    .option('--kill-drains', 'a kill closes every window first, unless it says ?drain=false')
}

/** Checks what was said, and gives what opens it. @throws InvalidOptionError */
export function listening(
  where: string,
  flags: ServerFlags,
  variables: Variables = process.env,
): (jobs: ReadonlyMap<string, ServedJob>) => Promise<ControlServer> {
  const { host, port } = addressOf(where)
  const token = tokenOf(flags, variables)
  if (!isLoopback(host) && token === undefined)
    throw new InvalidOptionError(
      `Listening at ${host}, others than this machine can start and stop jobs: that needs a token. Set MILLRACE_CONTROL_TOKEN, or pass --control-token-file; or listen at 127.0.0.1.`,
    )
  for (const name of flags.allow) checkParameterName('--allow', name)
  return async (jobs) => {
    const log = logOf(variables)
    const drive = driver(log)
    const submissions = new Submissions({
      jobs,
      allowed: new Set(flags.allow),
      drain: flags.killDrains === true,
      version: version(),
      drive,
    })
    // One that was to go on when the server ended goes on now.
    for (const job of jobs.values()) if (job.driven) drive(job)
    const allowedHosts = flags.allowedHost.map((name) => name.toLowerCase())
    const server = await controlServer({ host, port, token, allowedHosts, submissions, log })
    log.info({ host, port: server.port, jobs: [...jobs.keys()], token: token !== undefined }, 'listening')
    return server
  }
}

function addressOf(where: string): { host: string; port: number } {
  const [, host = '', port = ''] = /^(?:(.+):)?(\d{1,5})$/.exec(where) ?? []
  if (port === '' || Number(port) > 65_535)
    throw new InvalidOptionError(`${where} is no place to listen at: write host:port, such as 127.0.0.1:6066.`)
  return { host: host === '' ? '127.0.0.1' : host.replace(/^\[(.*)\]$/, '$1'), port: Number(port) }
}

function tokenOf({ controlTokenFile }: ServerFlags, variables: Variables): string | undefined {
  const given = controlTokenFile === undefined ? variables.MILLRACE_CONTROL_TOKEN : readToken(controlTokenFile)
  const token = given?.trim()
  if (token === undefined) return undefined
  if (token.length < LEAST_TOKEN || /[^\x21-\x7e]/.test(token))
    throw new InvalidOptionError(
      `The token is too short, or has blanks: ${LEAST_TOKEN} characters at least, as openssl rand -hex 32 makes them.`,
    )
  return token
}

function readToken(file: string): string {
  try {
    return readFileSync(file, 'utf8')
  } catch (error) {
    throw new InvalidOptionError(`--control-token-file ${file}: ${describeCause(error)}`)
  }
}

const EVERY_MS = 1000
const LONGEST_MS = 15 * 60_000

/** One loop per job at a time; what fails is said, and asked again. */
function driver(log: ReturnType<typeof logOf>): (job: ServedJob) => void {
  const driving = new Set<ServedJob>()
  const asked = new Map<ServedJob, { readonly at: number }>()
  const run = async (job: ServedJob): Promise<void> => {
    for (let last = asked.get(job); last && Date.now() - last.at < LONGEST_MS; last = asked.get(job)) {
      try {
        const { over, phase } = await job.door.look()
        // What was asked for while it looked, it has not seen.
        if (over && asked.get(job) === last) return log.info({ job: job.door.job }, phase)
      } catch (error) {
        log.warn({ job: job.door.job, cause: describeCause(error) }, 'cannot do what is wanted; it is tried again')
      }
      await sleep(EVERY_MS, undefined, { ref: false })
    }
  }
  return (job) => {
    asked.set(job, { at: Date.now() })
    if (driving.has(job)) return
    driving.add(job)
    void run(job).finally(() => driving.delete(job))
  }
}
