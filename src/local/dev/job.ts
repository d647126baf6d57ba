// One job of a session: its worker, the poller that feeds it, the watch that wakes it, and what it has written since.

import { setTimeout as sleep } from 'node:timers/promises'
import { describeCause } from '../../errors/errors.ts'
import { objectUrl } from '../../names/objects.ts'
import type { JobDescription } from '../../serverless/describe.ts'
import type { PlannedFunction, PlannedMapping } from '../../serverless/dev-plan.ts'
import { jobMapping, topicsOf } from '../event-source/job-mapping.ts'
import { type Poller, startPoller } from '../event-source/poller.ts'
import type { InvokeFailure, InvokeResult } from '../invoker/invoker.ts'
import { type WakeWatch, watchWakeUps } from '../wake-watch.ts'
import type { DevClock } from './clock.ts'
import { describeProblem } from './problem.ts'
import { clockTime, inBytes, plural, type Screen } from './screen.ts'
import type { DevServices } from './services.ts'
import { LogTail } from './tail.ts'
import { DevWorker, type WorkerCode } from './worker.ts'
import { readWorkerLine } from './worker-lines.ts'

export interface DevJobOptions {
  readonly name: string
  readonly services: DevServices
  readonly clock: DevClock
  readonly screen: Screen
  readonly group: string
  readonly inspect?: string
  /** What serverless.yml says of its function. */
  readonly planned?: Pick<PlannedFunction, 'mapping' | 'timeoutMs'>
  /** Of every event of records that has been taken. */
  readonly onTaken: (event: string) => void
}

/** What came of delivering an event once more. */
export interface Replayed {
  /** No position has moved. */
  readonly skipped: boolean
  readonly records: number
  readonly result: InvokeResult
}

/** Between two looks at what has been written. */
const LOOK_EVERY_MS = 100
/** Soon, because an edit may have mended it. */
const BACKOFF = { initialMs: 200, maxMs: 2000 }
/** So many objects are named one by one. */
const NAMED = 5

export class DevJob {
  readonly name: string
  readonly tail: LogTail
  readonly worker: DevWorker
  readonly #options: DevJobOptions
  #topics: readonly string[] = []
  #poller: Poller | undefined
  #wakes: WakeWatch | undefined
  #last: string | undefined
  #looking: Promise<void> | undefined
  #lookAgain = false
  #showsClosed = false
  #failing = ''
  #sources: readonly string[] = []

  constructor(options: DevJobOptions) {
    this.#options = options
    this.name = options.name
    this.tail = new LogTail(options.name, options.services)
    const { inspect, clock, services, planned } = options
    this.worker = new DevWorker({
      inFolder: Boolean(services.variables.MILLRACE_DIR),
      ...(inspect !== undefined && { inspect }),
      ...(planned && { timeoutMs: planned.timeoutMs }),
      ahead: () => clock.ahead,
      onLine: (line, stream) => this.#line(line, stream),
      onInvocation: (result) => this.#invoked(result),
    })
  }

  get topics(): readonly string[] {
    return this.#topics
  }

  /** Records that have been taken since the start, and invocations under way. */
  get progress(): { readonly records: number; readonly inFlight: number } {
    return { records: this.#poller?.stats.records ?? 0, inFlight: this.#poller?.stats.inFlight ?? 0 }
  }

  /** Runs this code from the next invocation on. */
  async run(code: WorkerCode, description: JobDescription, sources: readonly string[]): Promise<void> {
    this.#sources = sources
    this.#showsClosed = description.outputs.length > 0
    await this.worker.replace(code)
    const topics = topicsOf(description)
    if (!this.#poller) await this.tail.skip()
    if (topics.join() !== this.#topics.join()) {
      this.#topics = topics
      await this.#poller?.stop()
      this.#poller = topics.length > 0 ? await this.#poll(description) : undefined
    }
    const { services, clock, screen } = this.#options
    this.#wakes ??= watchWakeUps(services.table, this.name, this.worker, {
      clock,
      onError: (error) => screen.warn(`${this.name}: ${describeCause(error)}`),
    })
  }

  #poll({ feeds }: JobDescription): Promise<Poller> {
    const { services, screen, group, onTaken, planned } = this.#options
    const { batchSize = 1000, windowMs = 50, startsAt, ...retries }: Partial<PlannedMapping> = planned?.mapping ?? {}
    return startPoller({
      mapping: jobMapping({
        job: this.name,
        feeds,
        group,
        batchSize,
        windowMs,
        retries,
        ...(startsAt !== undefined && { startsAt }),
      }),
      source: services.topics.source,
      invoker: {
        invoke: async (payload) => {
          const result = await this.worker.invoke(payload)
          if (result.ok) {
            this.#last = String(payload)
            onTaken(this.#last)
          }
          return result
        },
        close: async () => {},
      },
      backoff: BACKOFF,
      onDiscard: ({ records }) =>
        screen.warn(`${this.name}: ${plural(records.length, 'record')} given up, as the mapping says`),
      onError: (error) => screen.warn(`${this.name}: ${error.message}`),
    })
  }

  /** Delivers the last event once more, as an event source may at any time; undefined when there was none. */
  async replay(): Promise<Replayed | undefined> {
    if (this.#last === undefined) return undefined
    const before = await this.tail.positions()
    const result = await this.worker.invoke(this.#last)
    const after = await this.tail.positions()
    const skipped = [...after].every(([task, { next }]) => before.get(task)?.next === next)
    return { skipped, result, records: recordsIn(this.#last) }
  }

  /** Finishes what is under way. */
  async stop(): Promise<void> {
    await Promise.all([this.#poller?.stop(), this.#wakes?.stop()])
    await this.worker.close()
    await this.#looking
  }

  #line(line: string, stream: 'stdout' | 'stderr'): void {
    const { screen } = this.#options
    const read = readWorkerLine(line, stream)
    if (read.kind === 'printed') screen.print(read.text)
    else if (read.kind === 'debugger')
      screen.say(`debugger of ${this.name}: ${read.url} (chrome://inspect, or attach your editor)`)
    else if (read.kind === 'notice' && read.level === 'warn') screen.warn(`${this.name}: ${read.text}`)
    else if (read.kind === 'notice') screen.problem([`✘ ${this.name}: ${read.text}`])
  }

  #invoked(result: InvokeResult): void {
    if (!result.ok) {
      this.#failed(result)
      return
    }
    if (this.#failing !== '')
      this.#options.screen.note(`${this.name} goes on: what had failed was delivered again and taken`)
    this.#failing = ''
    this.#look()
  }

  /** Once, however often it is tried again. */
  #failed(failure: InvokeFailure): void {
    const { errorType, errorMessage } = failure
    if (this.worker.wasKilled) {
      this.#failing = errorType
      return
    }
    const what = `${errorType} ${errorMessage.replace(/RequestId: \S+/, '')}`
    if (errorType === 'InvokerClosed' || what === this.#failing) return
    this.#failing = what
    const lines = describeProblem(failure, process.cwd(), this.#sources)
    this.#options.screen.problem([...lines, '    Delivered again until it succeeds: edit and save, nothing is lost.'])
  }

  #look(): void {
    this.#lookAgain = true
    this.#looking ??= this.#show().finally(() => {
      this.#looking = undefined
      if (this.#lookAgain) this.#look()
    })
  }

  async #show(): Promise<void> {
    const { screen } = this.#options
    this.#lookAgain = false
    try {
      const news = await this.tail.news()
      const objects = news.flatMap((one) => (one.kind === 'object' ? [one] : []))
      for (const { ref, bytes } of objects.slice(0, NAMED)) screen.note(`  + ${objectUrl(ref)}  ${inBytes(bytes)}`)
      if (objects.length > NAMED) screen.note(`  + ${plural(objects.length - NAMED, 'more object')}`)
      const closed = this.#showsClosed
        ? news.flatMap((one) => (one.kind === 'closed' ? [clockTime(one.time)] : []))
        : []
      if (closed.length > 0)
        screen.note(`  ✔ closed ${closed.length > NAMED ? `${closed[0]} to ${closed.at(-1)}` : closed.join(', ')}`)
    } catch (error) {
      screen.warn(`${this.name}: what was written cannot be read (${describeCause(error)})`)
    }
    await sleep(LOOK_EVERY_MS)
  }
}

function recordsIn(event: string): number {
  const { records = {} }: { records?: Record<string, unknown[]> } = JSON.parse(event)
  return Object.values(records).reduce((sum, list) => sum + list.length, 0)
}
