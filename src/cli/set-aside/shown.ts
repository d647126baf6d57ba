// What the commands over the quarantine have in common: where it is, which of it is meant, and how it is shown.

import { type Command, Option } from 'commander'
import { NotFoundError } from '../../errors/cli-errors.ts'
import { InvalidOptionError } from '../../errors/errors.ts'
import { refOfUrl } from '../../names/objects.ts'
import { CLAIM_ROW } from '../../names/rows.ts'
import {
  defaultQuarantine,
  type Quarantined,
  quarantined,
  type Replayed,
  replaysOf,
} from '../../runtime/quarantined.ts'
import { objectUrl } from '../../stores/object-store.ts'
import { tagged, taggedText } from '../../values/tagged-json.ts'
import { openPlace, type Place, type PlaceFlags, placeOptions } from '../place.ts'
import { textOf } from '../record-lines.ts'

export const KINDS = ['record', 'values', 'gap', 'other'] as const

export interface AsideFlags extends PlaceFlags {
  readonly in?: string
  readonly kind?: (typeof KINDS)[number]
  readonly topic?: string
  readonly reason?: string
}

export function asideOptions(command: Command): Command {
  return placeOptions(command)
    .option('--in <s3://bucket/prefix>', "where the job's setting `quarantine` says, if it has one")
    .addOption(new Option('--kind <kind>', 'only these').choices(KINDS))
    .option('--reason <text>', 'only what failed with this code, or with this in its message')
}

/** What was set aside, with what became of it. */
export interface Aside {
  readonly one: Quarantined
  readonly replayed: 'yes' | 'begun' | 'no'
}

/** What is put aside of a job, one after the other. */
export interface Opened {
  readonly place: Place
  readonly below: string
  all(): AsyncIterable<Aside>
}

/** @throws InvalidOptionError, NotFoundError */
export async function withQuarantine(
  job: string,
  flags: AsideFlags,
  action: (opened: Opened) => Promise<void>,
): Promise<void> {
  const place = openPlace(flags)
  try {
    const { table, objects, bucket, name } = place
    if (!(await table.getRow(job, CLAIM_ROW)))
      throw new NotFoundError(`${name} holds no job '${job}'. Check the name, --table, --dir and AWS_ENDPOINT_URL.`)
    const below = flags.in === undefined ? defaultOf(job, bucket) : refOf(flags.in)
    const replays = await replaysOf(table, job)
    await action({
      place,
      below: objectUrl(below),
      async *all() {
        for await (const one of quarantined(objects, below))
          if (isMeant(one, flags)) yield { one, replayed: stateOf(one, replays.get(objectUrl(one.ref))) }
      },
    })
  } finally {
    place.close()
  }
}

function defaultOf(job: string, bucket: string | undefined): ReturnType<typeof defaultQuarantine> {
  if (bucket) return defaultQuarantine(job, bucket)
  throw new InvalidOptionError(
    'Which bucket? Pass --bucket, or set MILLRACE_BUCKET: `millrace/serverless` calls it <service>-<stage>-millrace-<account>-<region>.',
  )
}

function refOf(url: string): ReturnType<typeof defaultQuarantine> {
  const ref = refOfUrl(url.replace(/\/+$/, ''))
  if (ref) return ref
  throw new InvalidOptionError(`--in ${url} is no place: write s3://bucket/prefix, as the job's \`quarantine\` has it.`)
}

function isMeant(one: Quarantined, { kind, topic, reason }: AsideFlags): boolean {
  if (kind !== undefined && one.kind !== kind) return false
  if (topic !== undefined && !(one.kind === 'record' && one.topic === topic)) return false
  const { code, message } = one.error
  return reason === undefined || code === reason || message.includes(reason)
}

function stateOf({ line }: Quarantined, replays: Replayed | undefined): Aside['replayed'] {
  if (replays?.begun.has(line)) return 'begun'
  return replays?.done.has(line) ? 'yes' : 'no'
}

/** One of these ids. Of a range of offsets nothing is known but its ends. */
export function isNamed({ id }: Quarantined, ids: ReadonlySet<string>): boolean {
  return ids.size === 0 || ids.has(id)
}

/** @throws NotFoundError naming those that are not there */
export function checkFound(job: string, ids: ReadonlySet<string>, found: ReadonlySet<string>): void {
  const missing = [...ids].filter((id) => !found.has(id))
  if (missing.length > 0)
    throw new NotFoundError(
      `Job '${job}' has put nothing aside that is called ${missing.join(', ')}: \`millrace quarantine ls ${job}\` shows what there is.`,
    )
}

/** Bytes as JSON, as text, or in hex: as far as they go. */
export function decoded(bytes: Uint8Array | null): unknown {
  if (bytes === null) return null
  const text = textOf(bytes)
  if (text === undefined) return { hex: Buffer.from(bytes).toString('hex') }
  try {
    const json: unknown = JSON.parse(text)
    return typeof json === 'object' && json !== null ? json : text
  } catch {
    return text
  }
}

/** As JSON. */
export function shown({ one, replayed }: Aside): object {
  const { ref, line, error, id, kind } = one
  const common = { id, kind, error, replayed, object: objectUrl(ref), line }
  if (one.kind === 'record') {
    const { topic, partition, offset, timestamp, key, value, headers } = one
    const pairs = headers.map(([name, bytes]) => [name, decoded(bytes)])
    return { ...common, topic, partition, offset, timestamp, key: decoded(key), value: decoded(value), headers: pairs }
  }
  if (one.kind === 'values') {
    const { task, time, operator, key, values } = one
    return { ...common, task, time, operator, ...(key !== undefined && { key: tagged(key) }), values: tagged(values) }
  }
  return one.kind === 'gap'
    ? { ...common, task: one.task, from: one.from, until: one.until }
    : { ...common, content: one.content }
}

const oneLine = (value: unknown): string => (typeof value === 'string' ? JSON.stringify(value) : taggedText(value))

/** What it is of, in a word or two. */
export function keyInWords(one: Quarantined): string {
  if (one.kind === 'record') return oneLine(decoded(one.key))
  return one.kind === 'values' && one.key !== undefined ? oneLine(one.key) : '-'
}

export function valueInWords(one: Quarantined): string {
  if (one.kind === 'record') return oneLine(decoded(one.value))
  if (one.kind === 'values') return one.values.map(oneLine).join(', ')
  return one.kind === 'gap' ? `${one.until - one.from} offsets` : oneLine(one.content)
}
