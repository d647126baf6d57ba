// The ledger: what went in, what the logs say was committed, what the objects hold; and the same records under every T?

import { createHash } from 'node:crypto'
import type { EmbeddedServices } from '../src/local/embedded.ts'
import { SOURCE_STAGE } from '../src/plan/plan.ts'
import { isSourceCommit } from '../src/state/commit-record.ts'
import { TaskLog } from '../src/state/task-log.ts'
import { PARTITIONS, TOPIC } from './flights-topic.ts'

export interface OutputSummary {
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

export interface Ledger {
  readonly produced: number
  /** By the counters of the commit logs. */
  readonly committed: number
  /** Distinct records found in the objects, and lines beyond one for each. */
  readonly found: number
  readonly lost: number
  readonly twice: number
  readonly outputs: readonly OutputSummary[]
  /** Digest of the records under each batch time and output, independent of parts and order. */
  readonly digests: ReadonlyMap<string, string>
}

export async function readLedger(services: EmbeddedServices, job: string, produced: number): Promise<Ledger> {
  const flights = await readOutput(services, 'flights')
  const late = await readOutput(services, 'late-flights')
  const found = new Set(flights.lines.map(identity)).size
  return {
    produced,
    committed: await committedRecords(services, job),
    found,
    lost: produced - found,
    twice: flights.lines.length - found,
    outputs: [flights.summary, late.summary],
    digests: new Map([...flights.digests, ...late.digests]),
  }
}

/** What makes a record itself. */
function identity(line: string): string {
  const { partition, offset }: { partition: number; offset: number } = JSON.parse(line)
  return `${partition}-${offset}`
}

async function committedRecords({ table, objects, variables }: EmbeddedServices, job: string): Promise<number> {
  const bucket = variables.MILLRACE_BUCKET ?? ''
  let records = 0
  for (let partition = 0; partition < PARTITIONS; partition++) {
    const ref = { job, stage: SOURCE_STAGE, task: `${TOPIC}-${partition}` }
    const head = await new TaskLog(ref, table, objects, bucket, isSourceCommit).head()
    records += head?.record.totals.records ?? 0
  }
  return records
}

async function readOutput({ objects }: EmbeddedServices, prefix: string) {
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

function digest(rows: readonly string[]): string {
  return createHash('sha256').update(rows.toSorted().join('\n')).digest('hex')
}
