// `millrace run`: the jobs of a module, to stay up: logs as JSON, workers that are started again, a graceful end.

import { existsSync } from 'node:fs'
import { resolve } from 'node:path'
import { Command } from 'commander'
import { InvalidOptionError } from '../errors/errors.ts'
import { healthServer } from '../local/run/health.ts'
import { type HostedOptions, startHosted } from '../local/run/hosted.ts'
import { DEFAULT_FOLDER } from '../stores/folder.ts'
import { type BrokerFlags, brokerOptions, kafkaOptions } from './brokers.ts'
import { collect, environmentOf, portNumber, positive } from './job-flags.ts'
import { withoutJson } from './json-output.ts'
import { withManual } from './manual.ts'
import { listening, type ServerFlags, serverOptions } from './served.ts'

/** Of what runs jobs on this machine. */
export interface RunFlags extends BrokerFlags {
  readonly export?: string
  readonly parameters: readonly string[]
  readonly accept: readonly string[]
  readonly group?: string
  readonly partitions: number
  readonly workers: number
}

interface OwnFlags extends RunFlags, ServerFlags {
  readonly health?: number
  readonly control?: string | true
}

const PLACES = ['MILLRACE_DIR', 'MILLRACE_TABLE', 'MILLRACE_BUCKET'] as const
const INTERRUPTED = { SIGTERM: 143, SIGINT: 130 } as const
const SIGNALS = ['SIGTERM', 'SIGINT'] as const
const CONTROL = '127.0.0.1:6066'

export function runCommand(): Command {
  const command = new Command('run')
    .description('run the jobs of a module, to stay up: on a server, in a container, with several processes')
    .argument('<module>', 'the module whose handlers were made by lambda(job), such as functions/words.ts')
    .option('--health <port>', 'serve /healthz and /metrics on the loopback interface', portNumber)
    .option(
      '--control [host:port]',
      `let the jobs be stopped and started from afar, as serve does (default: ${CONTROL})`,
    )
  withManual(withoutJson(command, 'it prints no data: its log is lines of JSON as it is.'), {
    examples: [
      ['millrace run functions/words.ts --brokers kafka-1:9092,kafka-2:9092 --health 8080', 'on a server'],
      ['millrace run functions/words.ts --dir ./state', 'with state and topics in a folder'],
      ['millrace run functions/words.ts --control --allow GREETING', 'to be stopped and started from afar as well'],
    ],
    exits: { 130: 'stopped by a second Ctrl-C, before all was done' },
  })
  return brokerOptions(serverOptions(runOptions(command))).action(runRun)
}

export function runOptions(command: Command): Command {
  return command
    .option('--export <name>', 'one of several handlers (default: all)')
    .option('--parameters <name=value...>', 'environment variables of the job, over those of .env', collect, [])
    .option('--accept <ids...>', 'operators that may go, or start with empty state', collect, [])
    .option('--group <name>', 'the consumer group that processes of the job share')
    .option('--partitions <n>', 'of topics that are made in a folder', positive, 1)
    .option('--workers <n>', 'processes of each job, which work side by side', positive, 1)
}

/** What the flags say, of a module. */
export async function hostedOptions(entry: string, flags: RunFlags): Promise<HostedOptions> {
  // What `.env` says of places and logins counts here as well: workers must not have another folder or table than this process.
  if (existsSync('.env')) process.loadEnvFile('.env')
  const env = environmentOf(flags.parameters)
  const place = PLACES.find((name) => name in env)
  if (place !== undefined)
    throw new InvalidOptionError(
      `--parameters ${place}: where a run keeps state is not a parameter of a job. Use --dir, or set ${place} in the environment or in .env.`,
    )
  const list = flags.brokers ?? process.env.KAFKA_BROKERS
  const { brokers = [], ...kafka } = list ? await kafkaOptions(list, flags, process.env) : {}
  const dir = flags.dir ?? process.env.MILLRACE_DIR
  return {
    entry,
    folder: resolve(dir ?? DEFAULT_FOLDER),
    stores: dir === undefined ? 'as variables say' : 'folder',
    brokers,
    kafka,
    env,
    accept: flags.accept,
    partitions: flags.partitions,
    workers: flags.workers,
    batchSize: 10_000,
    windowMs: 500,
    ...(flags.export !== undefined && { exportName: flags.export }),
    ...(flags.group !== undefined && { group: flags.group }),
  }
}

/** The first signal resolves it, the second ends the process. */
export function untilAsked(): Promise<void> {
  const stopping = Promise.withResolvers<void>()
  let asked = false
  for (const signal of SIGNALS) {
    process.on(signal, () => {
      if (asked) process.exit(INTERRUPTED[signal])
      asked = true
      stopping.resolve()
    })
  }
  return stopping.promise
}

async function runRun(module: string, flags: OwnFlags): Promise<void> {
  const entry = resolve(module)
  if (!existsSync(entry))
    throw new InvalidOptionError(`There is no ${module}. Name the module of a job, such as functions/words.ts.`)
  const asked = untilAsked()
  const where = flags.control === true ? CONTROL : flags.control
  // Checked before anything runs.
  const open = where === undefined ? undefined : listening(where, flags)
  const hosted = await startHosted(await hostedOptions(entry, flags))
  let server: Awaited<ReturnType<typeof healthServer>> | undefined
  let control: Awaited<ReturnType<NonNullable<typeof open>>> | undefined
  try {
    server = flags.health === undefined ? undefined : await healthServer(hosted.apps, flags.health)
    control = await open?.(hosted.served)
    await asked
  } finally {
    // Also where a port is taken: else the job would run on without what was asked for.
    await control?.close()
    await hosted.stop()
    server?.close()
  }
  // What a library still waits for must not keep the process.
  process.exit(0)
}
