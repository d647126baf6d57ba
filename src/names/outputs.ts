// What outputs are called, and the objects that they become: `<prefix>-<T>[.<suffix>]/part-…`, as Spark lays them out. An address
// has a scheme and a numbered word has none; parts of one batch differ by who writes them, and nothing else is in its folder.

import { escapeKeyPart } from './escape.ts'
import { objectUrl } from './objects.ts'

/** Objects below `<prefix>-<T>[.<suffix>]/`. */
export interface FilesPlace {
  readonly bucket: string
  readonly prefix: string
  readonly suffix: string | undefined
}

/** The id of an output of files is its address. */
export function filesOutputId({ bucket, prefix, suffix }: FilesPlace): string {
  return `${objectUrl({ bucket, key: prefix })}${ending(suffix)}`
}

/**
 * The words that outputs without an address are called by. With any number they are refused as ids of operators, so a new one stands
 * here before a job can have it: an operator that is called so by then could not keep its id.
 */
const OUTPUT_WORDS = ['print', 'foreachRDD', 'foreachPartition'] as const

/** A word for outputs of one kind. */
export type OutputWord = (typeof OUTPUT_WORDS)[number]

/** The id of an output without an address: the word for its kind, and its number among those of this word in the job. */
export function numberedOutputId(word: OutputWord, number: number): string {
  return `${word}-${number}`
}

/** Whether an output could be called so. */
export function isNumberedOutputId(id: string): boolean {
  const word = /^(.*)-\d+$/s.exec(id)?.[1]
  return OUTPUT_WORDS.some((one) => one === word)
}

/** The id of an output that has none but what the job gives it: a word for its kind, and that in parentheses, which no address has. */
export function givenOutputId(word: OutputWord, id: string | undefined): string {
  return id === undefined ? word : `${word}(${id})`
}

/** Names a batch of an output for good, in the world outside: the same in every try. */
export function batchId(job: string, output: string, time: number): string {
  return `${escapeKeyPart(job)}/${escapeKeyPart(output)}/${time}`
}

/** The id of what one commit of a task gives an output for one batch time; no two are the same. @param place `placeOfTask` */
export function callId(job: string, output: string, place: string, version: number, time: number): string {
  return [job, output, place, version, time].map((part) => escapeKeyPart(String(part))).join('/')
}

/** The "directory" of one output and batch time, as Spark names it. */
export function batchFolder({ prefix, suffix }: Omit<FilesPlace, 'bucket'>, time: number | string): string {
  return `${prefix}-${time}${ending(suffix)}`
}

function ending(suffix: string | undefined): string {
  return suffix === undefined ? '' : `.${suffix}`
}

/** The batch time and the part of an object of an output; undefined when it is not of this output. */
export function resultOf(
  { prefix, suffix }: Omit<FilesPlace, 'bucket'>,
  key: string,
): { readonly time: number; readonly part: string } | undefined {
  if (!key.startsWith(`${prefix}-`)) return undefined
  const rest = key.slice(prefix.length + 1)
  const digits = /^\d+/.exec(rest)?.[0]
  const start = `${digits}${ending(suffix)}/`
  return digits !== undefined && rest.startsWith(start)
    ? { time: Number(digits), part: rest.slice(start.length) }
    : undefined
}

/**
 * Whether two outputs would write to the same objects at some batch times: the same prefix and suffix, or a prefix that
 * looks like a batch of the other (`a` with suffix `x-5`, and `a-1000.x`).
 */
export function sameObjects(a: FilesPlace, b: FilesPlace): boolean {
  if (a.bucket !== b.bucket) return false
  if (a.prefix === b.prefix) return a.suffix === b.suffix
  return continues(a, b) || continues(b, a)
}

/** Whether `longer` is `shorter` with a time, and what its suffix starts with. */
function continues(shorter: FilesPlace, longer: FilesPlace): boolean {
  if (shorter.suffix === undefined || !longer.prefix.startsWith(`${shorter.prefix}-`)) return false
  const rest = /^\d+\.(.*)$/s.exec(longer.prefix.slice(shorter.prefix.length + 1))?.[1]
  if (rest === undefined || !shorter.suffix.startsWith(`${rest}-`)) return false
  const time = shorter.suffix.slice(rest.length + 1)
  const end = ending(longer.suffix)
  return time.endsWith(end) && /^\d+$/.test(time.slice(0, time.length - end.length))
}

/** What the keys of all parts of a batch begin with. */
export function partsIn(folder: string): string {
  return `${folder}/${PART}`
}

const PART = 'part-'

/** The part of a micro-batch. @param first what its source calls the first record: names sort as records do. */
export function partOfRecords(task: string, first: string): string {
  return `${PART}${escapeKeyPart(task)}-${first}`
}

/** The part of operators by key in a source task. */
export function partOfTask(task: string): string {
  return `${PART}${task}`
}

/** The part of a bucket. @param apart who writes it, where other code may have written this bucket's under the plain name. */
export function partOfBucket(bucket: number, apart?: string): string {
  return `${PART}${String(bucket).padStart(5, '0')}${apart === undefined ? '' : `-${apart}`}`
}

export function keyOfPart(folder: string, part: string): string {
  return `${folder}/${part}`
}

/** What says that a batch is complete, beside its parts. */
export const SUCCESS = '_SUCCESS'

export function successKey(folder: string): string {
  return `${folder}/${SUCCESS}`
}

export function isSuccess(key: string): boolean {
  return key.endsWith(`/${SUCCESS}`)
}

/** An upload that is begun there to see whether one can be, and never completed. */
export function probeKey(folder: string): string {
  return `${folder}/_probe`
}
