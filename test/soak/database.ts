// What the stateless job writes into PostgreSQL, and its account: every record of the topic stands there once, under the T that it
// belongs to (`foreachPartition`), and every T with the number of its records (`foreachRDD`).

import { Client } from 'pg'
import type { MovedOn } from './commits.ts'
import { batchTimes, type TopicRecord } from './topic.ts'

export const TABLES = `
  create table events (partition int, number bigint, time bigint not null, primary key (partition, number));
  create table batches (id text primary key, time bigint not null, records bigint not null)`

const BATCH = 10_000

export interface EventRow {
  readonly partition: number
  readonly number: string
  readonly time: string
}

export interface BatchRow {
  readonly time: string
  readonly records: string
}

export interface DatabaseAccount {
  readonly rows: number
  readonly batches: number
}

export async function query<R extends object>(url: string, text: string): Promise<R[]> {
  const client = new Client({ connectionString: url })
  await client.connect()
  try {
    return (await client.query<R>(text)).rows
  } finally {
    await client.end()
  }
}

export async function readDatabase(url: string): Promise<{ events: EventRow[]; batches: BatchRow[] }> {
  const events = await query<EventRow>(url, 'select partition, number, time from events')
  return { events, batches: await query<BatchRow>(url, 'select time, records from batches') }
}

/** Holds the tables against the topic. */
export function accountTables(
  { events, batches }: { readonly events: readonly EventRow[]; readonly batches: readonly BatchRow[] },
  topic: readonly (readonly TopicRecord[])[],
  movedOn: (partition: number) => readonly MovedOn[],
  onViolation: (violation: string) => void,
): DatabaseAccount {
  const wanted = new Map<string, number>()
  const sizes = new Map<number, number>()
  for (const [partition, records] of topic.entries()) {
    const times = batchTimes(records, movedOn(partition), BATCH)
    for (const [i, { offset }] of records.entries()) {
      const time = times[i] ?? 0
      wanted.set(`${partition} ${offset}`, time)
      sizes.set(time, (sizes.get(time) ?? 0) + 1)
    }
  }
  for (const { partition, number, time } of events) {
    const where = `${partition} ${number}`
    const belongs = wanted.get(where)
    wanted.delete(where)
    if (belongs === undefined) onViolation(`PostgreSQL has a record ${where} that the topic has not`)
    else if (belongs !== Number(time))
      onViolation(`PostgreSQL has record ${where} under ${time} and it belongs under ${belongs}`)
  }
  for (const where of wanted.keys()) onViolation(`PostgreSQL lacks record ${where}`)
  for (const { time, records } of batches) {
    const size = sizes.get(Number(time)) ?? 0
    sizes.delete(Number(time))
    if (size !== Number(records)) onViolation(`PostgreSQL has ${records} records for batch ${time}, the topic ${size}`)
  }
  for (const time of sizes.keys()) onViolation(`PostgreSQL lacks batch ${time}`)
  return { rows: events.length, batches: batches.length }
}
