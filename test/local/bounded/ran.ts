// A bounded run over services in memory.

import { definitionOf } from '../../../src/graph/job.ts'
import type { Job } from '../../../src/index.ts'
import { type BoundedReport, type BoundedRunOptions, runBounded } from '../../../src/local/bounded/bounded-run.ts'
import { type MemoryEnvironment, memoryEnvironment, readObjects } from '../../../src/testing/memory-environment.ts'

export interface Ran {
  readonly report: BoundedReport
  readonly environment: MemoryEnvironment
  readonly published: Record<string, string>
}

export async function ran(
  code: Job,
  options: Partial<BoundedRunOptions> & Pick<BoundedRunOptions, 'partitions'>,
): Promise<Ran> {
  const services = memoryEnvironment()
  const report = await runBounded({
    job: definitionOf('test', code),
    services,
    effects: true,
    signal: new AbortController().signal,
    ...options,
  })
  return {
    report,
    environment: services,
    published: Object.fromEntries(await readObjects(services.objects, 'results')),
  }
}

/** What each batch of each output says, whatever its parts are called. */
export function contents(published: Record<string, string>): Record<string, readonly string[]> {
  const folders = Map.groupBy(Object.keys(published), (key) => key.slice(0, key.lastIndexOf('/')))
  return Object.fromEntries(
    [...folders].map(([folder, keys]) => {
      const parts = keys.filter((key) => !key.endsWith('_SUCCESS'))
      const lines = parts.flatMap((key) => published[key]?.split('\n') ?? []).filter((line) => line !== '')
      return [folder, [...lines.sort(), `complete: ${keys.length > parts.length}`]]
    }),
  )
}
