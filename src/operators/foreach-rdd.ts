// `foreachRDD`: a function of the job's own on each closed batch, after the commit that holds it, in order of T, at least once. Spark:
// `foreachRDD`. What it is given waits in the log until the function has succeeded, and that is a commit of its own
// (runtime/pending-effects.ts).
//
// Cells: ['waiting', T], the elements; ['read', T], where its records stand in their topics, if it has any; ['tried', T], how often the
// function has begun with them, and from when on it may again.

import { type Batch, batchOf, type OffsetRange } from '../batch/batch.ts'
import type { IdentityOptions } from '../options/identity.ts'
import { checkFunction } from '../options/options.ts'
import { identified } from '../options/shuffle.ts'
import { copyAgain } from '../values/copy.ts'
import type { Form, Timed } from './cells.ts'
import type { KeptForm } from './kept.ts'
import type {
  Asked,
  BatchInfo,
  BatchOperator,
  Elements,
  OperatorContext,
  RunningOperator,
  Tried,
  Waiting,
} from './operator.ts'

/** User functions sit in method signatures, so that operators forget element types. */
interface OnBatch {
  on(batch: Batch<unknown>, time: number): unknown
}

export function foreachRDD<T>(f: (batch: Batch<T>, time: number) => unknown, options: IdentityOptions): Asked {
  return waiting({ on: checkFunction('foreachRDD', f) }, identified('foreachRDD', options))
}

function waiting(f: OnBatch, who: Partial<Asked>): Asked {
  const operator: BatchOperator = {
    runs: 'on batches',
    kind: 'foreachRDD',
    said: 'foreachRDD',
    keys: 'lost',
    spread: 'all to one',
    state: {},
    positions: true,
    async afterCommit(elements, facts) {
      const batch = batchOf<unknown>([elements], facts)
      try {
        await f.on(batch, facts.time)
      } catch (error) {
        await batch.settled()?.catch(() => {}) // what it has begun must not go on beside the next try
        throw error
      }
      await batch.settled()
    },
    create: (context) => new Kept(context),
  }
  return { ...who, operator }
}

/** They come by an edge of their own, decoded, and no function of the job has seen them. */
const elementsForm: Form<Elements> = {
  save: (elements) => elements,
  load: (saved, { refuse }) => (Array.isArray(saved) ? saved : refuse()),
}

const readForm: Form<readonly OffsetRange[]> = {
  save: (ranges) => ranges.map((one) => [one.topic, one.partition, one.fromOffset, one.untilOffset]),
  load: (saved, { refuse }) => (Array.isArray(saved) ? saved.map((one) => rangeOf(one) ?? refuse()) : refuse()),
}

function rangeOf(saved: unknown): OffsetRange | undefined {
  const [topic, partition, fromOffset, untilOffset] = Array.isArray(saved) ? saved : []
  if (typeof topic !== 'string' || typeof partition !== 'number') return undefined
  if (typeof fromOffset !== 'number' || typeof untilOffset !== 'number') return undefined
  return { topic, partition, fromOffset, untilOffset }
}

const triedForm: Form<Tried> = {
  save: ({ attempts, from, by }) => [attempts, from, by],
  load(saved, { refuse }) {
    const [attempts, from, by] = Array.isArray(saved) ? saved : []
    const isTried = Number.isSafeInteger(attempts) && Number.isSafeInteger(from) && typeof by === 'string'
    return isTried ? { attempts, from, by } : refuse()
  },
}

const NEVER: Tried = { attempts: 0, from: 0, by: '' }

export const FOREACH_RDD_KEPT: KeptForm = {
  byKey: false,
  cells: { waiting: 'elements by time', read: 'by time', tried: 'by time' },
}

class Kept implements RunningOperator {
  readonly #waiting: Timed<Elements>
  readonly #read: Timed<readonly OffsetRange[]>
  readonly #tried: Timed<Tried>
  readonly waiting: Waiting

  constructor({ cells }: OperatorContext) {
    this.#waiting = cells.timed('waiting', elementsForm)
    this.#read = cells.timed('read', readForm)
    this.#tried = cells.timed('tried', triedForm)
    this.waiting = {
      first: () => this.#first(),
      elements: () => [...this.#waiting][0]?.[1].map(copyAgain) ?? [],
      offsetRanges: () => this.#readOf([...this.#waiting][0]?.[0]),
      tried: (time, tried) => this.#tried.set(time, tried),
      done: (time) => this.#done(time),
    }
  }

  /** A batch waits also when nothing came: in Spark the function is called for it, too. */
  run({ time, offsetRanges: [read = []] }: BatchInfo, [elements = []]: readonly (Elements | undefined)[]): undefined {
    this.#waiting.set(time, elements)
    if (read.length > 0) this.#read.set(time, read)
  }

  #readOf(time: number | undefined): readonly OffsetRange[] {
    return [...this.#read].flatMap(([at, ranges]) => (at === time ? ranges : []))
  }

  #first(): (Tried & { readonly time: number }) | undefined {
    for (const [time] of this.#waiting) {
      const [tried = NEVER] = [...this.#tried].flatMap(([at, one]) => (at === time ? [one] : []))
      return { time, ...tried }
    }
    return undefined
  }

  #done(time: number): void {
    this.#waiting.delete(time)
    this.#read.delete(time)
    this.#tried.delete(time)
  }
}
