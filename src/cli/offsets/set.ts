// `millrace offsets set`: where a job goes on in a topic, as an entry of its log.

import { Command } from 'commander'
import { parsePosition } from '../../local/offset-language.ts'
import { withManual } from '../manual.ts'
import { openPlace } from '../place.ts'
import { MOVE_EXITS, type MoveFlags, move, moveOptions } from './moving.ts'
import { chosen, openTopics, positionsOf } from './positions.ts'

export function setCommand(): Command {
  const command = moveOptions(new Command('set'))
    .description(
      'move a job in a topic, or in one partition of it: back, and records are counted again; forward, and they are skipped',
    )
    .argument('<job>', 'the name of the job')
    .argument('<topic[:partition]>', 'a topic that it reads: lines, or lines:3')
    .argument('<position>', 'start, end, +n, -n (with -- before it), an offset, or @t: a time or -2h')
    .action(runSet)
  return withManual(command, {
    examples: [
      ['millrace offsets set hot-words lines @-2h', 'what it would mean to count the last two hours again'],
      ['millrace offsets set hot-words lines:3 1200 --execute --yes --reason "bad deployment"', 'one partition, done'],
      [
        'millrace offsets set hot-words lines end --group hot-words --execute',
        'skip what is there, with the consumer group',
      ],
    ],
    exits: MOVE_EXITS,
  })
}

async function runSet(job: string, where: string, said: string, flags: MoveFlags): Promise<void> {
  const position = parsePosition('offsets set', said, Date.now())
  const place = openPlace(flags)
  const cluster = await openTopics(flags, place)
  try {
    const positions = await positionsOf(place, job)
    const targets = chosen(job, positions.standings, where).map((standing) => ({ standing, said: position }))
    await move(place, cluster, job, positions, targets, flags)
  } finally {
    await cluster?.close()
    place.close()
  }
}
