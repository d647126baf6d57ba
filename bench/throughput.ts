// End to end in one process: events in, commits in dynalite, objects in a directory. dynalite takes most of the time, so
// the figures compare our own versions with each other, and say nothing about DynamoDB.

import { definitionOf, Job } from '../src/graph/job.ts'
import { lambda } from '../src/lambda/index.ts'
import { directoryObjects } from '../src/stores/directory-objects.ts'
import { startDynamo, temporaryFolder } from './lib/embedded.ts'
import { eventTexts } from './lib/events.ts'
import { allFlights, allLines } from './lib/jobs.ts'
import { type Contender, compare } from './lib/measure.ts'
import { benchEnvironment } from './lib/services.ts'
import { formatCount, formatSpread, formatTable } from './lib/table.ts'
import { flightValues, lineValues } from './lib/values.ts'

const ROUNDS = Number(process.env.BENCH_ROUNDS ?? 15)

export async function throughputBench(): Promise<string> {
  const dynamo = await startDynamo()
  const folder = await temporaryFolder()
  const rows: string[][] = []
  let key = ''
  try {
    for (const [format, job, topic, values] of [
      ['text', allLines, 'lines', lineValues()],
      ['json', allFlights, 'flights', flightValues()],
    ] as const) {
      for (const [records, partitions] of [
        [100, 1],
        [1000, 1],
        [1000, 4],
        [10_000, 4],
      ] as const) {
        const name = `${format}, ${formatCount(records)} in ${partitions}`
        const services = { table: dynamo.table, objects: directoryObjects(folder.path) }
        const contenders = [
          inOneProcess('no I/O', job, {}),
          inOneProcess('with I/O', new Job({ ...definitionOf(name, job), name }), services),
        ]
        const next = eventTexts({ topic, partitions, records, values })
        const events = Math.max(1, Math.round(10_000 / records))
        const plan = { rounds: ROUNDS, warmUp: 5, units: events, prepare: () => next(events) }
        const [free, real] = await compare(contenders, plan)
        if (!free || !real) continue
        const perSecond = (records * 1e9) / real.nanos
        const milliseconds = real.nanos / 1e6
        rows.push([
          name,
          formatCount(perSecond),
          milliseconds.toFixed(2),
          (milliseconds / partitions).toFixed(2),
          formatSpread(real.ratio),
        ])
        if (name === 'text, 1,000 in 4')
          key = `${formatCount(perSecond)} records/s, ${milliseconds.toFixed(2)} ms per event`
      }
    }
  } finally {
    await dynamo.stop()
    await folder.remove()
  }
  console.log(formatTable(['event', 'records/s', 'ms per event', 'ms per micro-batch', 'vs no I/O'], rows))
  return `throughput / text, 1,000 records in 4 partitions, dynalite and a directory: ${key}`
}

function inOneProcess(
  name: string,
  job: Job,
  services: Parameters<typeof benchEnvironment>[0],
): Contender<readonly string[]> {
  const handler = lambda(job, { environment: benchEnvironment(services) })
  return {
    name,
    async run(texts) {
      for (const text of texts) await handler(JSON.parse(text))
    },
  }
}
