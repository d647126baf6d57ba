// The watermark as an operator sees it. Every place that an operator runs in is told of all event times of a batch (`everywhere` of the
// operator's contract), so each works out the same watermark from what the logs say, cold or warm, and keeps it beside its state
// (docs/decisions/092-watermarks.md). Spark: `WatermarkTracker` and `WatermarkPropagator`.
//
// Cells: ['watermark', name], the greatest event time seen, the watermark, and the last batch with data where that counts; ['moved', ''], the
// batch at whose end the least of the watermarks has moved last, and what it was before.

import type { Cells, Form, Keyed } from '../cells.ts'
import type { Elements, OperatorContext } from '../operator.ts'

/** One of the watermarks that an operator goes by. */
export interface Mark {
  /** Names it among those of an operator, also after a deployment that has put its streams in another order. */
  readonly of: string
  /** Of its `withWatermark`, milliseconds. */
  readonly delay: number
  /** When its input has been silent for so long, the watermark is the greatest event time seen; undefined: never. Milliseconds. */
  readonly idle: number | undefined
  /** How far an operator before this one may hold rows back, milliseconds. */
  readonly behind: number
}

/** What one batch goes by, milliseconds of event time. */
export interface Judging {
  /** A row is late at or below it. Undefined: nothing is. */
  readonly late: number | undefined
  /** What ends at or below it is final. Undefined: nothing is. */
  readonly final: number | undefined
}

type Tracked = readonly [greatest: number, mark: number, last: number]
type Moved = readonly [time: number, before: number]

const numbers = <T extends readonly number[]>(is: (list: readonly number[]) => T | undefined): Form<T> => ({
  save: (entry) => entry,
  load(saved, loading) {
    const list = Array.isArray(saved) && saved.every((one) => typeof one === 'number') ? is(saved) : undefined
    return list ?? loading.refuse()
  },
})

const trackedForm = numbers<Tracked>(([greatest, mark, last]) =>
  greatest === undefined || mark === undefined || last === undefined ? undefined : [greatest, mark, last],
)
const movedForm = numbers<Moved>(([time, before]) =>
  time === undefined || before === undefined ? undefined : [time, before],
)

export class Watermarks {
  readonly #marks: readonly Mark[]
  readonly #slide: number
  readonly #tracked: Keyed<Tracked>
  readonly #moved: Keyed<Moved>

  /** @param marks none: nothing is ever late, and nothing final */
  constructor(marks: readonly Mark[], { cells, slide }: Pick<OperatorContext, 'slide'> & { readonly cells: Cells }) {
    this.#marks = marks
    this.#slide = slide
    this.#tracked = cells.keyed('watermark', trackedForm)
    this.#moved = cells.keyed('moved', movedForm)
  }

  /** After all batches so far. 0 until each input has had data; undefined where there is none. */
  get now(): number | undefined {
    if (this.#marks.length === 0) return undefined
    let least = Number.POSITIVE_INFINITY
    for (const { of, behind } of this.#marks) {
      const tracked = this.#tracked.get(of)
      least = Math.min(least, tracked ? Math.max(0, tracked[1] - behind) : 0)
    }
    return least
  }

  /**
   * What the batch at `time` goes by. Late is judged by the watermark of the batch before, as Spark has it since 3.4: what has come late for
   * an operator's first output is in time for what that has not handed on yet. The batch before counts also when it was left out because
   * nothing was due in it.
   */
  judging(time: number): Judging {
    this.#catchUp(time)
    const final = this.now
    const moved = this.#moved.get('')
    return { late: moved && moved[0] + this.#slide >= time ? moved[1] : final, final }
  }

  /** Inputs that have been silent for long enough before `time`: nothing may have been due here then, but other places have gone on. */
  #catchUp(time: number): void {
    const silent = this.#marks.flatMap((mark) => {
      const { of } = mark
      const tracked = this.#tracked.get(of)
      const at = tracked && this.#silentAt(mark, tracked)
      return at !== undefined && at < time && tracked ? [{ of, at, tracked }] : []
    })
    for (const { of, at, tracked } of silent.sort((a, b) => a.at - b.at)) {
      const before = this.now ?? 0
      this.#tracked.set(of, [tracked[0], tracked[0], tracked[2]])
      if (this.now !== before) this.#moved.set('', [at, before])
    }
  }

  /** The batch at whose end an input counts as silent; undefined: its watermark could not move by that. */
  #silentAt({ idle }: Mark, [greatest, mark, last]: Tracked): number | undefined {
    return idle === undefined || mark >= greatest ? undefined : Math.ceil((last + idle) / this.#slide) * this.#slide
  }

  /** At the end of the batch at `time`. @param inputs of every watermark what the batch has seen */
  move(time: number, inputs: readonly (Elements | undefined)[]): void {
    const before = this.now
    if (before === undefined) return
    for (const [i, { of, delay, idle }] of this.#marks.entries()) {
      const old = this.#tracked.get(of)
      const tracked = trackedAt(time, old, greatestOf(inputs[i] ?? []), { delay, idle })
      if (tracked && !tracked.every((value, k) => value === old?.[k])) this.#tracked.set(of, tracked)
    }
    if (this.now !== before) this.#moved.set('', [time, before])
  }

  /**
   * When something would be final although nothing comes.
   *
   * @param first the least time that has to be reached; undefined: nothing waits
   */
  due(time: number, first: number | undefined): number | undefined {
    if (first === undefined || this.#marks.length === 0) return undefined
    if (first <= (this.now ?? Number.NEGATIVE_INFINITY)) return time + 1
    let due: number | undefined
    for (const mark of this.#marks) {
      const tracked = this.#tracked.get(mark.of)
      const at = tracked && this.#silentAt(mark, tracked)
      if (at !== undefined) due = Math.min(due ?? Number.POSITIVE_INFINITY, Math.max(time + 1, at))
    }
    return due
  }
}

/** @param came the greatest event time of the batch at `time`, if it has any */
function trackedAt(
  time: number,
  before: Tracked | undefined,
  came: number | undefined,
  { delay, idle }: Pick<Mark, 'delay' | 'idle'>,
): Tracked | undefined {
  if (came !== undefined) {
    const greatest = Math.max(came, before?.[0] ?? came)
    return [greatest, Math.max(0, before?.[1] ?? 0, greatest - delay), idle === undefined ? 0 : time]
  }
  if (!before || idle === undefined || time - before[2] < idle) return before
  return [before[0], Math.max(before[1], before[0]), before[2]]
}

function greatestOf(seen: Elements): number | undefined {
  let greatest: number | undefined
  for (const element of seen) {
    const at: unknown = Array.isArray(element) ? element[1] : undefined
    if (typeof at === 'number' && at > (greatest ?? Number.NEGATIVE_INFINITY)) greatest = at
  }
  return greatest
}
