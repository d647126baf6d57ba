// `millrace batch`: a job over a bounded range of its topics, in this process. Data goes to stdout, talk to stderr; it ends when everything
// is closed, and with 3 when what is published already says something else.

import { Command, InvalidArgumentError } from 'commander'
import { runBounded } from '../local/bounded/bounded-run.ts'
import { runFolder } from '../local/bounded/run-folder.ts'
import type { Published } from '../local/bounded/run-objects.ts'
import { batchObjects } from './batch-objects.ts'
import { effectsOf, progressLines, reportLines, startLines } from './batch-report.ts'
import { type BatchSourceFlags, openSources } from './batch-sources.ts'
import { loginOptions } from './brokers.ts'
import { jobOfModule } from './job-of-module.ts'
import { boolean, integer, number, object, text, withJson } from './json-output.ts'
import { type Manual, withManual } from './manual.ts'

interface BatchFlags extends BatchSourceFlags {
  readonly job?: string
  readonly out?: string
  readonly replace?: boolean
  readonly effects: boolean
  readonly json?: boolean
}

/** As every command has it, and as a shell says of what Ctrl-C has ended. */
const INTERRUPTED = 130

export function batchCommand(): Command {
  const command = withJson(new Command('batch'), RAN, 'what was done as one line of JSON; then print() goes to stderr')
    .description(
      'run a job over a bounded range of its topics, with the results that the stream has for the same records',
    )
    .argument('<module>', 'the module whose handler was made by lambda(job), such as functions/words.ts')
    .option('--job <name>', 'the job, if the module has several')
    .option('--from <place>', 'start, +n, -n, n or @t; of single partitions: start,3=100,lines/4=@-1h', 'start')
    .option('--until <place>', 'where to end, exclusive, in the same words', 'end')
    .option('--brokers <list>', 'the Kafka cluster of the topics, host:port,…')
    .option('--topic <topic=place>', 'lines of files as a topic: a file, a folder or s3://bucket/prefix', collect, [])
    .option('--time <where>', 'the time of a line: mtime, a field such as meta.at, or /a pattern/', 'mtime')
    .option('--partitions <n>', 'of topics that are files (default: one for each file)', positive)
    .option('--out <place>', 'write results below a folder or s3://bucket/prefix, and not where the job says')
    .option('--replace', 'replace batches that are published already and say something else')
    .option('--no-effects', 'call no function of foreachRDD and foreachPartition')
  return withManual(loginOptions(command).action(runBatch), MANUAL)
}

const RAN = object(
  {
    job: text(),
    records: integer(),
    batches: integer('batch times that had records'),
    late: integer('records that came after their batch had passed in their partition'),
    withoutEffect: integer('calls that were left out'),
    interrupted: boolean(),
    written: integer('results that are new'),
    alike: integer('results that were there and said the same'),
    replaced: integer(),
    objects: integer(),
    seconds: number(),
  },
  { first: integer('the first batch time that had records'), last: integer() },
)

const MANUAL: Manual = {
  notes: `Times t are 13 digits (milliseconds), 9 or 10 (seconds), a day (2026-01-31), RFC 3339 (2026-01-31T12:00:00Z) or a length (-48h).
State begins empty and is thrown away at the end. Nothing that is published is replaced unless --replace says so: a batch that is
there and says the same is left, another one is refused.`,
  examples: [
    [
      'millrace batch functions/words.ts --brokers localhost:9092 --from @-48h --until @-24h --out ./out',
      'yesterday again, beside what is there',
    ],
    ['millrace batch functions/words.ts --topic lines=./logs --time at --out ./out', 'files instead of a topic'],
  ],
  exits: {
    3: 'what is published already says something else',
    130: 'stopped by Ctrl-C; what is published is whole batches',
  },
}

async function runBatch(module: string, flags: BatchFlags): Promise<void> {
  const started = performance.now()
  const say = (line: string): void => console.error(line)
  const print = (text: string): void => void (flags.json ? process.stderr : process.stdout).write(`${text}\n`)
  const job = await jobOfModule(module, flags.job)
  const stop = stopped(say)
  const folder = await runFolder()
  try {
    const published: Published[] = []
    const counts = { written: 0, alike: 0, replaced: 0, objects: 0 }
    const objects = batchObjects(job, flags, folder.path, (one) => {
      counts[one.how]++
      counts.objects += one.objects
      published.push(one)
      published.splice(0, published.length - 1)
    })
    const source = await Promise.race([openSources(job, flags), stop.promise])
    if (!source) {
      process.exitCode = INTERRUPTED
      return
    }
    try {
      for (const line of startLines(job, source, objects.where, flags.effects)) say(line)
      const progress = progressLines(say)
      const report = await runBounded({
        job,
        partitions: source.partitions,
        services: {
          table: folder.table,
          objects: objects.store,
          bucket: objects.bucket,
          log: logTo(say),
          print,
          owner: 'millrace batch',
          instance: folder.id,
          code: process.env.MILLRACE_CODE ?? 'batch',
        },
        effects: flags.effects,
        onProgress: progress,
        signal: stop.signal,
      })
      const seconds = (performance.now() - started) / 1000
      for (const line of reportLines(job, report, counts, objects.where, seconds, effectsOf(job))) say(line)
      for (const line of source.warnings()) say(`warning: ${line}`)
      if (flags.json)
        console.log(JSON.stringify({ job: job.name, ...report, ...counts, seconds: Number(seconds.toFixed(3)) }))
      if (report.interrupted) process.exitCode = INTERRUPTED
    } finally {
      await source.close()
    }
  } finally {
    stop.close()
    await folder.close()
    // What a library still waits for must not keep the process.
    setTimeout(() => process.exit(), 500).unref()
  }
}

/** The first signal stops between two rounds; the second ends the process: what is published is whole in either case. */
function stopped(say: (line: string) => void) {
  const stopping = new AbortController()
  const promise = new Promise<undefined>((resolve) => {
    stopping.signal.addEventListener('abort', () => resolve(undefined), { once: true })
  })
  const on = (): void => {
    if (stopping.signal.aborted) process.exit(INTERRUPTED)
    say('stopping: what is under way is finished; again to stop at once')
    stopping.abort()
  }
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, on)
  return {
    signal: stopping.signal,
    promise,
    close: () => {
      for (const signal of ['SIGINT', 'SIGTERM'] as const) process.off(signal, on)
    },
  }
}

function logTo(say: (line: string) => void) {
  const at = (level: string) => (facts: Readonly<Record<string, unknown>>, message: string) =>
    say(`${level}: ${message} ${JSON.stringify(facts)}`)
  return { info: () => {}, warn: at('warning'), error: at('error') }
}

function collect(text: string, before: readonly string[]): string[] {
  return [...before, text]
}

function positive(text: string): number {
  if (/^[1-9]\d{0,3}$/.test(text)) return Number(text)
  throw new InvalidArgumentError('It is a whole number from 1.')
}
