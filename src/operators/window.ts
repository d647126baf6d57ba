// `window`: at every multiple of the slide S, the elements of the batches in (T - W, T]. Spark: `WindowedDStream`. The first
// windows are partial, as there are no batches before the first; a window without elements is an empty batch, not none.
//
// Spark emits at every slide for ever. Here a window is due as long as it holds elements, and once more when the last of them
// have left, so that those who read it see it become empty; after that nothing would change until data comes.
//
// Cells: ['batch', time], the elements of that batch; deleted when they leave.

import type { Identity, IdentityOptions } from '../options/identity.ts'
import { identified } from '../options/shuffle.ts'
import { type ValueVersion, VERSION_OPTIONS, type VersionOptions, valueVersion } from '../options/state-version.ts'
import { copy, copyAgain } from '../values/copy.ts'
import { hasBatch, isInAnyWindow, nextBatch, type Spans } from './batch-times.ts'
import type { Form, Timed } from './cells.ts'
import type { KeptForm } from './kept.ts'
import type { Asked, BatchInfo, BatchOperator, Elements, Made, OperatorContext, RunningOperator } from './operator.ts'

/** Options of {@link DStream.window} and {@link DStream.reduceByWindow}. */
export interface WindowOptions<T> extends IdentityOptions, VersionOptions<NoInfer<T>> {}

/** What the window is over: how long it is, and what its input is made to. */
export interface Windowed {
  readonly spans: Spans
  readonly made: Made | undefined
}

export function window<T>(windowed: Windowed, options: WindowOptions<T>): Asked {
  return windowing(windowed, identified('window', options, VERSION_OPTIONS), valueVersion('window', options))
}

/** The operator. @param values the version of its elements */
export function windowing({ spans, made }: Windowed, who: Identity, values: ValueVersion | undefined): Asked {
  const operator: BatchOperator = {
    runs: 'on batches',
    kind: 'window',
    said: 'window, groupByKeyAndWindow, reduceByKeyAndWindow or reduceByWindow',
    keys: 'kept',
    spread: 'as it is',
    values,
    takesWhatItKeeps: true,
    state: { fixed: { ...spans, keeps: made ?? 'values' }, alone: true },
    walks: true,
    create: (context) => new Window(spans, context),
  }
  return { operator, ...who, slide: spans.slide }
}

const elementsForm: Form<Elements> = {
  save: (elements) => elements,
  load: (saved, loading) =>
    Array.isArray(saved) ? saved.map((element) => loading.migrate(element)) : loading.refuse(),
}

export const WINDOW_KEPT: KeptForm = { byKey: false, cells: { batch: 'elements by time' } }

class Window implements RunningOperator {
  readonly #spans: Spans
  /** By batch time, ascending; never empty arrays. */
  readonly #batches: Timed<Elements>

  constructor(spans: Spans, { cells }: Pick<OperatorContext, 'cells'>) {
    this.#spans = spans
    this.#batches = cells.timed('batch', elementsForm)
  }

  run({ time }: BatchInfo, [elements = []]: readonly (Elements | undefined)[]): Elements | undefined {
    if (elements.length > 0 && isInAnyWindow(time, this.#spans)) this.#batches.set(time, elements.map(copy))
    if (!hasBatch(time, this.#spans.slide)) return undefined
    this.#dropUntil(time - this.#spans.window)
    return [...this.#batches.values()].flatMap((batch) => batch.map(copyAgain))
  }

  #dropUntil(end: number): void {
    for (const [time] of this.#batches) {
      if (time > end) return
      this.#batches.delete(time)
    }
  }

  due(time: number): number | undefined {
    return this.#batches.size === 0 ? undefined : nextBatch(time, this.#spans.slide)
  }
}
