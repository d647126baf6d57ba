// `millrace offsets import`: moves a job to offsets in the form that `export` and Structured Streaming write.

import { readFile } from 'node:fs/promises'
import { text as textOf } from 'node:stream/consumers'
import { Command } from 'commander'
import { NotFoundError } from '../../errors/cli-errors.ts'
import { describeCause, InvalidOptionError } from '../../errors/errors.ts'
import type { Position } from '../../local/offset-language.ts'
import { withManual } from '../manual.ts'
import { openPlace } from '../place.ts'
import { MOVE_EXITS, type MoveFlags, move, moveOptions, type Target } from './moving.ts'
import { openTopics, positionsOf, type Standing } from './positions.ts'

export function importCommand(): Command {
  const command = moveOptions(new Command('import'))
    .description(
      'move a job to the offsets of a file in the shape of startingOffsets: {"topic":{"0":1200}}; -2 is the start, -1 the end',
    )
    .argument('<job>', 'the name of the job')
    .argument('<file>', 'the file, or - for standard input')
    .action(runImport)
  return withManual(command, {
    examples: [
      ['millrace offsets import hot-words offsets.json', 'what would change'],
      [
        'millrace offsets export old-job | millrace offsets import hot-words - --execute --yes',
        'where another job stands',
      ],
    ],
    exits: MOVE_EXITS,
  })
}

async function runImport(job: string, file: string, flags: MoveFlags): Promise<void> {
  const offsets = parseOffsets(file, await contentsOf(file))
  const place = openPlace(flags)
  const cluster = await openTopics(flags, place)
  try {
    const positions = await positionsOf(place, job)
    await move(place, cluster, job, positions, targetsOf(job, offsets, positions.standings), flags)
  } finally {
    await cluster?.close()
    place.close()
  }
}

interface Offset {
  readonly topic: string
  readonly partition: number
  readonly offset: number
}

/** @throws InvalidOptionError for what is not of that form, with where it is not. */
export function parseOffsets(file: string, json: string): Offset[] {
  let parsed: unknown
  try {
    parsed = JSON.parse(json)
  } catch (cause) {
    throw new InvalidOptionError(`${file}: it is no JSON (${describeCause(cause)}). Write {"topic":{"0":1200}}.`)
  }
  return fieldsOf(file, parsed).flatMap(([topic, partitions]) =>
    fieldsOf(`${file}: ${topic}`, partitions).map(([partition, offset]) => {
      const where = `${file}: ${topic}, partition ${partition}`
      if (!/^\d{1,9}$/.test(partition)) throw new InvalidOptionError(`${where}: a partition is a whole number from 0.`)
      if (typeof offset !== 'number' || !Number.isSafeInteger(offset) || offset < -2)
        throw new InvalidOptionError(
          `${where}: ${JSON.stringify(offset)} is no offset. It is a whole number from 0; -2 is the start, -1 the end.`,
        )
      return { topic, partition: Number(partition), offset }
    }),
  )
}

function fieldsOf(where: string, value: unknown): [string, unknown][] {
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) return Object.entries(value)
  throw new InvalidOptionError(`${where}: expected an object, as in {"topic":{"0":1200}}.`)
}

/** As Structured Streaming reads it. */
function saidBy(offset: number): Position {
  if (offset === -2) return { kind: 'start', plus: 0 }
  return offset === -1 ? { kind: 'end', minus: 0 } : { kind: 'offset', offset }
}

function targetsOf(job: string, offsets: readonly Offset[], standings: readonly Standing[]): Target[] {
  return offsets.map(({ topic, partition, offset }) => {
    const standing = standings.find((one) => one.topic === topic && one.partition === partition)
    if (standing) return { standing, said: saidBy(offset) }
    throw new NotFoundError(
      `Job '${job}' has never seen partition ${partition} of ${topic}, but ${standings.map(({ task }) => task).join(', ')}. Nothing was changed.`,
    )
  })
}

async function contentsOf(file: string): Promise<string> {
  try {
    return file === '-' ? await textOf(process.stdin) : await readFile(file, 'utf8')
  } catch (cause) {
    throw new InvalidOptionError(`${file}: it cannot be read (${describeCause(cause)}).`, { cause })
  }
}
