// `millrace offsets show`: where a job stands in its topics, and how far behind it is where they are within reach.

import { Command } from 'commander'
import { type BrokerFlags, kafkaFlags } from '../brokers.ts'
import { columns } from '../columns.ts'
import { integer, list, object, text, withJson } from '../json-output.ts'
import { NO_JOB, withManual } from '../manual.ts'
import { openPlace, type PlaceFlags, placeOptions } from '../place.ts'
import { extentOf, openTopics, positionsOf } from './positions.ts'

interface ShowFlags extends PlaceFlags, BrokerFlags {
  readonly json?: boolean
}

const SHOWN = object({
  job: text(),
  positions: list(
    object(
      { topic: text(), partition: integer() },
      {
        position: integer('the offset that it wants next; absent: it has committed none'),
        end: integer('the offset of the next record of the topic, where that is within reach'),
        lag: integer('records that it has not counted yet'),
        movedFrom: integer('an operator has moved it back from here, and not all has been told again yet'),
      },
    ),
  ),
})

export function showCommand(): Command {
  const command = withJson(kafkaFlags(placeOptions(new Command('show'))), SHOWN)
    .description('where a job stands in each partition; a read per partition')
    .argument('<job>', 'the name of the job')
    .action(runShow)
  return withManual(command, {
    examples: [
      ['millrace offsets show hot-words', 'where it stands'],
      ['millrace offsets show hot-words --brokers localhost:9092', 'and how far behind it is'],
    ],
    exits: { 4: NO_JOB },
  })
}

async function runShow(job: string, flags: ShowFlags): Promise<void> {
  const place = openPlace(flags)
  const cluster = await openTopics(flags, place)
  try {
    const { standings } = await positionsOf(place, job)
    const rows: {
      topic: string
      partition: number
      position?: number
      end?: number
      lag?: number
      movedFrom?: number
    }[] = []
    for (const { topic, partition, position } of standings) {
      const extent = cluster && (await extentOf(cluster, topic, partition))
      const { until, moved } = position ?? {}
      rows.push({
        ...{ topic, partition },
        ...(until !== undefined && { position: until }),
        ...(extent && { end: extent.next, lag: Math.max(0, extent.next - (until ?? extent.first)) }),
        ...(moved && until !== undefined && moved.from > until && { movedFrom: moved.from }),
      })
    }
    if (flags.json) return console.log(JSON.stringify({ job, positions: rows }))
    const heads = ['topic', 'partition', 'position', 'end', 'lag', '']
    const cells = rows.map((one) => [
      ...[one.topic, one.partition, one.position ?? '-', one.end ?? '-', one.lag ?? '-'],
      one.movedFrom === undefined ? '' : `moved back from ${one.movedFrom}`,
    ])
    for (const line of columns([heads, ...cells])) console.log(line)
  } finally {
    await cluster?.close()
    place.close()
  }
}
