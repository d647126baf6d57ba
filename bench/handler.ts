// The whole handler, from the event's text to the commit, without I/O, against its floor: JSON.parse of the event plus
// plain decoding of the records (DESIGN §9 wants at least half of the floor's speed, and five times AWS's own helper).

import type { Job } from '../src/graph/job.ts'
import type { KafkaEvent } from '../src/lambda/index.ts'
import { lambda } from '../src/lambda/index.ts'
import { eventTexts } from './lib/events.ts'
import { allFlights, allLines, fewFlights, fewLines } from './lib/jobs.ts'
import { type Comparison, type Contender, compare } from './lib/measure.ts'
import { loadPeer } from './lib/peer.ts'
import { benchEnvironment } from './lib/services.ts'
import { formatCount, formatSpread, formatTable } from './lib/table.ts'
import { flightValues, lineValues } from './lib/values.ts'

type Format = 'text' | 'json'

const ROUNDS = Number(process.env.BENCH_ROUNDS ?? 15)
const WARM_UP = 5
/** Records of one round: long enough to time, short enough to have many rounds. */
const RECORDS_PER_ROUND = 20_000

/** What must not be optimised away. */
let kept: unknown

function floor(format: Format): Contender<readonly string[]> {
  return {
    name: 'floor',
    run(texts) {
      for (const source of texts) {
        const event: KafkaEvent = JSON.parse(source)
        for (const list of Object.values(event.records)) {
          for (const { value } of list) {
            const decoded = Buffer.from(value ?? '', 'base64').toString('utf8')
            kept = format === 'json' ? JSON.parse(decoded) : decoded
          }
        }
      }
    },
  }
}

function millrace(name: string, job: Job): Contender<readonly string[]> {
  const handler = lambda(job, { environment: benchEnvironment() })
  return {
    name,
    async run(texts) {
      for (const source of texts) kept = await handler(JSON.parse(source))
    },
  }
}

export async function handlerBench(): Promise<string> {
  const values = { text: lineValues(), json: flightValues() }
  const peer = await loadPeer()
  if (!peer.powertools) console.log(`peer @aws-lambda-powertools/kafka skipped: ${peer.reason}\n`)
  const rows: string[][] = []
  const goals: Goal[] = []
  for (const format of ['text', 'json'] as const) {
    for (const partitions of [1, 4]) {
      for (const records of [100, 1000, 10_000]) {
        const topic = format === 'text' ? 'lines' : 'flights'
        const next = eventTexts({ topic, partitions, records, values: values[format] })
        const [all, few] = format === 'text' ? [allLines, fewLines] : [allFlights, fewFlights]
        const contenders = [floor(format), millrace('all', all), millrace('few', few)]
        if (peer.powertools) contenders.push(peer.powertools(format))
        const events = Math.max(1, Math.round(RECORDS_PER_ROUND / records))
        const plan = { rounds: ROUNDS, warmUp: WARM_UP, units: events * records, prepare: () => next(events) }
        const results = await compare(contenders, plan)
        rows.push([`${format}, ${formatCount(records)} in ${partitions}`, ...results.flatMap(cells)])
        const [, writesAll, writesFew, helper] = results
        goals.push({
          format,
          records,
          partitions,
          all: ratioOf(writesAll),
          few: ratioOf(writesFew),
          helper: ratioOf(helper),
        })
      }
    }
  }
  const peers = peer.powertools ? ['powertools rec/s', 'vs floor'] : []
  const head = ['event', 'floor rec/s', 'writes all rec/s', 'vs floor', 'writes few rec/s', 'vs floor', ...peers]
  console.log(formatTable(head, rows))
  return goals
    .filter(({ records }) => records >= 1000)
    .map(describe)
    .join('\n')
}

interface Goal {
  readonly format: Format
  readonly records: number
  readonly partitions: number
  /** Speeds against the floor. */
  readonly all: number
  readonly few: number
  readonly helper: number
}

function describe({ format, records, partitions, all, few, helper }: Goal): string {
  const peer = Number.isNaN(helper) ? '' : `; writing few is ${(few / helper).toFixed(1)}x powertools (goal 5)`
  const event = `${format}, ${formatCount(records)} in ${partitions}`
  return `handler / floor (goal 0.50), ${event}: writing all ${all.toFixed(2)}, few ${few.toFixed(2)}${peer}`
}

function ratioOf(result: Comparison | undefined): number {
  return result?.ratio.median ?? Number.NaN
}

function cells({ name, nanos, ratio }: Comparison): string[] {
  const speed = formatCount(1e9 / nanos)
  return name === 'floor' ? [speed] : [speed, formatSpread(ratio)]
}

export function keptByBenchmarks(): unknown {
  return kept
}
