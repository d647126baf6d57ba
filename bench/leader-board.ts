// A leader board: the 10 largest of 1,000,000 records (or BENCH_RECORDS) in one batch interval. What is written and read for it, and the CPU time of
// the function, with a limit where the data is and without. Services in memory.

import { type DStream, type Job, job, json } from 'millrace'
import { lambda } from '../src/lambda/index.ts'
import { wakeUpMessage } from '../src/lambda/sqs-waker.ts'
import { countingObjects, countingTable } from '../src/testing/counting-table.ts'
import { memoryEnvironment, readObjects } from '../src/testing/memory-environment.ts'
import { eventTexts } from './lib/events.ts'
import { formatCount, formatTable } from './lib/table.ts'
import { type Flight, flightValues } from './lib/values.ts'

const PARTITIONS = 4
/** Of one event, all partitions together. */
const RECORDS = 10_000
const HOUR = 3_600_000

const BOARDS: Readonly<Record<string, (flights: DStream<Flight>) => DStream<Flight>>> = {
  'transform((b) => b.sortBy(f).take(10))': (flights) =>
    flights.transform((batch) => batch.sortBy(({ delay }) => delay, { ascending: false }).take(10)),
  'sortBy(f).take(10)': (flights) => flights.sortBy(({ delay }) => delay, { ascending: false }).take(10),
  'top(10, compare)': (flights) => flights.top(10, (a, b) => a.delay - b.delay),
  // What everything else costs: records are read, parsed and counted.
  'count()': (flights) =>
    flights.count().map((count) => ({ delay: count, distance: count, date: '', origin: '', destination: '' })),
}

function boardOf(name: string, board: (flights: DStream<Flight>) => DStream<Flight>): Job {
  return job('board', { batch: HOUR }, ({ kafka }) => {
    board(kafka('flights', { value: json<Flight>() }).map(({ value }) => value)).saveAsNdjsonFiles(
      `s3://results/${name}`,
    )
  })
}

interface Cost {
  readonly cpu: number
  readonly written: number
  readonly requests: string
  readonly read: number
  readonly result: string
}

export async function leaderBoardBench(): Promise<string> {
  const records = Number(process.env.BENCH_RECORDS ?? 1_000_000)
  const values = flightValues()
  const costs = new Map<string, Cost>()
  for (const name of Object.keys(BOARDS)) costs.set(name, await costOf(name, values, Math.ceil(records / RECORDS)))
  const [whole, limited, top] = [...costs.values()]
  if (!whole || !limited || !top) return ''
  if (whole.result !== limited.result || whole.result !== top.result) throw new Error('the boards differ')
  if (whole.result.split('\n').length !== 11) throw new Error(`not ten of the batch: ${whole.result}`)
  const rows = Array.from(costs, ([name, cost]) => [
    name,
    formatCount(cost.written),
    formatCount(cost.read),
    cost.requests,
    (cost.cpu / 1000).toFixed(1),
  ])
  console.log(formatTable(['10 of the batch', 'bytes written', 'bytes read', 'table and object writes', 'CPU s'], rows))
  return `leader-board: ${(whole.written / limited.written).toFixed(0)} times fewer bytes written, ${(whole.cpu / limited.cpu).toFixed(1)} times less CPU`
}

async function costOf(name: string, values: readonly string[], events: number): Promise<Cost> {
  const board = BOARDS[name]
  if (!board) throw new RangeError(name)
  const start = Math.floor(Date.now() / HOUR) * HOUR - HOUR
  const memory = memoryEnvironment(start)
  const [table, objects] = [countingTable(memory.table), countingObjects(memory.objects)]
  const environment = {
    ...memory,
    table: table.table,
    objects: objects.store,
    partitions: new Map([['flights', PARTITIONS]]),
  }
  const handler = lambda(boardOf('board', board), { environment })
  const next = eventTexts({ topic: 'flights', values, partitions: PARTITIONS, records: RECORDS, start })
  let cpu = 0
  const invoke = async (text: string): Promise<void> => {
    const before = process.cpuUsage()
    await handler(JSON.parse(text))
    const { user, system } = process.cpuUsage(before)
    cpu += (user + system) / 1000
  }
  for (let i = 0; i < events; i++) {
    const [text = ''] = next(1)
    await invoke(text)
  }
  for (let at = memory.armed.shift(); at !== undefined; at = memory.armed.shift()) {
    memory.setTime(Math.max(memory.clock.now(), at))
    await invoke(JSON.stringify({ Records: [{ eventSource: 'aws:sqs', body: wakeUpMessage('board', at) }] }))
  }
  const published = await readObjects(memory.objects, 'results', '')
  return {
    cpu,
    written: table.counts.bytesWritten + objects.counts.bytesWritten,
    read: table.counts.bytesRead + objects.counts.bytesRead,
    requests: `${table.counts.writes} + ${objects.counts.writes}`,
    result: [...published.values()].join(''),
  }
}
