// Step 3 of the commit protocol: what of a delivery is new to a task. That is its source's to say; this hands it what it may look at.

import type { Cut, Past, Source, SourceRecord } from '../sources/source.ts'
import type { SourceTask } from './source-task.ts'

/** Where a task stands, and what helps its source in doubt. */
export function pastOf({ head, version, parts }: SourceTask): Past {
  const { ref, log, settings, environment } = parts
  return {
    task: ref,
    position: head?.position,
    at: head?.at ?? 0,
    version,
    entryAt: (older) => log.at(older),
    rows: environment.table,
    clockSkew: settings.clockSkew,
    warn: (facts, message) => environment.log.warn(facts, message),
  }
}

export function cutNew(task: SourceTask, records: readonly SourceRecord[]): Promise<Cut> {
  return task.parts.source.cut(pastOf(task), records, sourcesOf(task))
}

/** What is dropped must be what was committed. */
export function checkDropped(task: SourceTask, records: readonly SourceRecord[]): Promise<void> {
  return task.parts.source.checkDropped(pastOf(task), records, sourcesOf(task))
}

function sourcesOf({ parts }: SourceTask): Source[] {
  return parts.program.sources.map(({ source }) => source)
}
