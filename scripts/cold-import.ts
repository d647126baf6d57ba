// How long a fresh Node.js takes to import a module, and to get it ready for its first event. In turns with an empty
// module, because the machine is not always equally fast.

import { spawnSync } from 'node:child_process'

export interface ColdTimes {
  /** Medians of milliseconds: of the import alone, then of the first call up to where I/O would begin, then of the whole process. */
  readonly imported: number
  readonly ready: number
  readonly process: number
}

/** A wake-up of another job: the handler makes its environment, clients included, finds nothing to do, and asks nobody. */
const CHILD = `
const start = performance.now()
const { handler } = await import(process.argv[1])
const imported = performance.now()
if (handler) await handler({ Records: [{ eventSource: 'aws:sqs', body: JSON.stringify({ millrace: 'wake', job: '-', at: 0 }) }] })
console.log(JSON.stringify([imported - start, performance.now() - start]))`

const ENVIRONMENT = {
  MILLRACE_TABLE: 'table',
  MILLRACE_BUCKET: 'bucket',
  MILLRACE_WAKE_QUEUE_URL: 'http://localhost/queue',
  AWS_REGION: 'us-east-1',
  AWS_ACCESS_KEY_ID: 'none',
  AWS_SECRET_ACCESS_KEY: 'none',
}

/** @param modules by name; `runs` fresh processes each, in turns. The processes run on the Node.js that runs this. */
export function coldTimes(modules: Readonly<Record<string, string>>, runs: number): Map<string, ColdTimes> {
  const times = new Map<string, [imported: number, ready: number, whole: number][]>()
  // The first of each only warms the file cache.
  for (let run = -1; run < runs; run++) {
    for (const [name, file] of Object.entries(modules)) {
      const start = performance.now()
      const { stdout, stderr, status } = spawnSync(process.execPath, ['--input-type=module', '-e', CHILD, file], {
        encoding: 'utf8',
        env: ENVIRONMENT,
      })
      const whole = performance.now() - start
      if (status !== 0) throw new Error(`${name} cannot be imported:\n${stderr.slice(-800)}`)
      const [imported, ready]: [number, number] = JSON.parse(stdout)
      if (run >= 0) times.set(name, [...(times.get(name) ?? []), [imported, ready, whole]])
    }
  }
  return new Map(
    [...times].map(([name, list]) => [
      name,
      {
        imported: median(list.map(([imported]) => imported)),
        ready: median(list.map(([, ready]) => ready)),
        process: median(list.map(([, , whole]) => whole)),
      },
    ]),
  )
}

function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b)
  return sorted[Math.floor(sorted.length / 2)] ?? Number.NaN
}
