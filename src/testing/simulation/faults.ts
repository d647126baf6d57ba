// What can go wrong with one call to a service. Every I/O of every simulated process passes through `Faults.around`.

import type { JobSettings } from '../../graph/job.ts'
import type { Coverage } from './coverage.ts'
import { endless, throttled, unreachable } from './injected.ts'
import type { Random } from './random.ts'
import type { Trace } from './trace.ts'
import type { Fault } from './troubles.ts'

/** The process that makes a call. */
export interface Caller {
  readonly name: string
  readonly alive: boolean
  /** Decides what happens to this process's calls: the same number of draws for each. */
  readonly random: Random
  /** Calls begun. */
  calls: number
  kill(): void
  /** Called when a call hangs; whoever waits for the process may give up. */
  hang(): void
  /** While the process is frozen, a promise of its thaw. */
  readonly frozen: Promise<void> | undefined
}

/** One call: what kind, and in words. */
export interface Call<T> {
  readonly point: string
  readonly describe: () => string
  readonly work: () => Promise<T>
  /** What a conditional write answers when it meets itself. */
  readonly own?: T
  /** The same query, in pages; missing the newest items. */
  readonly pages?: () => Promise<T>
  readonly stale?: (() => Promise<T>) | undefined
}

/** A fault that was taken: the n-th call of a process. */
export interface TakenFault {
  readonly id: string
  readonly fault: Fault
}

const STALE = 0.3

/** Calls that few runs make. */
const RARE: ReadonlySet<string> = new Set([
  'createRow',
  'put spill',
  'put snapshot',
  'put quarantine',
  'stage',
  'complete',
  'abort',
  'get spill',
  'delete',
  'call',
  'connect',
  'mirror',
])

/** Lets `count` microtasks pass: simulated time that belongs to others. */
export async function turns(count: number): Promise<void> {
  for (let i = 0; i < count; i++) await undefined
}

export interface FaultOptions {
  readonly kinds: readonly Fault[]
  /** How often a call goes wrong; `stale`, if it is one of the kinds, happens to STALE of the reads that allow it. */
  readonly probability: number
  /** Faults, by the id of the call, that do not happen after all. */
  readonly except: ReadonlySet<string>
}

/**
 * A run that makes more calls than this does not come to an end: those that do make 1,300 at most (40 seeds of every kind).
 * Only a bound within the run tells that; a clock on the wall would call a busy machine a bug.
 */
const MOST_CALLS = 30_000
/** The same for loops that call nobody: none goes on without a look at the batch interval. Honest runs look 3,100 times at most. */
const MOST_LOOKS = 100_000

export class Faults {
  enabled = true
  /** Called once, when a run makes calls without end; from then on every process dies at its next call. */
  onEndless: () => void = () => {}
  #calls = 0
  #looks = 0
  readonly taken: TakenFault[] = []
  readonly #options: FaultOptions
  readonly #kinds: readonly Fault[]
  readonly #stale: boolean
  readonly #random: Random
  readonly #coverage: Coverage
  readonly #trace: Trace | undefined
  /** Hanging calls, and calls that will be done late. */
  #parked: (() => void)[] = []

  constructor(random: Random, options: FaultOptions, coverage: Coverage, trace?: Trace) {
    this.#random = random
    this.#options = options
    this.#kinds = options.kinds.filter((kind) => kind !== 'stale')
    this.#stale = options.kinds.includes('stale')
    this.#coverage = coverage
    this.#trace = trace
  }

  /** Lets hanging and late calls go on: each with this probability. */
  release(probability: number, random = this.#random): void {
    const [released, kept] = [[] as (() => void)[], [] as (() => void)[]]
    for (const go of this.#parked) (random.chance(probability) ? released : kept).push(go)
    this.#parked = kept
    for (const go of released) go()
  }

  /** Does the call for a caller, or not, or not quite. */
  async around<T>(caller: Caller, call: Call<T>): Promise<T> {
    if (!caller.alive) return never()
    if (++this.#calls === MOST_CALLS) this.onEndless()
    if (this.#calls >= MOST_CALLS || this.#looks >= MOST_LOOKS) {
      caller.kill()
      return never()
    }
    const { random } = caller
    const id = `${caller.name}/${++caller.calls}`
    const [before, after] = [latency(random), latency(random)]
    const [roll, which, arrives, share] = [random.next(), random.next(), random.chance(0.5), random.next()]
    await turns(before)
    if (caller.frozen) await caller.frozen
    // What is on its way to the service when its sender dies may arrive or not.
    if (!caller.alive && arrives) return never()
    const fault = this.#next(id, call, roll, which)
    this.#coverage.call(call.point, fault)
    const tell = (how: string, matters: boolean): void => {
      this.#trace?.tell(`${caller.name} ${call.describe()}${how}`, matters)
    }
    switch (fault) {
      case 'crash-before':
        tell(': dies before', true)
        caller.kill()
        return never()
      case 'refused':
        tell(': refused', true)
        throw unreachable(call)
      case 'throttled':
        tell(': throttled', true)
        throw throttled(call)
      case 'late':
        tell(': no answer, and done later', true)
        this.#parked.push(() => {
          tell(': done now, long after its sender was told that it had failed', true)
          void call.work().catch(() => undefined)
        })
        throw unreachable(call)
      case 'stall-before':
        tell(': hangs before', true)
        await this.#park(caller)
        tell(': goes on after it had hung', true)
        break
      case 'slow':
        tell(': takes long', false)
        await turns(200 + Math.floor(share * 2000))
        break
    }
    const answer = await this.#done(call, fault)
    const said = typeof answer === 'string' ? `: ${answer}` : ''
    if (caller.frozen) await caller.frozen
    if (fault === 'crash-after') {
      tell(`${said}, and dies before the answer`, true)
      caller.kill()
      return never()
    }
    if (fault === 'lost-answer') {
      tell(`${said}, but the answer is lost`, true)
      throw unreachable(call)
    }
    if (fault === 'own-conflict' && call.own !== undefined) {
      tell(`${said}, and its own retry is told ${String(call.own)}`, true)
      await turns(after)
      return caller.alive ? call.own : never()
    }
    const odd = fault === 'pages' ? ', in pages' : fault === 'stale' ? ', without the newest' : ''
    tell(`${said}${odd}`, odd !== '' || isWrite(call.point))
    if (fault === 'stall-after') {
      tell(': hangs after', true)
      await this.#park(caller)
    }
    await turns(after)
    if (caller.frozen) await caller.frozen
    return caller.alive ? answer : never()
  }

  /** The same settings, which notice that somebody goes on without end. */
  bounded(settings: JobSettings): JobSettings {
    const look = (): void => {
      if (++this.#looks === MOST_LOOKS) this.onEndless()
      if (this.#looks >= MOST_LOOKS) throw endless()
    }
    return {
      ...settings,
      get batch() {
        look()
        return settings.batch
      },
    }
  }

  #done<T>({ work, pages, stale }: Call<T>, fault: Fault | undefined): Promise<T> {
    if (fault === 'pages' && pages) return pages()
    return fault === 'stale' && stale ? stale() : work()
  }

  #next<T>(id: string, call: Call<T>, roll: number, which: number): Fault | undefined {
    const { probability, except } = this.#options
    // What goes wrong around a commit is what matters most, and what happens once in many runs has to go wrong in some.
    const often = (call.point.startsWith('append') ? 3 : RARE.has(call.point) ? 8 : 1) * probability
    if (!this.enabled || except.has(id)) return undefined
    if (call.stale && this.#stale && roll >= 1 - STALE) return this.#take(id, 'stale')
    if (this.#kinds.length === 0 || roll >= often) return undefined
    const fault = this.#kinds[Math.floor(which * this.#kinds.length)]
    if (fault === undefined || (fault === 'own-conflict' && call.own === undefined)) return undefined
    if (fault === 'pages' && !call.pages) return undefined
    return this.#take(id, fault)
  }

  #take(id: string, fault: Fault): Fault {
    this.taken.push({ id, fault })
    return fault
  }

  async #park(caller: Caller): Promise<void> {
    if (!this.enabled) return
    caller.hang()
    return new Promise((resolve) => this.#parked.push(resolve))
  }
}

export function never<T>(): Promise<T> {
  return new Promise(() => {})
}

function isWrite(point: string): boolean {
  return /^(append|createRow|replaceRow|put|stage|complete|abort|delete|arm|ask)/.test(point)
}

function latency(random: Random): number {
  return random.chance(0.05) ? random.int(20, 200) : random.int(0, 4)
}
