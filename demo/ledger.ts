// The ledger: what went in, what the logs say was committed, what the objects hold; and the same records under every T?

import type { Embedded } from '../src/local/embedded.ts'
import { isSourceCommit } from '../src/log/commit-record.ts'
import { TaskLog } from '../src/log/task-log.ts'
import { SOURCE_STAGE } from '../src/names/tasks.ts'
import { FLIGHTS } from './flights-topic.ts'
import type { Account, DemoJob } from './job.ts'
import { digest } from './outputs.ts'
import { table } from './table.ts'
import { PARTITIONS } from './topic.ts'

interface OutputSummary {
  readonly prefix: string
  readonly batches: number
  /** Batches with a `_SUCCESS`. */
  readonly closed: number
  readonly parts: number
  readonly lines: number
  readonly bytes: number
  /** Key of one part, and its first lines. */
  readonly sample: { readonly key: string; readonly lines: readonly string[] }
}

interface Ledger extends Account {
  readonly produced: number
  /** By the counters of the commit logs. */
  readonly committed: number
  /** Distinct records found in the objects, and lines beyond one for each. */
  readonly found: number
  readonly lost: number
  readonly twice: number
  readonly outputs: readonly OutputSummary[]
}

export const ALL_FLIGHTS: DemoJob<Ledger> = {
  name: 'flights',
  topic: FLIGHTS,
  batches: 'one day',
  batchSize: 250,
  async account(services, { length: produced }) {
    const flights = await readOutput(services, 'flights')
    const late = await readOutput(services, 'late-flights')
    const committed = await committedRecords(services, 'flights')
    const found = new Set(flights.lines.map(identity)).size
    const [lost, twice] = [produced - found, flights.lines.length - found]
    const outputs = [flights.summary, late.summary]
    const closed = outputs.every((output) => output.closed === output.batches)
    const exact = lost === 0 && twice === 0 && committed === produced && closed
    return {
      produced,
      committed,
      found,
      lost,
      twice,
      outputs,
      exact,
      digests: new Map([...flights.digests, ...late.digests]),
    }
  },
  show(ledger) {
    const rows = ledger.outputs.map((output) => [
      `s3://results/${output.prefix}-<T>/`,
      ...[output.batches, output.closed, output.parts, output.lines, output.bytes].map((n) => n.toLocaleString('en')),
    ])
    console.log(table(['output', 'batches', '_SUCCESS', 'parts', 'records', 'bytes'], rows))
    for (const { sample } of ledger.outputs.slice(1)) {
      console.log(`\n${sample.key}`)
      for (const line of sample.lines) console.log(`  ${line}`)
    }
    console.log('\nLedger')
    console.log(`  records in         ${ledger.produced}`)
    console.log(`  records committed  ${ledger.committed}`)
    console.log(`  records in objects ${ledger.found}`)
    console.log(`  lost               ${ledger.lost}`)
    console.log(`  twice              ${ledger.twice}`)
  },
}

/** What makes a record itself. */
function identity(line: string): string {
  const { partition, offset }: { partition: number; offset: number } = JSON.parse(line)
  return `${partition}-${offset}`
}

async function committedRecords({ table, objects, variables }: Embedded, job: string): Promise<number> {
  const bucket = variables.MILLRACE_BUCKET ?? ''
  let records = 0
  for (let partition = 0; partition < PARTITIONS; partition++) {
    const ref = { job, stage: SOURCE_STAGE, task: `${FLIGHTS.name}-${partition}` }
    const head = await new TaskLog(ref, table, objects, bucket, isSourceCommit).head()
    records += head?.record.totals.records ?? 0
  }
  return records
}

async function readOutput({ objects }: Embedded, prefix: string) {
  const byBatch = new Map<string, string[]>()
  const lines: string[] = []
  let [parts, closed, bytes] = [0, 0, 0]
  let sample: OutputSummary['sample'] = { key: '', lines: [] }
  for await (const object of objects.list('results', `${prefix}-`)) {
    const [batch = '', name = ''] = object.key.split('/')
    if (name === '_SUCCESS') {
      closed++
      continue
    }
    const body = new TextDecoder().decode(await objects.get({ bucket: 'results', key: object.key }))
    const rows = body.trimEnd().split('\n')
    if (prefix === 'late-flights') rows.shift() // its header
    parts++
    bytes += object.bytes
    if (rows.length >= sample.lines.length && sample.lines.length < 5) {
      sample = { key: object.key, lines: body.split('\n').slice(0, 6) }
    }
    byBatch.set(batch, [...(byBatch.get(batch) ?? []), ...rows])
    for (const row of rows) lines.push(row)
  }
  const digests = new Map([...byBatch].map(([batch, rows]) => [batch, digest(rows)]))
  const summary: OutputSummary = { prefix, batches: byBatch.size, closed, parts, lines: lines.length, bytes, sample }
  return { lines, digests, summary }
}
