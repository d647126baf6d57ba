// What a simulation has really tried: for every kind of call each fault that was taken there, and which of the runtime's
// rarer paths were gone. A point that is never taken is a gap.

import { FAULTS, type Fault } from './troubles.ts'

/** Kinds of calls that the runtime makes, and what can go wrong with each. */
const POINTS: Readonly<Record<string, 'conditional' | 'paged' | 'plain'>> = {
  'append source': 'conditional',
  'append close': 'conditional',
  'append bucket': 'conditional',
  head: 'plain',
  read: 'paged',
  setLife: 'plain',
  getRow: 'plain',
  createRow: 'conditional',
  replaceRow: 'conditional',
  'put result': 'plain',
  'put _SUCCESS': 'plain',
  'put snapshot': 'plain',
  'put spill': 'plain',
  'put quarantine': 'plain',
  stage: 'plain',
  complete: 'plain',
  abort: 'plain',
  'get snapshot': 'plain',
  'get spill': 'plain',
  exists: 'plain',
  delete: 'plain',
  arm: 'plain',
  ask: 'plain',
  effect: 'plain',
}

/** Ways through the runtime that only trouble opens, and mishaps of the world around it. */
export const PATHS = [
  'conflict on a source commit',
  'conflict on a closing commit',
  'conflict on a bucket commit',
  'a birth that another instance was faster with',
  'a source commit published by another instance',
  'a closing commit published by another instance',
  'a bucket commit published by another instance',
  'buckets run by another instance than closed',
  'published again by the same instance',
  'silent partition moved on',
  'silent partition put to sleep',
  'source log sealed',
  'closing log sealed',
  'bucket log sealed',
  'partition joined late',
  'lookout taken over',
  'lookout lost to another instance',
  'wake-up armed twice at once',
  'wake-up passed on',
  'duplicates dropped',
  'snapshot named',
  'snapshot read',
  'record spilled',
  'spilled record thrown away',
  'staged upload thrown away',
  'an invocation timed out',
  'a process died',
  'an old event delivered again',
  'a partition moved back',
  'two pollers with one partition',
  'a wake-up late',
  'a wake-up lost for a while',
  'a wake-up delivered twice',
  'a request for help lost',
  'a request for help late',
  'a request for help delivered twice',
  'a partition added',
  'new code deployed',
  'new code refused',
  'expired entries deleted',
  'some expired entries deleted',
  'clocks apart',
  'an object taken away',
  'wake-ups in a crowd',
  'a wake-up that killed',
  'an outage for longer than logs are kept',
  'trouble for longer than logs are kept',
  'a topic made again',
  'a log lost',
  'a batch tried again after its commit',
  'a batch done again after others had gone on',
] as const

export type Path = (typeof PATHS)[number]

export class Coverage {
  /** By kind of call and fault (`-`: none) how often. */
  readonly calls: Map<string, number> = new Map()
  readonly paths: Map<string, number> = new Map()

  call(point: string, fault: Fault | undefined): void {
    const key = `${point}\t${fault ?? '-'}`
    this.calls.set(key, (this.calls.get(key) ?? 0) + 1)
  }

  path(path: Path): void {
    this.paths.set(path, (this.paths.get(path) ?? 0) + 1)
  }

  fault(fault: Fault): number {
    let sum = 0
    for (const [key, count] of this.calls) if (key.endsWith(`\t${fault}`)) sum += count
    return sum
  }

  add({ calls, paths }: CoverageCounts): void {
    for (const [key, count] of Object.entries(calls)) this.calls.set(key, (this.calls.get(key) ?? 0) + count)
    for (const [key, count] of Object.entries(paths)) this.paths.set(key, (this.paths.get(key) ?? 0) + count)
  }

  /** As plain data, to send from one process to another. */
  counts(): CoverageCounts {
    return { calls: Object.fromEntries(this.calls), paths: Object.fromEntries(this.paths) }
  }

  /** Faults at calls, and paths, that were never taken. */
  gaps(): string[] {
    const points = Object.entries(POINTS).flatMap(([point, what]) =>
      FAULTS.filter((fault) => applies(fault, what) && !this.calls.has(`${point}\t${fault}`)).map(
        (fault) => `${point}: ${fault}`,
      ),
    )
    return [...points, ...PATHS.filter((path) => !this.paths.has(path))]
  }

  /** A table of calls by faults, then the paths, then what is missing. */
  table(): string {
    const columns = ['-', ...FAULTS]
    const points = [
      ...new Set([...Object.keys(POINTS), ...[...this.calls.keys()].map((key) => key.split('\t')[0] ?? '')]),
    ]
    const rows = points.map((point) => {
      const what = POINTS[point] ?? 'plain'
      const cells = columns.map((fault) => {
        const count = this.calls.get(`${point}\t${fault}`) ?? 0
        return count === 0 && fault !== '-' && !applies(fault, what) ? '' : String(count)
      })
      return [point, ...cells]
    })
    const gaps = this.gaps()
    return [
      aligned([['call', 'fine', ...FAULTS], ...rows]),
      '',
      aligned(PATHS.map((path) => [path, String(this.paths.get(path) ?? 0)])),
      '',
      gaps.length === 0 ? 'Nothing was left out.' : `Never taken: ${gaps.join('; ')}.`,
    ].join('\n')
  }
}

/** What a run has really met: a fault or a way that no seed ever takes is not tested. */
export interface CoverageCounts {
  /** By kind of call and fault, separated by a tab (`append source\tlate`; `-`: no fault), how often. */
  readonly calls: Readonly<Record<string, number>>
  /** By way through the runtime that only trouble opens (`duplicates dropped`), how often. */
  readonly paths: Readonly<Record<string, number>>
}

function applies(fault: string, what: 'conditional' | 'paged' | 'plain'): boolean {
  if (fault === 'own-conflict') return what === 'conditional'
  return fault === 'pages' || fault === 'stale' ? what === 'paged' : true
}

function aligned(rows: readonly (readonly string[])[]): string {
  const widths = (rows[0] ?? []).map((_, column) => Math.max(...rows.map((row) => row[column]?.length ?? 0)))
  return rows
    .map((row) =>
      row
        .map((cell, i) => (i === 0 ? cell.padEnd(widths[i] ?? 0) : cell.padStart(widths[i] ?? 0)))
        .join('  ')
        .trimEnd(),
    )
    .join('\n')
}
