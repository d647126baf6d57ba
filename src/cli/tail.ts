// `millrace tail`: what a job publishes and prints, batch by batch, as it comes.

import { setTimeout as sleep } from 'node:timers/promises'
import { Command } from 'commander'
import { NotFoundError } from '../errors/cli-errors.ts'
import type { Logs } from '../log/kept-state.ts'
import { lastBatches, type Published, type PublishedBatch, PublishedReader } from '../runtime/published.ts'
import { objectUrl } from '../stores/object-store.ts'
import { integer, list, object, text, withJson } from './json-output.ts'
import { withManual } from './manual.ts'
import { type PlaceFlags, placeOptions } from './place.ts'
import { textOf } from './record-lines.ts'
import { inTime, momentOf, TIMES, withJob } from './state/kept.ts'
import { positive } from './state/scan.ts'
import { endsWithItsReader, printLine } from './stdout.ts'

interface TailFlags extends PlaceFlags {
  readonly from?: string
  readonly follow?: boolean
  readonly num: number
  readonly lines: number
  readonly json?: boolean
}

const LINE = object(
  {
    time: integer('the batch time'),
    output: text(),
    kind: { type: 'string', enum: ['files', 'print'] },
    lines: list(text()),
  },
  { parts: list(object({ object: text(), bytes: integer(), text: { type: 'boolean' }, there: { type: 'boolean' } })) },
)

const POLL_MS = 1000

export function tailCommand(): Command {
  const command = withJson(
    placeOptions(new Command('tail')),
    LINE,
    'a line of JSON for each output and batch, with all lines',
  )
    .description('what a job publishes and prints, by closed batches')
    .argument('<job>', 'the name of the job')
    .argument('[output]', 'only outputs with this in their address, or print')
    .option('--from <time>', `from this batch on: ${TIMES}`)
    .option('-n, --num <n>', 'without --from: so many batches back', positive, 10)
    .option('--lines <n>', 'so many lines of an output and batch', positive, 20)
    .option('-f, --follow', 'go on with what comes, until Ctrl-C')
    .action(runTail)
  return withManual(command, {
    examples: [
      ['millrace tail shop-totals --follow', 'what is published and printed, as it comes'],
      ['millrace tail shop-totals results/totals --from -1h', 'one output, of the last hour'],
    ],
    exits: { 4: 'there is no such job, or it has published nothing since' },
  })
}

async function runTail(job: string, output: string | undefined, flags: TailFlags): Promise<void> {
  const stop = new AbortController()
  const interrupt = (): void => stop.abort()
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, interrupt)
  const done = endsWithItsReader()
  try {
    await withJob(job, flags, async ({ kept, logs }) => {
      const moment = momentOf('--from', flags.from)
      const given = moment && 'batch' in moment ? moment.batch : undefined
      const from = given ?? (await lastBatches(job, logs, flags.num))
      const reader = new PublishedReader(job, logs, kept.batch, from)
      let shown = 0
      for (let round = 0; !stop.signal.aborted; round++) {
        for (const batch of await reader.next(flags.follow === true && round % 3 !== 0)) {
          const printed = await print(batch, output, flags, logs)
          if (printed === undefined) return
          shown += printed
        }
        if (!flags.follow) break
        await sleep(POLL_MS, undefined, { signal: stop.signal }).catch(() => undefined)
      }
      if (shown === 0 && !flags.follow) throw new NotFoundError(nothing(job, output, from, kept.closedUntil))
    })
  } finally {
    for (const signal of ['SIGINT', 'SIGTERM'] as const) process.off(signal, interrupt)
    done()
  }
}

function nothing(job: string, output: string | undefined, from: number, closedUntil: number): string {
  const what = output === undefined ? 'nothing' : `nothing of an output with '${output}' in its address`
  return `${job} has published ${what} from batch ${inTime(from)} on; batches up to ${inTime(closedUntil)} are closed.`
}

/** How many outputs were shown; undefined: nobody reads any more. */
async function print(
  { time, outputs }: PublishedBatch,
  wanted: string | undefined,
  flags: TailFlags,
  logs: Logs,
): Promise<number | undefined> {
  let shown = 0
  for (const one of outputs) {
    if (wanted !== undefined && !one.output.includes(wanted)) continue
    const read = await contents(one, logs)
    const lines = flags.json
      ? [
          JSON.stringify({
            time,
            output: one.output,
            kind: one.kind,
            lines: read.lines,
            ...(read.parts && { parts: read.parts }),
          }),
        ]
      : inWords(time, one, read, flags.lines)
    for (const line of lines) if (!(await printLine(line))) return undefined
    shown++
  }
  return shown
}

interface Contents {
  readonly lines: readonly string[]
  readonly parts?: readonly {
    readonly object: string
    readonly bytes: number
    readonly text: boolean
    readonly there: boolean
  }[]
}

async function contents(one: Published, { objects }: Logs): Promise<Contents> {
  if (one.kind === 'print') return { lines: one.lines }
  const [lines, parts]: [string[], NonNullable<Contents['parts']>[number][]] = [[], []]
  for (const { ref } of one.parts) {
    const body = await objects.get(ref)
    const content = body && textOf(body)
    if (content) lines.push(...content.replace(/\n$/, '').split('\n'))
    parts.push({
      object: objectUrl(ref),
      bytes: body?.byteLength ?? 0,
      text: content !== undefined,
      there: body !== undefined,
    })
  }
  return { lines, parts }
}

function inWords(time: number, { output, kind }: Published, { lines, parts = [] }: Contents, most: number): string[] {
  const count = (n: number, what: string): string => `${n} ${what}${n === 1 ? '' : 's'}`
  const head = kind === 'files' ? `${output}, ${count(parts.length, 'part')}, ${count(lines.length, 'line')}` : output
  const rest = lines.length > most ? [`… and ${count(lines.length - most, 'more line')} (--lines, --json)`] : []
  const odd = parts.flatMap(({ object, bytes, text: isText, there }) => {
    if (!there) return [`${object} is not there: not published yet, or deleted`]
    return isText ? [] : [`${object}: ${bytes} bytes, no text`]
  })
  return [`── ${inTime(time)}  ${head}`, ...lines.slice(0, most), ...rest, ...odd]
}
