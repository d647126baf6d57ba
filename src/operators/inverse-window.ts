// A windowed reduce that adds what enters and takes off what leaves, so that a batch costs what changed and not what is there.
// Spark: `ReducedWindowedDStream`. Per key that enters or leaves, at a multiple T of the slide S, in Spark's order of calls:
//
//   value = invReduce(value, reduce of the batches that leave)     batches in (T - S - W, T - W]
//   value = reduce(value, reduce of the batches that enter)        batches in (T - S, T]
//   a key without value: reduce of the batches that enter
//
// Keys keep their value when all their batches have left (0, of a count) unless the filter drops them. Where Spark is wrong, this
// is not: a key that the filter dropped although batches in the window hold it is reduced anew from all of those when it is
// touched (Spark throws, or counts only what is new), and batches between windows (S > W) are never counted.
//
// Due as long as a batch is held, so until the last one has left. Spark goes on for ever, with nothing but the same again.
//
// Cells: ['batch', time], its pairs, deleted when it leaves; ['value', key], the windowed value.

import type { Shuffle } from '../options/shuffle.ts'
import type { ValueVersion } from '../options/state-version.ts'
import { synchronous } from '../options/synchronous.ts'
import { copy, copyAgain, copyOf } from '../values/copy.ts'
import { KeyMap } from '../values/key-map.ts'
import { type Pair, pairOf } from '../values/pairs.ts'
import { hasBatch, isInAnyWindow, nextBatch } from './batch-times.ts'
import { type Form, type Keyed, plain, type Timed } from './cells.ts'
import type { KeptForm } from './kept.ts'
import type { Asked, BatchInfo, BatchOperator, Elements, OperatorContext, RunningOperator } from './operator.ts'
import type { Windowed } from './window.ts'

/** User functions sit in method signatures, so that operators forget element types. */
export interface Inverse {
  reduce(a: unknown, b: unknown): unknown
  invReduce(a: unknown, b: unknown): unknown
  /** On `[key, value]`; undefined: keep all. */
  readonly filter: { test(pair: readonly [unknown, unknown]): boolean } | undefined
}

/** The operator; its input has one pair per key and batch: reduced already. */
export function inverseWindow(
  how: Inverse,
  { spans, made }: Windowed,
  who: Shuffle,
  values: ValueVersion | undefined,
): Asked {
  const operator: BatchOperator = {
    runs: 'on batches',
    kind: 'inverseWindow',
    said: 'reduceByKeyAndWindow, reduceByWindow, countByWindow or countByValueAndWindow',
    keys: 'made',
    spread: 'by key',
    values,
    takesWhatItKeeps: true,
    state: { fixed: { ...spans, keeps: made ?? 'values' }, alone: true },
    walks: true,
    create: (context) => new InverseWindow(how, spans, context),
  }
  return { operator, ...who, slide: spans.slide }
}

/** What a slide means for one key: values of the batches that leave and of those that enter, oldest first. */
interface Touched {
  readonly left: unknown[]
  readonly entered: unknown[]
}

type Batch = KeyMap<unknown>

const pairsForm: Form<Batch> = {
  save: (batch) => [...batch],
  load(saved, loading) {
    if (!Array.isArray(saved)) return loading.refuse()
    const pairs = saved.map((pair) => {
      const [key, value] = pairOf(pair)
      return [key, loading.migrate(value, { key })] as const
    })
    return batchOf(pairs)
  },
}

function batchOf(elements: Elements): Batch {
  const batch = new KeyMap<unknown>()
  for (const element of elements) {
    const [key, value] = pairOf(element)
    batch.set(copy(key), copyOf(key, value))
  }
  return batch
}

export const INVERSE_WINDOW_KEPT: KeptForm = {
  byKey: true,
  cells: { batch: 'elements by time', value: 'by key' },
}

class InverseWindow implements RunningOperator {
  readonly #how: Inverse
  readonly #spans: Windowed['spans']
  /** By batch time, ascending. */
  readonly #batches: Timed<Batch>
  readonly #values: Keyed<unknown>
  /** In how many of the batches a key is; only the filter makes this needed. */
  #occurrences: KeyMap<number> | undefined

  constructor(how: Inverse, spans: Windowed['spans'], { cells }: Pick<OperatorContext, 'cells'>) {
    this.#how = how
    this.#spans = spans
    this.#batches = cells.timed('batch', pairsForm)
    this.#values = cells.keyed('value', plain)
  }

  run({ time }: BatchInfo, [elements = []]: readonly (Elements | undefined)[]): Elements | undefined {
    if (elements.length > 0 && isInAnyWindow(time, this.#spans)) {
      const batch = batchOf(elements)
      this.#count(batch, 1)
      this.#batches.set(time, batch)
    }
    if (!hasBatch(time, this.#spans.slide)) return undefined
    for (const [key, touched] of this.#touchedAt(time)) this.#slide(key, touched)
    return this.#emit()
  }

  #count(batch: Batch, by: number): void {
    if (this.#how.filter === undefined) return
    const counts = this.#counts()
    for (const key of batch.keys()) {
      const count = (counts.get(key) ?? 0) + by
      if (count > 0) counts.set(key, count)
      else counts.delete(key)
    }
  }

  /** What was restored is counted when it is first needed. */
  #counts(): KeyMap<number> {
    if (this.#occurrences) return this.#occurrences
    const counts = new KeyMap<number>()
    for (const batch of this.#batches.values()) {
      for (const key of batch.keys()) counts.set(key, (counts.get(key) ?? 0) + 1)
    }
    this.#occurrences = counts
    return counts
  }

  #touchedAt(time: number): KeyMap<Touched> {
    const all = new KeyMap<Touched>()
    const touch = (key: unknown): Touched => {
      const touched = all.get(key) ?? { left: [], entered: [] }
      all.set(key, touched)
      return touched
    }
    for (const [batchTime, batch] of this.#batches) {
      if (batchTime <= time - this.#spans.window) {
        for (const [key, value] of batch) touch(key).left.push(copyAgain(value))
        this.#count(batch, -1)
        this.#batches.delete(batchTime)
      } else if (batchTime > time - this.#spans.slide) {
        for (const [key, value] of batch) touch(key).entered.push(copyAgain(value))
      }
    }
    return all
  }

  #slide(key: unknown, { left, entered }: Touched): void {
    const { reduce, invReduce } = this.#how
    let value = this.#values.get(key)
    if (value === undefined && !this.#values.has(key)) {
      const inWindow = this.#isElsewhere(key, entered.length) ? this.#allOf(key) : entered
      if (inWindow.length === 0) return
      value = inWindow.reduce((a, b) => reduce(a, b))
    } else {
      if (left.length > 0)
        value = invReduce(
          value,
          left.reduce((a, b) => reduce(a, b)),
        )
      if (entered.length > 0)
        value = reduce(
          value,
          entered.reduce((a, b) => reduce(a, b)),
        )
    }
    this.#values.set(key, copyOf(key, value))
  }

  /** Whether a key without value is in batches of the window besides those that enter: then the filter has dropped it. */
  #isElsewhere(key: unknown, entered: number): boolean {
    return this.#how.filter !== undefined && (this.#counts().get(key) ?? 0) > entered
  }

  #allOf(key: unknown): unknown[] {
    return [...this.#batches.values()].flatMap((batch) => (batch.has(key) ? [copyAgain(batch.get(key))] : []))
  }

  #emit(): Pair[] {
    const { filter } = this.#how
    const pairs: Pair[] = []
    for (const [key, value] of this.#values) {
      const pair: Pair = [copyAgain(key), copyAgain(value)]
      if (filter === undefined || synchronous('reduceByKeyAndWindow, filter', filter.test(pair))) pairs.push(pair)
      else this.#values.delete(key)
    }
    return pairs
  }

  due(time: number): number | undefined {
    return this.#batches.size === 0 ? undefined : nextBatch(time, this.#spans.slide)
  }
}
