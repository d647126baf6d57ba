// Where the state of a job is: in a folder, or in a table and bucket of AWS or an emulator. The same flags in every command that sees state.

import { existsSync } from 'node:fs'
import { join, resolve } from 'node:path'
import type { Command } from 'commander'
import { InvalidOptionError } from '../errors/errors.ts'
import { objectsOf, trustOf } from '../lambda/environment.ts'
import type { Logs } from '../log/kept-state.ts'
import type { EditPlace } from '../runtime/edits.ts'
import { dynamoTable } from '../stores/dynamo-table.ts'
import { BUCKET_OF_FOLDER, DEFAULT_FOLDER } from '../stores/folder.ts'
import { DATABASE } from '../stores/folder-database.ts'
import type { ObjectStore } from '../stores/object-store.ts'
import { sqliteTable } from '../stores/sqlite-table.ts'
import type { StateTable } from '../stores/table.ts'

export interface PlaceFlags {
  readonly table?: string
  readonly bucket?: string
  readonly dir?: string
}

export interface Place {
  readonly table: StateTable
  readonly objects: ObjectStore
  /** The bucket of what is Millrace's own; undefined where nobody has named one. */
  readonly bucket: string | undefined
  /** The folder that holds both; undefined: they are in AWS, or an emulator. */
  readonly folder: string | undefined
  readonly tableName: string | undefined
  /** `Table x`, `Folder /x/.millrace`: the beginning of a sentence. */
  readonly name: string
  close(): void
}

type Variables = Readonly<Record<string, string | undefined>>

export function placeOptions(command: Command): Command {
  return command
    .option('--table <name>', 'the table that holds the state of the job (default: MILLRACE_TABLE)')
    .option('--bucket <name>', "the bucket of what is Millrace's own (default: MILLRACE_BUCKET)")
    .option(
      '--dir <folder>',
      `the folder that holds both, without AWS (default: MILLRACE_DIR, or ${DEFAULT_FOLDER} where there is one)`,
    )
}

/**
 * Opens what the flags name, else what the variables name, else the folder of the project.
 *
 * @throws InvalidOptionError when nothing is named and there is no folder
 */
export function openPlace(flags: PlaceFlags, variables: Variables = process.env): Place {
  if (flags.table !== undefined && flags.dir !== undefined)
    throw new InvalidOptionError('--table and --dir: state is in a table or in a folder; name one of them.')
  const folder = folderOf(flags, variables)
  const table = flags.table ?? variables.MILLRACE_TABLE
  if (folder !== undefined) {
    const objects = objectsOf({ ...variables, MILLRACE_DIR: folder })
    const bucket = flags.bucket ?? variables.MILLRACE_BUCKET ?? BUCKET_OF_FOLDER
    const name = `Folder ${resolve(folder)}`
    return place({ table: sqliteTable(folder), objects, bucket, folder, tableName: undefined, name })
  }
  if (!table)
    throw new InvalidOptionError(
      `Which table? Pass --table, or set MILLRACE_TABLE: \`millrace/serverless\` calls it <service>-<stage>-millrace. Without AWS state is in a folder: pass --dir; there is none in ${resolve(DEFAULT_FOLDER)}.`,
    )
  const objects = objectsOf({ ...variables, MILLRACE_DIR: undefined })
  const bucket = flags.bucket ?? variables.MILLRACE_BUCKET
  return place({
    table: dynamoTable({ table }),
    objects,
    bucket,
    folder: undefined,
    tableName: table,
    name: `Table ${table}`,
  })
}

function folderOf(flags: PlaceFlags, variables: Variables): string | undefined {
  if (flags.table !== undefined) return undefined
  const named = flags.dir ?? variables.MILLRACE_DIR
  if (named) {
    if (existsSync(join(named, DATABASE))) return named
    throw new InvalidOptionError(`--dir ${resolve(named)}: there is no ${DATABASE} in it. Nothing has run there yet.`)
  }
  if (variables.MILLRACE_TABLE) return undefined
  return existsSync(join(DEFAULT_FOLDER, DATABASE)) ? DEFAULT_FOLDER : undefined
}

/** Of those who write, or read snapshots. @throws InvalidOptionError when nobody has named it */
export function logsOf({ table, objects, bucket }: Place): Logs {
  if (bucket) return { table, objects, bucket }
  throw new InvalidOptionError(
    'Which bucket? Pass --bucket, or set MILLRACE_BUCKET: `millrace/serverless` calls it <service>-<stage>-millrace-<account>-<region>.',
  )
}

/** Of those who write an entry into the log of a task, now. */
export function editPlaceOf(place: Place, retention: number, variables: Variables = process.env): EditPlace {
  const said = variables.MILLRACE_TRUST_EXPIRED ?? (place.folder === undefined ? '' : 'always')
  return { logs: logsOf(place), now: Date.now(), retention, ...trustOf(said) }
}

function place(of: Omit<Place, 'close'>): Place {
  return {
    ...of,
    close() {
      of.table.close()
      of.objects.close()
    },
  }
}
