// Pollers that follow the mappings of an endpoint, as Lambda does: one per enabled mapping, begun when one appears or is
// enabled, ended when it is disabled or deleted, begun anew when it has changed.

import { describeCause } from '../../errors/errors.ts'
import type { EventSourceMapping } from './mapping.ts'
import type { Poller } from './poller.ts'
import { pause } from './wakeable.ts'

export interface MappingPollersOptions {
  /** All mappings, disabled ones too. */
  readonly read: () => Promise<readonly EventSourceMapping[]>
  readonly start: (mapping: EventSourceMapping) => Promise<Poller>
  /** What happens, one line each. */
  readonly say: (line: string) => void
  /** What somebody should look at. */
  readonly complain: (line: string) => void
  /** Between two looks at the mappings; default 5,000 ms. */
  readonly lookEveryMs?: number
}

interface Running {
  readonly mapping: EventSourceMapping
  readonly poller: Poller
}

export class MappingPollers {
  readonly #options: MappingPollersOptions
  readonly #running = new Map<string, Running>()
  readonly #ended = new AbortController()
  /** The last complaint about each mapping (and, under the empty name, about reading them): each is made once. */
  readonly #complaints = new Map<string, string>()
  #following: Promise<void> = Promise.resolve()

  constructor(options: MappingPollersOptions) {
    this.#options = options
  }

  /** Begins with the mappings that are there. @throws whatever reading them or a poller's start throws; then none is left running. */
  async begin(): Promise<void> {
    try {
      await this.#startAll((await this.#options.read()).filter(({ enabled }) => enabled))
    } catch (error) {
      await this.stop()
      throw error
    }
    this.#following = this.#follow()
  }

  /** Pollers that run now. */
  get count(): number {
    return this.#running.size
  }

  /** What a stop waits for, in words; empty when for nothing but Kafka's goodbye. */
  underWay(): string[] {
    return [...this.#running.values()]
      .filter(({ poller }) => poller.stats.inFlight > 0)
      .map(({ mapping, poller }) => `${poller.stats.inFlight} of ${nameOf(mapping)}`)
  }

  async stop(): Promise<void> {
    this.#ended.abort()
    await Promise.all([this.#following, ...[...this.#running.values()].map(({ poller }) => poller.stop())])
  }

  /** Ends at once, as a crash does; what was under way is delivered again. */
  kill(): void {
    this.#ended.abort()
    for (const { poller } of this.#running.values()) poller.kill()
  }

  async #startAll(mappings: readonly EventSourceMapping[]): Promise<void> {
    const started = await Promise.allSettled(mappings.map((mapping) => this.#start(mapping)))
    for (const result of started) if (result.status === 'rejected') throw result.reason
  }

  async #start(mapping: EventSourceMapping): Promise<void> {
    const poller = await this.#options.start(mapping)
    this.#running.set(mapping.uuid, { mapping, poller })
    if (this.#ended.signal.aborted) await poller.stop()
  }

  async #follow(): Promise<void> {
    const { lookEveryMs = 5000 } = this.#options
    for (;;) {
      await pause(lookEveryMs, this.#ended.signal)
      if (this.#ended.signal.aborted) return
      let mappings: readonly EventSourceMapping[]
      try {
        mappings = await this.#options.read()
        this.#recovered('', 'the mappings can be read again')
      } catch (error) {
        this.#complain('', `the mappings cannot be read, going on with those that are known: ${describeCause(error)}`)
        continue
      }
      await Promise.all([this.#end(mappings), this.#beginNew(mappings)])
    }
  }

  async #end(mappings: readonly EventSourceMapping[]): Promise<void> {
    const now = new Map(mappings.map((mapping) => [mapping.uuid, mapping]))
    await Promise.all(
      [...this.#running].map(async ([uuid, { mapping, poller }]) => {
        const found = now.get(uuid)
        const why = !found ? 'was deleted' : !found.enabled ? 'is disabled' : same(found, mapping) ? '' : 'has changed'
        if (why === '') return
        this.#options.say(`${nameOf(mapping)}: the mapping ${why}: stopping to poll`)
        await poller.stop()
        this.#running.delete(uuid)
        if (found?.enabled) await this.#tryToStart(found)
      }),
    )
  }

  async #beginNew(mappings: readonly EventSourceMapping[]): Promise<void> {
    const fresh = mappings.filter(({ uuid, enabled }) => enabled && !this.#running.has(uuid))
    await Promise.all(fresh.map((mapping) => this.#tryToStart(mapping)))
  }

  /** A mapping that cannot be polled does not hold up the others; it is tried again at the next look. */
  async #tryToStart(mapping: EventSourceMapping): Promise<void> {
    if (this.#ended.signal.aborted) return
    try {
      await this.#start(mapping)
      this.#complaints.delete(mapping.uuid)
    } catch (error) {
      this.#complain(mapping.uuid, `${nameOf(mapping)}: cannot be polled, trying again: ${describeCause(error)}`)
    }
  }

  #complain(about: string, line: string): void {
    if (this.#complaints.get(about) === line) return
    this.#complaints.set(about, line)
    this.#options.complain(line)
  }

  #recovered(about: string, line: string): void {
    if (this.#complaints.delete(about)) this.#options.say(line)
  }
}

/** `lines → words`: what the lines of one mapping begin with. */
export function nameOf({ topics, functionName }: EventSourceMapping): string {
  return `${topics.join(',')} → ${functionName.split(':').at(-1)}`
}

function same(a: EventSourceMapping, b: EventSourceMapping): boolean {
  return JSON.stringify(a) === JSON.stringify(b)
}
