// What a deployment, or a run on this machine, has to know about a job, read from its definition.

import { costLine } from '../cost/forecast.ts'
import type { JobDefinition } from '../graph/job.ts'
import type { SourceNode } from '../graph/nodes.ts'
import { planJob } from '../plan/plan-job.ts'
import { schemaOf } from '../plan/schema.ts'
import { isKafka } from '../sources/kafka/kafka.ts'
import type { Feed, JobDescription } from './describe.ts'

export function describeDefinition(definition: JobDefinition, importMs = 0): JobDescription {
  const { sources, outputs, settings } = definition
  return {
    name: definition.name,
    feeds: feedsOf(sources),
    outputs: outputs.flatMap(({ sink }) => sink.places.map(({ kind, bucket, prefix }) => ({ kind, bucket, prefix }))),
    quarantine: settings.quarantine && { kind: 'objects', ...settings.quarantine },
    retention: settings.retention,
    schema: schemaOf(planJob(definition)),
    cost: costLine(definition, ANY_FEED),
    importMs,
  }
}

/** What a job is to read, nobody has said yet: whoever deploys sees what that would be, and asks `millrace cost`. */
const ANY_FEED = { rate: 100, size: 200 }

function feedsOf(sources: readonly SourceNode[]): Feed[] {
  // A feed has one kind: `job` sees to it.
  const all = sources.flatMap(({ source }) => {
    const { kind, feeds, startsAt } = source
    const more = {
      ...(startsAt !== undefined && { startsAt }),
      ...(isKafka(source) && { gaps: source.gaps, holes: source.holes }),
    }
    return feeds.map((name): [string, Feed] => [name, { kind: kind.name, name, ...more }])
  })
  return [...new Map(all).values()]
}
