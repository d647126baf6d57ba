// One simulated process: an instance of the function, with memory of its own and every I/O at the mercy of `Faults`.

import { Job, type JobDefinition } from '../../graph/job.ts'
import { type LambdaHandler, lambda } from '../../lambda/handler.ts'
import type { Environment } from '../../runtime/environment.ts'
import type { KafkaEvent } from '../../sources/kafka/event.ts'
import { Bill } from './bill.ts'
import { watched } from './calls.ts'
import { type Caller, never, turns } from './faults.ts'
import { isInjected } from './injected.ts'
import type { Random } from './random.ts'
import { faultyObjects, faultyTable } from './services.ts'
import { STATE_BUCKET, type World } from './world.ts'

/** A Kafka event, or messages of the job's queue. */
export type Invoked =
  | KafkaEvent
  | { readonly Records: readonly { readonly eventSource: string; readonly body: string }[] }

export type Answer = Awaited<ReturnType<LambdaHandler>> | 'failed'

export interface ProcessOptions {
  readonly reportFailures: boolean
  readonly partitions: ReadonlyMap<string, number>
  readonly code: string
  /** How far this process's clock is off, milliseconds. */
  readonly skew: number
  /** As in an environment: where nothing is deleted, nothing counts as expired. */
  readonly trustExpired?: number
  readonly random: Random
  /** Whether an error that the simulation has not made may happen. */
  readonly allows: (error: unknown) => boolean
  /** Whether the process's code may be refused with this code of an error. Default: it may not. */
  readonly refuses?: (code: string) => boolean
  /** Whether what is done with batches after their commit is only taken down: it has been done, in the run that is checked. */
  readonly pretends?: boolean
  /** What is given up by name. */
  readonly accept?: readonly string[]
}

export class SimulatedProcess implements Caller {
  readonly name: string
  readonly random: Random
  calls = 0
  alive = true
  frozen: Promise<void> | undefined
  /** Invocations under way. */
  busy = 0
  readonly #handler: LambdaHandler
  readonly #world: World
  readonly #allows: (error: unknown) => boolean
  readonly #refuses: (code: string) => boolean
  readonly #bill: Bill
  readonly #waiting = new Set<() => void>()
  readonly #handling = new Set<Promise<unknown>>()
  #thaw = (): void => {}

  constructor(name: string, job: JobDefinition, world: World, options: ProcessOptions) {
    const { reportFailures, partitions, code, skew, random, allows } = options
    const { refuses = () => false, accept = [], trustExpired = 0, pretends = false } = options
    this.name = name
    this.random = random
    this.#world = world
    this.#allows = allows
    this.#refuses = refuses
    this.#bill = new Bill(name, world.monitor, job.settings.retention)
    let names = 0
    const environment: Environment = {
      table: this.#bill.watch(faultyTable(world.table(name), world.faults, this)),
      objects: faultyObjects(world.objects(name), world.faults, this),
      bucket: STATE_BUCKET,
      clock: { now: () => world.now + skew },
      waker: {
        arm: (_, at, turn) =>
          world.faults.around(this, {
            point: 'arm',
            describe: () => `arms a wake-up for ${at}`,
            work: async () => world.arm(at, turn, skew),
          }),
      },
      helpers: {
        ask: (_, share) =>
          world.faults.around(this, {
            point: 'ask',
            describe: () => `asks for help with buckets ${share.buckets.join(', ')} of ${share.stage}`,
            work: async () => world.onAsk(share),
          }),
        pause: () => this.#pause(),
      },
      log: {
        info() {},
        warn() {},
        error: (facts, message) => {
          // What ends an invocation is met where it is thrown.
          if (message !== 'invocation failed' && message !== 'could not start')
            this.#expect(facts, facts.stack ?? facts.message)
        },
      },
      print: (text) => this.#print(text),
      afterCommit: (batch, work) =>
        world.faults.around(this, {
          point: 'effect',
          describe: () => `does ${batch.output} with T = ${batch.time}, attempt ${batch.attempt}`,
          work: () => world.effects.around(name, batch, pretends ? async () => {} : work),
        }),
      mirrorTo: (store) => ({
        ...store,
        write: (offsets) => {
          world.mirror.begins()
          return world.faults.around(this, {
            point: 'mirror',
            describe: () => `mirrors ${JSON.stringify(offsets)}`,
            work: async () => world.mirror.take(name, offsets),
          })
        },
      }),
      code,
      owner: 'simulated',
      strict: true,
      partitions,
      instance: name,
      trustExpired,
      newId: () => `${name}-${++names}`,
      positionsStay: true,
    }
    // What listeners do is outside of the simulated world; that there are some shows in commits.
    const listening = job.settings.listeners ? { ...job.settings, listeners: [] } : job.settings
    const settings = world.faults.bounded(listening)
    const outputs = job.outputs.map((node) => {
      const { receiver } = node.sink
      if (!receiver) return node
      const seen = watched(receiver, world.monitor.calls, (point, what, work) =>
        world.faults.around(this, { point, describe: () => `${point}s ${what}`, work }),
      )
      return { ...node, sink: { ...node.sink, receiver: seen } }
    })
    this.#handler = lambda(new Job({ ...job, settings, outputs }), { environment, reportFailures, accept })
  }

  kill(): void {
    this.alive = false
    this.#thaw()
    this.hang()
  }

  hang(): void {
    this.#bill.spoil()
    for (const giveUp of this.#waiting) giveUp()
  }

  /** Nothing goes on in it until the thaw, as in an instance of Lambda that has no invocation. */
  freeze(): void {
    if (this.frozen) return
    this.frozen = new Promise((resolve) => {
      this.#thaw = resolve
    })
    this.hang()
  }

  thaw(): void {
    this.frozen = undefined
    this.#thaw()
  }

  /** Invokes; 'failed' when it throws, dies, or hangs so long that the caller does not wait. */
  async invoke(event: Invoked): Promise<Answer> {
    const { trace } = this.#world
    this.thaw()
    this.busy++
    this.#bill.begin('records' in event ? event.records : {}, this.busy === 1, this.#world.now)
    trace?.tell(`${this.name} is invoked with ${inShort(event)}`)
    const handling = this.#handler(event)
    const settled = handling.then(
      () => undefined,
      (error: unknown) => this.#expect(error, error instanceof Error ? (error.stack ?? error.message) : error),
    )
    this.#handling.add(settled)
    void settled.then(() => this.#handling.delete(settled))
    let giveUp = (): void => {}
    const abandoned = new Promise<'failed'>((resolve) => {
      giveUp = () => resolve('failed')
    })
    this.#waiting.add(giveUp)
    const answer = await Promise.race([handling.catch(() => 'failed' as const), abandoned])
    this.#waiting.delete(giveUp)
    this.busy--
    if (answer !== undefined) this.#bill.spoil()
    this.#bill.end()
    trace?.tell(`${this.name} answers ${answer === undefined ? 'well' : JSON.stringify(answer)}`, answer !== undefined)
    return answer
  }

  /** Waits until nothing is under way any more; nothing is in a dead process. */
  async settle(): Promise<void> {
    while (this.alive && this.#handling.size > 0) {
      await Promise.race([Promise.all(this.#handling), new Promise<void>((resolve) => this.#waiting.add(resolve))])
    }
  }

  /** Long enough for others to get something done. */
  async #pause(): Promise<void> {
    await turns(this.random.int(20, 400))
    if (this.frozen) await this.frozen
    if (!this.alive) await never()
  }

  #print(text: string): void {
    if (!this.alive) return
    this.#world.trace?.tell(`${this.name} prints ${JSON.stringify(text)}`)
    this.#world.printed.push(text)
  }

  #expect(error: unknown, words: unknown): void {
    const message = typeof error === 'object' && error !== null && 'message' in error ? error.message : error
    if (isInjected(error) || isInjected(message) || this.#allows(error)) return
    const code = typeof error === 'object' && error !== null && 'code' in error ? String(error.code) : ''
    if (this.#refuses(code)) {
      this.kill()
      return
    }
    if (this.#world.expected.has(code)) {
      this.#world.trace?.tell(`${this.name} fails: ${String(message)}`)
      this.#world.noticed.push(code)
      return
    }
    this.#world.monitor.violation(`unexpected error in ${this.name}: ${String(words)}`)
  }
}

/** An event in one line. */
function inShort(event: unknown): string {
  if (typeof event !== 'object' || event === null) return String(event)
  if (!('records' in event) || typeof event.records !== 'object' || event.records === null)
    return `the wake-up for ${/"at\\?":(\d+)/.exec(JSON.stringify(event))?.[1] ?? JSON.stringify(event)}`
  return Object.entries(event.records)
    .map(([partition, list]) => `${partition}: ${offsets(list)}`)
    .join(', ')
}

function offsets(list: unknown): string {
  if (!Array.isArray(list) || list.length === 0) return 'nothing'
  return list.length === 1 ? `offset ${list[0].offset}` : `offsets ${list[0].offset} to ${list.at(-1).offset}`
}
