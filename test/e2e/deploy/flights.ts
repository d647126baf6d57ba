// Real flights (npm package vega-datasets) for two topics, and what the job has made of them.

import { readFileSync } from 'node:fs'
import type { ObjectStore } from '../../../src/stores/object-store.ts'

export const DAY = 86_400_000

export interface Flight {
  readonly date: string
  readonly delay: number
  readonly timestamp: number
}

/** The flights of the first days of 2001, in the order of departure. */
export function readFlights(): Flight[] {
  const file = new URL('../data/flights-20k.json', import.meta.resolve('vega-datasets'))
  const rows: { date: string; delay: number }[] = JSON.parse(readFileSync(file, 'utf8'))
  return rows
    .map((row) => ({ ...row, timestamp: Date.parse(`${row.date.replaceAll('/', '-').replace(' ', 'T')}:00Z`) }))
    .sort((a, b) => a.timestamp - b.timestamp)
}

export interface Results {
  /** Lines of the output `flights`, with the batch time under which each stands. */
  readonly lines: readonly { readonly T: number; readonly line: Readonly<Record<string, unknown>> }[]
  /** Rows of the output `late-flights`. */
  readonly late: number
  /** Batches with parts but without `_SUCCESS`. */
  readonly unclosed: readonly string[]
}

export async function readResults(objects: ObjectStore, bucket: string): Promise<Results> {
  const lines: { T: number; line: Record<string, unknown> }[] = []
  const [open, closed] = [new Set<string>(), new Set<string>()]
  let late = 0
  const keys = []
  for await (const { key } of objects.list(bucket, '')) keys.push(key)
  await Promise.all(
    keys.map(async (key) => {
      const [batch = '', name = ''] = key.split('/')
      if (name === '_SUCCESS') return closed.add(batch)
      open.add(batch)
      const body = new TextDecoder().decode(await objects.get({ bucket, key }))
      const rows = body.trimEnd().split('\n')
      if (batch.startsWith('late-'))
        late += rows.length - 1 // its header
      else for (const row of rows) lines.push({ T: Number(batch.replace('flights-', '')), line: JSON.parse(row) })
      return undefined
    }),
  )
  return { lines, late, unclosed: [...open].filter((batch) => !closed.has(batch)) }
}
