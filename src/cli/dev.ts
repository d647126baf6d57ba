// `millrace dev`: the jobs of a module on this machine, with reload, debugger and hotkeys, until it is stopped.

import { existsSync } from 'node:fs'
import { join, relative, resolve } from 'node:path'
import { createInterface } from 'node:readline/promises'
import { setTimeout as sleep } from 'node:timers/promises'
import { Command, Option } from 'commander'
import { describeCause, InvalidOptionError, MillraceError } from '../errors/errors.ts'
import { readPlan } from '../local/dev/described.ts'
import { type Feed, fileFeed, generatorFeed, readAssignment, socketFeed } from '../local/dev/feeds.ts'
import { helpOf, hotkeysOf } from '../local/dev/hotkeys.ts'
import { Keys } from '../local/dev/keys.ts'
import { checkReset, resetFolder } from '../local/dev/reset.ts'
import { Samples } from '../local/dev/samples.ts'
import { Screen } from '../local/dev/screen.ts'
import { DevSession, sessionTopics } from '../local/dev/session.ts'
import { standingOf } from '../local/dev/standing.ts'
import { DEFAULT_FOLDER } from '../stores/folder.ts'
import { kafkaOptions, type LoginFlags, loginOptions } from './brokers.ts'
import { EXIT } from './exit-codes.ts'
import { collect, environmentOf, positive } from './job-flags.ts'
import { withoutJson } from './json-output.ts'
import { withManual } from './manual.ts'

interface DevFlags extends LoginFlags {
  readonly export?: string
  readonly from: readonly string[]
  readonly socket: readonly string[]
  readonly generate: readonly string[]
  readonly sample: readonly string[]
  readonly parameters: readonly string[]
  readonly accept: readonly string[]
  readonly partitions: number
  readonly brokers?: string
  readonly dir?: string
  readonly inspect?: string | true
  readonly reset?: boolean
  readonly yes?: boolean
  readonly record?: string
  readonly service?: string
}

const INTERRUPTED = 130
/** Between two lines of progress. */
const PROGRESS_MS = 500
const DEBUGGER = '127.0.0.1:9229'

export function devCommand(): Command {
  const command = withoutJson(new Command('dev'), 'it talks to who watches it. `millrace run` logs as JSON.')
    .description('run the jobs of a module on this machine: no account, no Docker; reloads on change and keeps state')
    .argument('<module>', 'the module whose handlers were made by lambda(job), such as functions/words.ts')
    .option('--export <name>', 'one of several handlers (default: all)')
    .option('--from <topic=file>', 'append the lines of a file to a topic, each once; - is standard input', collect, [])
    .option(
      '--socket <topic=port>',
      'append lines from a server such as nc -lk 9999; host:port for another host',
      collect,
      [],
    )
    .option('--generate <topic=n>', 'append n samples a second', collect, [])
    .option('--sample <topic=value>', 'what a sample is (default: the last record of the topic)', collect, [])
    .option('--parameters <name=value...>', 'environment variables of the job, over those of .env', collect, [])
    .option('--accept <ids...>', 'operators that may go, or start with empty state', collect, [])
    .option('--partitions <n>', 'of topics that are made', positive, 1)
    .option('--brokers <list>', 'read the topics of a Kafka cluster, host:port,…, instead of those in the folder')
    .option('--dir <folder>', `where state, topics and objects are kept (MILLRACE_DIR; default: ${DEFAULT_FOLDER})`)
    .option('--inspect [host:port]', `let a debugger attach to the worker (default: ${DEBUGGER})`)
    .option('--record <file>', "write the session's records as a test of the job, when it ends")
    .option('--reset', 'delete state, topics and objects of the folder first; asks')
    .option('--yes', 'answer that question')
    // What serverless.yml says of the module's functions: `serverless millrace dev` writes it.
    .addOption(new Option('--service <file>', 'what serverless.yml says of its functions').hideHelp())
  return withManual(loginOptions(command).action(runDev), {
    examples: [
      ['millrace dev functions/words.ts', 'all jobs of a module, on the topics of the folder'],
      ['millrace dev functions/words.ts --generate lines=10 --sample lines=hello', 'ten records a second'],
      ['tail -f access.log | millrace dev functions/words.ts --from lines=-', 'what another program writes'],
    ],
    exits: { 3: 'nobody has agreed to --reset: --yes does' },
  })
}

async function runDev(module: string, flags: DevFlags): Promise<void> {
  const entry = resolve(module)
  if (!existsSync(entry))
    throw new InvalidOptionError(`There is no ${module}. Name the module of a job, such as functions/words.ts.`)
  // Where the session keeps its things is settled here: for a worker it must not be another folder.
  const { MILLRACE_DIR: fromFile, ...env } = environmentOf(flags.parameters)
  const folder = resolve(flags.dir ?? process.env.MILLRACE_DIR ?? fromFile ?? DEFAULT_FOLDER)
  if (flags.reset && !(await reset(folder, flags.yes === true))) {
    process.exitCode = EXIT.refused
    return
  }
  const { brokers = [], ...kafka } = flags.brokers ? await kafkaOptions(flags.brokers, flags, process.env) : {}
  const assignments = (flag: 'from' | 'socket' | 'generate' | 'sample', what: string) =>
    flags[flag].map((text) => readAssignment(`--${flag}`, text, what))
  const feeds: Feed[] = [
    ...assignments('from', 'file.txt').map(([topic, path]) => fileFeed(topic, path)),
    ...assignments('socket', '9999').map(([topic, address]) => socketFeed(topic, address)),
  ]
  const generated = assignments('generate', '10')
  const values = new Map(assignments('sample', "'a value'"))
  const screen = new Screen()
  const recorder = flags.record === undefined ? undefined : new (await import('../local/dev/record.ts')).Recorder()
  const session = await DevSession.open({
    entry,
    folder,
    screen,
    env,
    accept: flags.accept,
    partitions: flags.partitions,
    brokers,
    kafka,
    ...(flags.export !== undefined && { exportName: flags.export }),
    ...(flags.inspect !== undefined && { inspect: flags.inspect === true ? DEBUGGER : flags.inspect }),
    ...(flags.service !== undefined && { plan: readPlan(flags.service) }),
    onTaken: (job, event) => recorder?.note(job, event),
  })
  const samples = new Samples(session.services.topics, values)
  for (const [topic, rate] of generated) feeds.push(generatorFeed(topic, rate, () => samples.of(topic)))
  try {
    const fed = (['from', 'socket', 'generate', 'sample'] as const).flatMap((flag) => assignments(flag, '…'))
    await live(session, samples, screen, feeds, new Set(fed.map(([topic]) => topic)))
  } catch (error) {
    screen.problem([`✘ ${error instanceof MillraceError ? `${error.code}: ${error.message}` : describeCause(error)}`])
    process.exit(1)
  }
  if (recorder && flags.record !== undefined) {
    try {
      screen.say(...(await recorder.write(resolve(flags.record), entry, folder)))
    } catch (error) {
      screen.problem([`✘ ${describeCause(error)}`])
      process.exitCode = 1
    }
  }
  // What a library still waits for, such as a connection that it tries to make, must not keep the process.
  process.exit()
}

/** Until somebody stops it. */
async function live(
  session: DevSession,
  samples: Samples,
  screen: Screen,
  feeds: readonly Feed[],
  fed: ReadonlySet<string>,
): Promise<void> {
  const echo = (text: string): void => void process.stderr.write(text)
  const keys = new Keys(process.stdin, echo, (line) => screen.problem([line]))
  const ended = Promise.withResolvers<void>()
  let interrupts = 0
  const interrupt = (): void => {
    if (interrupts++ > 0) process.exit(INTERRUPTED)
    screen.status('')
    screen.say('stopping: what is under way is finished; again to stop at once')
    ended.resolve()
  }
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, interrupt)
  const hotkeys = hotkeysOf({ session, samples, screen, keys, quit: interrupt })
  const takesInput = process.argv.some((argument) => /^(--from=)?[^=]+=-$/.test(argument))
  const listening = !takesInput && keys.listen(hotkeys, interrupt)
  screen.status('starting …')
  const ending = new AbortController()
  try {
    await Promise.race([session.start(), ended.promise])
    if (interrupts === 0) {
      screen.say(...banner(session, screen), ...(listening ? ['', ...helpOf(hotkeys, screen)] : []), '')
      warnUnread(session, screen, fed)
      void showProgress(session, screen, ending.signal)
      for (const feed of feeds) session.feed(feed)
    }
    await ended.promise
  } finally {
    ending.abort()
    screen.status('')
    await session.stop()
    keys.close()
    screen.say('stopped')
  }
}

/** Most often mistyped. Records go there all the same: the next edit may read it. */
function warnUnread(session: DevSession, screen: Screen, fed: ReadonlySet<string>): void {
  const read = sessionTopics(session)
  for (const topic of fed)
    if (!read.includes(topic)) screen.warn(`! no job here reads the topic ${topic}. What is read: ${read.join(', ')}`)
}

function banner(session: DevSession, screen: Screen): string[] {
  const { services, jobs } = session
  return [
    `millrace dev: ${[...jobs.keys()].join(', ')}`,
    `  topics   ${sessionTopics(session).join(', ')} (${services.topics.where})`,
    `  objects  ${services.objectsAt}`,
  ].map((line, i) => (i === 0 ? screen.paint('green', line) : line))
}

/** A line of progress; nothing when nothing is under way. Lag is asked for while there is some: a cluster is a connection away. */
function progressOf(session: DevSession): () => Promise<string> {
  const taken = { records: 0, at: 0 }
  let waiting = 0
  return async () => {
    const all = [...session.jobs.values()].map(({ progress }) => progress)
    const records = all.reduce((sum, one) => sum + one.records, 0)
    const now = performance.now()
    const rate = Math.round(((records - taken.records) / (now - taken.at)) * 1000)
    Object.assign(taken, { records, at: now })
    if (rate === 0 && waiting === 0 && all.every(({ inFlight }) => inFlight === 0)) return ''
    const standing = await Promise.all([...session.jobs.values()].map((job) => standingOf(session.services, job)))
    waiting = standing.flat().reduce((sum, { next, end }) => sum + Math.max(0, end - next), 0)
    const lag = waiting === 0 ? '' : `, ${waiting.toLocaleString('en')} waiting`
    return `… ${rate.toLocaleString('en')} records/s, ${records.toLocaleString('en')} in this session${lag}`
  }
}

/** Until it is stopped; what cannot be asked for at the moment is not shown. */
async function showProgress(session: DevSession, screen: Screen, signal: AbortSignal): Promise<void> {
  const progress = progressOf(session)
  while (!signal.aborted) {
    const text = await progress().catch(() => '')
    if (!signal.aborted) screen.status(text)
    await sleep(PROGRESS_MS, undefined, { signal }).catch(() => undefined)
  }
}

async function reset(folder: string, yes: boolean): Promise<boolean> {
  if (!existsSync(folder)) return true
  await checkReset(folder)
  const what = `state, topics and objects in ${join(relative(process.cwd(), folder) || folder, '/')}`
  if (!yes) {
    if (!process.stdin.isTTY) {
      console.error(`--reset deletes ${what}, and there is no terminal to ask: add --yes.`)
      return false
    }
    const asking = createInterface({ input: process.stdin, output: process.stderr })
    const answer = await asking.question(`Delete ${what}? [y/N] `)
    asking.close()
    if (!/^y(es)?$/i.test(answer.trim())) {
      console.error('Nothing was deleted.')
      return false
    }
  }
  await resetFolder(folder)
  return true
}
