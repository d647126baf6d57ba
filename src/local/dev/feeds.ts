// Where records come from when nobody else produces: lines of a file or of standard input, of a socket as Spark's network word count
// reads them, and samples at a steady rate. Each appends to a topic, so the job reads a topic all the same.

import { createReadStream } from 'node:fs'
import { connect } from 'node:net'
import { createInterface } from 'node:readline'
import type { Readable } from 'node:stream'
import { setTimeout as sleep } from 'node:timers/promises'
import { describeCause, InvalidOptionError, MillraceError } from '../../errors/errors.ts'
import type { Progress } from './fed.ts'
import type { NewRecord } from './topics.ts'

export interface FeedContext {
  /** Stamps and appends. */
  readonly append: (records: readonly NewRecord[]) => Promise<void>
  readonly say: (line: string) => void
  readonly stopping: AbortSignal
  /** How far a file is in a topic already. */
  readonly progress: (topic: string, path: string) => Promise<Progress>
}

/** Runs until it has no more, or is stopped. */
export type Feed = (context: FeedContext) => Promise<void>

const CHUNK = 1000
const RECONNECT_MS = 1000

/** `topic=rest`. @throws InvalidOptionError */
export function readAssignment(flag: string, text: string, what: string): readonly [topic: string, rest: string] {
  const at = text.indexOf('=')
  if (at > 0 && at < text.length - 1) return [text.slice(0, at), text.slice(at + 1)]
  throw new InvalidOptionError(`${flag} ${text}: write ${flag} topic=${what}.`)
}

/** Lines of a file, each once whatever was appended by sessions before, or of standard input (`-`): a record each. */
export function fileFeed(topic: string, path: string): Feed {
  return async (context) => {
    const { say, stopping } = context
    try {
      const before = path === '-' ? undefined : await context.progress(topic, path)
      const input = path === '-' ? process.stdin : createReadStream(path)
      stopping.addEventListener('abort', () => input.destroy())
      const count = await lines(topic, input, context, before)
      if (!stopping.aborted) say(appendedOf(topic, path, count, before))
    } catch (error) {
      if (stopping.aborted) return
      if (error instanceof NotAppendedError) throw error.cause
      throw new InvalidOptionError(`--from ${topic}=${path}: ${describeCause(error)}. Name a file that can be read.`)
    }
  }
}

function appendedOf(topic: string, path: string, count: number, before?: Progress): string {
  const lines = `${count.toLocaleString('en')} ${count === 1 ? 'line' : 'lines'}`
  if (path === '-') return `standard input: ${lines} appended to ${topic}`
  if (before?.changed) return `${path}: has changed since it was appended, so again: ${lines} appended to ${topic}`
  if (!before?.lines) return `${path}: ${lines} appended to ${topic}`
  const there = `${path}: ${before.lines.toLocaleString('en')} of its lines are in ${topic} from a session before`
  return count > 0
    ? `${there}, ${lines} appended`
    : `${there}, and none is new. Once more: npx millrace produce ${topic} --file ${path}`
}

/** Lines from a server such as `nc -lk 9999`, connected to again when it goes. */
export function socketFeed(topic: string, address: string): Feed {
  const [, host = 'localhost', port = ''] = /^(?:(.+):)?(\d{1,5})$/.exec(address) ?? []
  if (port === '' || Number(port) > 65_535)
    throw new InvalidOptionError(`--socket ${topic}=${address}: write --socket ${topic}=9999 or ${topic}=host:9999.`)
  return async (context) => {
    const { say, stopping } = context
    let told = ''
    const tell = (line: string): void => {
      if (line !== told) say(line)
      told = line
    }
    while (!stopping.aborted) {
      const socket = connect({ host, port: Number(port), signal: stopping })
      socket.once('connect', () => tell(`connected to ${host}:${port}: its lines go to ${topic}`))
      try {
        await lines(topic, socket, context)
        if (!stopping.aborted) tell(`${host}:${port} has closed the connection; connecting again`)
      } catch (error) {
        if (stopping.aborted) return
        if (error instanceof NotAppendedError) throw error.cause
        tell(
          `nothing answers at ${host}:${port} (${describeCause(error)}): start one with nc -lk ${port}; trying again`,
        )
      }
      await sleep(RECONNECT_MS, undefined, { signal: stopping }).catch(() => undefined)
    }
  }
}

/** So many samples a second. */
export function generatorFeed(topic: string, rate: string, sample: () => Promise<NewRecord | undefined>): Feed {
  const perSecond = Number(rate)
  if (!(perSecond > 0 && perSecond <= 100_000))
    throw new InvalidOptionError(`--generate ${topic}=${rate}: how many records a second? Write a number such as 10.`)
  return async (context) => {
    const { say, stopping } = context
    const started = performance.now()
    let told = false
    for (let made = 0; !stopping.aborted; ) {
      const record = await sample()
      const due = Math.floor(((performance.now() - started) / 1000) * perSecond) + 1 - made
      if (!record && !told) say(`--generate ${topic}: no record to go by yet; give one with --sample '${topic}=…'`)
      told = !record
      if (record && due > 0) await appended(new Array<NewRecord>(Math.min(due, CHUNK)).fill(record), context)
      made += record ? Math.min(due, CHUNK) : due
      await sleep(Math.max(10, 1000 / perSecond), undefined, { signal: stopping }).catch(() => undefined)
    }
  }
}

/** In order; appended as they come, but not one by one when there are many. */
async function lines(topic: string, input: Readable, context: FeedContext, before?: Progress): Promise<number> {
  let waiting: NewRecord[] = []
  let appending: Promise<void> | undefined
  let failed: { readonly error: unknown } | undefined
  let count = 0
  let passed = 0
  const flush = async (): Promise<void> => {
    try {
      while (waiting.length > 0) {
        const next = waiting.slice(0, CHUNK)
        await appended(next, context)
        before?.appended(next.map(({ value }) => String(value)))
        waiting = waiting.slice(next.length)
      }
    } catch (error) {
      failed = { error }
    }
    appending = undefined
  }
  for await (const value of createInterface({ input, crlfDelay: Number.POSITIVE_INFINITY, signal: context.stopping })) {
    if (passed++ < (before?.lines ?? 0)) continue
    waiting.push({ topic, value })
    count++
    appending ??= flush()
    if (waiting.length >= CHUNK) await appending
    if (failed) throw new NotAppendedError(failed.error)
  }
  await appending
  if (failed) throw new NotAppendedError(failed.error)
  return count
}

/** Lines were there, and could not be appended: no matter of where they come from. */
class NotAppendedError extends Error {
  constructor(cause: unknown) {
    super(describeCause(cause), { cause })
  }
}

/** Tries again for as long as it may pass, until the session stops. */
async function appended(records: readonly NewRecord[], { append, say, stopping }: FeedContext): Promise<void> {
  for (let told = false; ; told = true) {
    try {
      return await append(records)
    } catch (error) {
      const passes = error instanceof MillraceError && error.kind === 'wait'
      if (!passes || stopping.aborted) throw error
      if (!told) say(`records cannot be appended (${describeCause(error)}); trying again`)
      await sleep(RECONNECT_MS, undefined, { signal: stopping }).catch(() => undefined)
    }
  }
}
