// `broadcast` and `withBroadcast`: a side input that is loaded once for a batch time, before any function sees it, and is
// what the log says from then on. Spark: broadcast variables, which a checkpoint does not recover (streaming programming guide,
// "Accumulators, Broadcast Variables, and Checkpoints"), so that jobs load them again, in a singleton, whenever they start.
//
// Cells of the one that loads, where a value serves for longer than one batch: ['loaded', T], the value; ['sent', reader], the T of
// the value that a reader has got. Of one that reads: ['value', T], the last that it got.

import { type Batch, batchOf } from '../batch/batch.ts'
import { NoBroadcastError } from '../errors/batch-errors.ts'
import { type Duration, toMillis } from '../options/duration.ts'
import type { IdentityOptions } from '../options/identity.ts'
import { checkFunction } from '../options/options.ts'
import { identified } from '../options/shuffle.ts'
import { copy, copyAgain } from '../values/copy.ts'
import type { Form, Keyed, Timed } from './cells.ts'
import type { KeptForm } from './kept.ts'
import type { Asked, BatchInfo, BatchOperator, Elements, OperatorContext, RunningOperator } from './operator.ts'
import { madeOf, type Transformed } from './transform.ts'

/** Options of {@link DStream.broadcast}. */
export interface BroadcastOptions extends IdentityOptions {
  /**
   * How long a value serves: it is loaded anew in the first batch that is so much later than the one of the last load. `false`: it
   * is loaded once, and never again. Default: it is loaded for every batch.
   */
  readonly refresh?: Duration | false
}

/** User functions sit in method signatures, so that operators forget element types. */
interface Load {
  load(time: number): unknown
}
interface WithValue {
  of(batch: Batch<unknown>, value: unknown, time: number): unknown
}

/** An element for every load. */
export function broadcast(load: Load, options: BroadcastOptions): Asked {
  const who = identified('broadcast', options, ['refresh'])
  const { refresh } = options
  const serves =
    refresh === undefined ? 0 : refresh === false ? Number.POSITIVE_INFINITY : toMillis('broadcast, refresh', refresh)
  const operator: BatchOperator = {
    runs: 'on batches',
    kind: 'broadcast',
    said: 'broadcast',
    keys: 'lost',
    spread: 'all to one',
    combine: () => [], // that a batch is closed is all that it needs to know
    state: {},
    create: (context) => new Loading(load, serves, context),
  }
  return { ...who, operator, numPartitions: 1 }
}

const timeForm: Form<number> = {
  save: (time) => time,
  load: (saved, { refuse }) => (typeof saved === 'number' ? saved : refuse()),
}

/** In a list: a value may be undefined, which as the value of a cell is none. */
const boxForm: Form<readonly [unknown]> = {
  save: (box) => box,
  load: (saved, { refuse }) => (Array.isArray(saved) && saved.length === 1 ? [saved[0]] : refuse()),
}

const unboxed: KeptForm['parts'] = (saved) => ({ value: Array.isArray(saved) && saved.length === 1 ? saved[0] : saved })

export const BROADCAST_KEPT: KeptForm = { byKey: false, cells: { loaded: 'by time', sent: 'by key' }, parts: unboxed }

export const WITH_BROADCAST_KEPT: KeptForm = { byKey: false, cells: { value: 'by time' }, parts: unboxed }

class Loading implements RunningOperator {
  readonly #load: Load
  /** Milliseconds. */
  readonly #serves: number
  readonly #readers: readonly string[]
  readonly #loaded: Timed<readonly [unknown]>
  readonly #sent: Keyed<number>

  constructor(load: Load, serves: number, { cells, readers }: OperatorContext) {
    this.#load = load
    this.#serves = serves
    this.#readers = readers
    this.#loaded = cells.timed('loaded', boxForm)
    this.#sent = cells.keyed('sent', timeForm)
  }

  /** When it cannot be loaded the batch fails, whatever the policy: there is nothing that could go aside. */
  async run({ time }: BatchInfo): Promise<Elements> {
    const [last] = this.#loaded
    if (last && time - last[0] < this.#serves) return this.#sendTo(last)
    const value = copy(await this.#load.load(time))
    if (last) this.#loaded.delete(last[0])
    if (this.#serves === 0) return [value]
    this.#loaded.set(time, [value])
    return this.#sendTo([time, [value]])
  }

  /** To all that read it, if there is one that has not got it: after a load, and after a deployment that brings one. */
  #sendTo([time, [value]]: readonly [time: number, box: readonly [unknown]]): Elements {
    const lacking = this.#readers.filter((reader) => this.#sent.get(reader) !== time)
    for (const reader of lacking) this.#sent.set(reader, time)
    return lacking.length === 0 ? [] : [copyAgain(value)]
  }
}

/** What a function makes of a batch and of the value that is in force. */
export function withBroadcast<T, V, U>(
  f: (batch: Batch<T>, value: V, time: number) => Transformed<U>,
  options: IdentityOptions,
): Asked {
  const how: WithValue = { of: checkFunction('withBroadcast', f) }
  const operator: BatchOperator = {
    runs: 'on batches',
    kind: 'withBroadcast',
    said: 'withBroadcast',
    keys: 'lost',
    spread: 'all to one',
    state: {},
    positions: true,
    create: (context) => new WithBroadcast(how, context),
  }
  return { ...identified('withBroadcast', options), operator, numPartitions: 1 }
}

class WithBroadcast implements RunningOperator {
  readonly #how: WithValue
  readonly #context: OperatorContext
  readonly #value: Timed<readonly [unknown]>

  constructor(how: WithValue, context: OperatorContext) {
    this.#how = how
    this.#context = context
    this.#value = context.cells.timed('value', boxForm)
  }

  /** A batch at which nothing was loaded, as when only a timer ran, has the value before. */
  run(
    { time, offsetRanges: [ranges = []] }: BatchInfo,
    [elements = [], loads = []]: readonly (Elements | undefined)[],
  ): Promise<Elements> {
    const [last] = this.#value
    if (loads.length > 0) {
      if (last) this.#value.delete(last[0])
      this.#value.set(time, [copy(loads.at(-1))])
    }
    const [now] = this.#value
    if (!now) throw new NoBroadcastError(time)
    const [, [value]] = now
    const facts = { time, id: this.#context.batchId(time), offsetRanges: ranges }
    const batch = batchOf<unknown>([elements], facts)
    const own = copyAgain(value)
    return madeOf(
      'withBroadcast',
      [batch],
      () => this.#how.of(batch, own, time),
      () => elements,
      this.#context.aside,
    )
  }
}
