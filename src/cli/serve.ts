// `millrace serve`: start, ask after and stop jobs from afar, by Spark's REST submission protocol. Which jobs there are is said here, once.

import { existsSync, readdirSync, statSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { Command } from 'commander'
import { InvalidOptionError } from '../errors/errors.ts'
import type { ServedJob } from '../local/control/submissions.ts'
import { type Hosted, startHosted } from '../local/run/hosted.ts'
import { brokerOptions } from './brokers.ts'
import { deployedDoor } from './control.ts'
import { collect } from './job-flags.ts'
import { withoutJson } from './json-output.ts'
import { withManual } from './manual.ts'
import { openPlace, type Place, type PlaceFlags } from './place.ts'
import { hostedOptions, type RunFlags, runOptions, untilAsked } from './run.ts'
import { listening, type ServerFlags, serverOptions } from './served.ts'

interface ServeFlags extends RunFlags, ServerFlags, PlaceFlags {
  readonly deployed: readonly string[]
  readonly listen: string
}

const CODE = /\.(?:[cm]?[jt]s)$/
const NOT_CODE = /\.(?:d\.[cm]?ts|(?:test|spec)\.[cm]?[jt]s)$/

export function serveCommand(): Command {
  const command = new Command('serve')
    .description("start and stop jobs from afar, by Spark's REST submission protocol; only those that are named here")
    .argument('[modules...]', 'modules whose handlers were made by lambda(job), or folders of such')
    .option('--listen <host:port>', 'where to listen; elsewhere than on loopback it needs a token', '127.0.0.1:6066')
    .option('--deployed <job=function>', 'a deployed job and its function; may be repeated', collect, [])
    .option('--table <name>', 'the table of deployed jobs (default: MILLRACE_TABLE)')
    .option('--bucket <name>', 'the bucket of deployed jobs (default: MILLRACE_BUCKET)')
  withManual(withoutJson(command, 'it prints no data: its log is lines of JSON, and it answers by HTTP.'), {
    examples: [
      ['millrace serve functions/ --allow GREETING', 'for the jobs of a folder, one of whose parameters may be given'],
      [
        'millrace serve --deployed words=shop-prod-words --listen 0.0.0.0:6066 --control-token-file ./token',
        'for a deployed job',
      ],
    ],
    exits: { 130: 'stopped by a second Ctrl-C, before all was done' },
  })
  return brokerOptions(serverOptions(runOptions(command))).action(runServe)
}

async function runServe(modules: readonly string[], flags: ServeFlags): Promise<void> {
  const entries = modules.flatMap(modulesOf)
  if (entries.length + flags.deployed.length === 0)
    throw new InvalidOptionError('Which jobs? Name modules, such as functions/words.ts, or --deployed job=function.')
  const asked = untilAsked()
  const hosted: Hosted[] = []
  const place = flags.deployed.length > 0 ? openPlace(placeOf(flags)) : undefined
  const jobs = new Map<string, ServedJob>()
  try {
    // Checked before anything runs.
    const open = listening(flags.listen, flags)
    for (const entry of entries) {
      const one = await startHosted({ ...(await hostedOptions(entry, flags)), first: 'stopped' })
      hosted.push(one)
      for (const [name, job] of one.served) add(jobs, name, job)
    }
    if (place) for (const [name, job] of await deployedJobs(flags.deployed, place)) add(jobs, name, job)
    const server = await open(jobs)
    await asked
    await server.close()
  } finally {
    await Promise.all(hosted.map((one) => one.stop()))
    place?.close()
  }
  // What a library still waits for must not keep the process.
  process.exit(0)
}

function add(jobs: Map<string, ServedJob>, name: string, job: ServedJob): void {
  if (jobs.has(name)) throw new InvalidOptionError(`Two modules, or a module and --deployed, have a job '${name}'.`)
  jobs.set(name, job)
}

/** State of deployed jobs is in a table; `--dir` is of those that run here. */
const placeOf = ({ table, bucket }: ServeFlags): PlaceFlags => ({
  ...(table !== undefined && { table }),
  ...(bucket !== undefined && { bucket }),
})

async function deployedJobs(pairs: readonly string[], place: Place): Promise<Map<string, ServedJob>> {
  const jobs = new Map<string, ServedJob>()
  for (const pair of pairs) {
    const at = pair.indexOf('=')
    if (at <= 0 || at === pair.length - 1)
      throw new InvalidOptionError(`--deployed ${pair}: write --deployed job=function.`)
    const [job, name] = [pair.slice(0, at), pair.slice(at + 1)]
    jobs.set(job, { door: await deployedDoor(job, name, place), table: place.table, driven: true })
  }
  return jobs
}

/** A module, or those in a folder, which is not searched any deeper. */
function modulesOf(path: string): string[] {
  const entry = resolve(path)
  if (!existsSync(entry))
    throw new InvalidOptionError(`There is no ${path}. Name a module, such as functions/words.ts, or a folder.`)
  if (!statSync(entry).isDirectory()) return [entry]
  const names = readdirSync(entry).filter((name) => CODE.test(name) && !NOT_CODE.test(name))
  if (names.length === 0) throw new InvalidOptionError(`There is no module in ${path}.`)
  return names.sort().map((name) => join(entry, name))
}
