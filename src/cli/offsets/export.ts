// `millrace offsets export`: where a job stands, in the form in which Structured Streaming writes starting offsets, so that it can be kept,
// carried to another job, or given to Spark: {"lines":{"0":1200,"1":800}}
// (https://spark.apache.org/docs/latest/structured-streaming-kafka-integration.html, startingOffsets).

import { Command } from 'commander'
import { integer, type JsonSchema, withJson } from '../json-output.ts'
import { NO_JOB, withManual } from '../manual.ts'
import { openPlace, type PlaceFlags, placeOptions } from '../place.ts'
import { positionsOf } from './positions.ts'

const OFFSETS: JsonSchema = {
  description: 'by topic and partition, the offset that the job wants next',
  type: 'object',
  additionalProperties: { type: 'object', additionalProperties: integer() },
}

export function exportCommand(): Command {
  const command = withJson(placeOptions(new Command('export')), OFFSETS, 'it is JSON in any case')
    .description('print where a job stands as JSON in the shape of startingOffsets: {"topic":{"0":1200}}')
    .argument('<job>', 'the name of the job')
    .action(runExport)
  return withManual(command, {
    examples: [['millrace offsets export hot-words > offsets.json', 'keep where a job stands']],
    exits: { 4: NO_JOB },
  })
}

async function runExport(job: string, flags: PlaceFlags): Promise<void> {
  const place = openPlace(flags)
  try {
    const { standings } = await positionsOf(place, job)
    const topics: Record<string, Record<string, number>> = {}
    for (const { topic, partition, position } of standings)
      if (position) topics[topic] = { ...topics[topic], [partition]: position.until }
    console.log(JSON.stringify(topics))
  } finally {
    place.close()
  }
}
