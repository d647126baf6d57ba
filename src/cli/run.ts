// `millrace run`: the jobs of a module, to stay up: logs as JSON, workers that are started again, a graceful end.

import { existsSync } from 'node:fs'
import { resolve } from 'node:path'
import { Command } from 'commander'
import { InvalidOptionError } from '../errors/errors.ts'
import { healthServer } from '../local/run/health.ts'
import { startHosted } from '../local/run/hosted.ts'
import { DEFAULT_FOLDER } from '../stores/folder.ts'
import { type BrokerFlags, brokerOptions, kafkaOptions } from './brokers.ts'
import { collect, environmentOf, portNumber, positive } from './job-flags.ts'
import { withoutJson } from './json-output.ts'
import { withManual } from './manual.ts'

interface RunFlags extends BrokerFlags {
  readonly export?: string
  readonly parameters: readonly string[]
  readonly accept: readonly string[]
  readonly group?: string
  readonly partitions: number
  readonly workers: number
  readonly health?: number
}

const INTERRUPTED = { SIGTERM: 143, SIGINT: 130 } as const
const SIGNALS = ['SIGTERM', 'SIGINT'] as const

export function runCommand(): Command {
  const command = new Command('run')
    .description('run the jobs of a module, to stay up: on a server, in a container, with several processes')
    .argument('<module>', 'the module whose handlers were made by lambda(job), such as functions/words.ts')
    .option('--export <name>', 'one of several handlers (default: all)')
    .option('--parameters <name=value...>', 'environment variables of the job, over those of .env', collect, [])
    .option('--accept <ids...>', 'operators that may go, or start with empty state', collect, [])
    .option('--group <name>', 'the consumer group that processes of the job share')
    .option('--partitions <n>', 'of topics that are made in a folder', positive, 1)
    .option('--workers <n>', 'processes of each job, which work side by side', positive, 1)
    .option('--health <port>', 'serve /healthz and /metrics on the loopback interface', portNumber)
  withManual(withoutJson(command, 'it prints no data: its log is lines of JSON as it is.'), {
    examples: [
      ['millrace run functions/words.ts --brokers kafka-1:9092,kafka-2:9092 --health 8080', 'on a server'],
      ['millrace run functions/words.ts --dir ./state', 'with state and topics in a folder'],
    ],
    exits: { 130: 'stopped by a second Ctrl-C, before all was done' },
  })
  return brokerOptions(command).action(runRun)
}

async function runRun(module: string, flags: RunFlags): Promise<void> {
  const entry = resolve(module)
  if (!existsSync(entry))
    throw new InvalidOptionError(`There is no ${module}. Name the module of a job, such as functions/words.ts.`)
  const list = flags.brokers ?? process.env.KAFKA_BROKERS
  const { brokers = [], ...kafka } = list ? await kafkaOptions(list, flags, process.env) : {}
  const dir = flags.dir ?? process.env.MILLRACE_DIR
  const stopping = Promise.withResolvers<void>()
  let asked = false
  for (const signal of SIGNALS) {
    process.on(signal, () => {
      if (asked) process.exit(INTERRUPTED[signal])
      asked = true
      stopping.resolve()
    })
  }
  const hosted = await startHosted({
    entry,
    folder: resolve(dir ?? DEFAULT_FOLDER),
    stores: dir === undefined ? 'as variables say' : 'folder',
    brokers,
    kafka,
    env: environmentOf(flags.parameters),
    accept: flags.accept,
    partitions: flags.partitions,
    workers: flags.workers,
    batchSize: 10_000,
    windowMs: 500,
    ...(flags.export !== undefined && { exportName: flags.export }),
    ...(flags.group !== undefined && { group: flags.group }),
  })
  const server = flags.health === undefined ? undefined : await healthServer(hosted.apps, flags.health)
  await stopping.promise
  await hosted.stop()
  server?.close()
  // What a library still waits for must not keep the process.
  process.exit(0)
}
