// What a job has published: lines of an output by batch time.

import { createHash } from 'node:crypto'
import type { Embedded } from '../src/local/embedded.ts'

export interface Published {
  /** By batch time, of all parts. */
  readonly lines: ReadonlyMap<number, readonly string[]>
  /** Batch times with a `_SUCCESS`. */
  readonly closed: ReadonlySet<number>
}

/** @param options `header`: whether every part begins with a line of names */
export async function readPublished(
  { objects }: Pick<Embedded, 'objects'>,
  prefix: string,
  { header = false, bucket = 'results' }: { readonly header?: boolean; readonly bucket?: string } = {},
): Promise<Published> {
  const lines = new Map<number, string[]>()
  const closed = new Set<number>()
  for await (const { key } of objects.list(bucket, `${prefix}-`)) {
    const [batch = '', name = ''] = key.split('/')
    const time = Number(batch.slice(prefix.length + 1))
    if (!Number.isInteger(time)) continue // another output, whose name goes on
    if (name === '_SUCCESS') {
      closed.add(time)
      continue
    }
    const body = new TextDecoder().decode(await objects.get({ bucket, key }))
    const rows = body === '' ? [] : body.trimEnd().split('\n')
    lines.set(time, [...(lines.get(time) ?? []), ...rows.slice(header ? 1 : 0)])
  }
  return { lines, closed }
}

/** Digests of an output's batches. */
export function digestsOf(name: string, lines: Published['lines']): [string, string][] {
  return [...lines].map(([time, rows]) => [`${name} ${time}`, digest(rows)])
}

export function digest(rows: readonly string[]): string {
  return createHash('sha256').update(rows.toSorted().join('\n')).digest('hex')
}
