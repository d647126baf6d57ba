// Event time: streams whose elements say when they happened. Definitions follow Spark's Structured Streaming (docs/guide/event-time.md).

import { InvalidOptionError } from '../errors/errors.ts'
import { feedsOf, type StreamNode } from '../graph/nodes.ts'
import {
  type Aggregate,
  type Aggregation,
  aggregating,
  counting,
  reducing,
} from '../operators/event-time/aggregation.ts'
import { deduplicating } from '../operators/event-time/drop-duplicates.ts'
import { lateRows } from '../operators/event-time/late-rows.ts'
import { sessionizing } from '../operators/event-time/sessions.ts'
import { type EventTime, type Stamped, seen, stamp, unstamp } from '../operators/event-time/stamp.ts'
import type { Mark } from '../operators/event-time/watermark.ts'
import { type EventWindow, NO_WINDOW, type NoWindow, type Windows } from '../operators/event-time/windower.ts'
import { type Group, type OutputMode, windowing } from '../operators/event-time/windows.ts'
import type { Asked } from '../operators/operator.ts'
import { type Duration, toMillis } from '../options/duration.ts'
import type { Inferred } from '../options/inferred.ts'
import { checkChoice, checkFunction, checkKnownOptions } from '../options/options.ts'
import { type ShuffleOptions, shuffle } from '../options/shuffle.ts'
import type { Sync } from '../options/sync.ts'
import { synchronous } from '../options/synchronous.ts'
import type { Reduce, Widen } from '../options/widen.ts'
import type { DStream } from './dstream.ts'

/** Options of {@link DStream.withWatermark}. */
export interface WatermarkOptions {
  /**
   * When nothing has come for so long, the watermark moves to the greatest event time seen, so that windows which end before it come out although
   * input has stopped. Spark's never do. Default: never.
   */
  readonly idle?: Duration
}

/** Options of operators that turn rows away which come late. */
export interface LateOptions<T> {
  /** Is given the stream of rows that have come too late, to write them somewhere. Default: they are counted (`LateRows`, and a line in the log) and left out. */
  readonly late?: (stream: DStream<T>) => void
}

/** Options of {@link EventStream.groupBy}. */
export interface GroupByOptions<T, K> extends ShuffleOptions {
  /** The key of a row; compared by value. Default: all rows are one group, whose key is null. */
  readonly key?: (row: T) => K
  /** {@link tumbling}, {@link sliding} or {@link session}. Default: none, all of time is one window; `append` is not possible then. */
  readonly window?: Windows<T>
}

/** Options of what comes out of groups. */
export interface GroupOptions<T> extends LateOptions<T> {
  /** When a group comes out. Default `append`: once, when it is final. */
  readonly mode?: OutputMode
}

/** Options of {@link EventStream.dropDuplicates}. */
export interface DropDuplicatesOptions<T> extends ShuffleOptions, LateOptions<T> {
  /** Rows are alike only when their event times are, too: then a key may go when the watermark has passed it. Default false: keys stay for ever. */
  readonly eventTime?: boolean
}

/** What {@link DStream.withWatermark} makes of a stream. @throws InvalidOptionError */
export function watermarked<T>(
  stream: DStream<T>,
  at: EventTime<T>,
  delay: Duration,
  options: WatermarkOptions,
): EventStream<T> {
  checkKnownOptions('withWatermark', options, ['idle'])
  const { idle } = options
  const stamped = stream.derive<Stamped<T>>(stamp('withWatermark', at))
  const { node } = stamped.derive(seen)
  const mark = {
    node,
    of: [...feedsOf(node)].sort().join(','),
    delay: toMillis('withWatermark, delay', delay),
    idle: idle === undefined ? undefined : toMillis('withWatermark, idle', idle),
    behind: 0,
  }
  return new EventStream(stamped, [mark])
}

/** What {@link DStream.withEventTime} makes of a stream. @throws InvalidOptionError */
export function timed<T>(stream: DStream<T>, at: EventTime<T>): EventStream<T> {
  return new EventStream(stream.derive<Stamped<T>>(stamp('withEventTime', at)), [])
}

/** What rows are: as they came, groups that are final, or groups that come again whenever they change. */
type RowsOf = 'input' | 'groups' | 'changing groups'

/** A watermark of a stream, and what says how far it is. */
export interface Watermarked extends Mark {
  readonly node: StreamNode
}

/**
 * A stream whose elements have an event time, which its operators keep: what comes out of a window happened when the window ended. Made by
 * {@link DStream.withWatermark}. Spark: a streaming `Dataset` after `withWatermark`.
 *
 * @example
 * function perPage(views: EventStream<{ page: string }>) {
 *   return views.groupBy({ key: ({ page }) => page, window: tumbling('1m') }).count()
 * }
 */
export class EventStream<out T> {
  readonly #stream: DStream<Stamped<T>>
  readonly #marks: readonly Watermarked[]
  readonly #rows: RowsOf

  /** @internal */
  constructor(stream: DStream<Stamped<T>>, marks: readonly Watermarked[], rows: RowsOf = 'input') {
    this.#stream = stream
    this.#marks = marks
    this.#rows = rows
  }

  /**
   * Applies `f` to every element; the event time stays.
   *
   * @example views.map(({ page }) => page.toLowerCase())
   */
  map<U extends Inferred>(f: (element: T) => U & Sync<U>): EventStream<U> {
    checkFunction('map', f)
    return this.#as(this.#stream.map(([at, element]): Stamped<U> => [at, synchronous('map', f(element))]))
  }

  /**
   * Keeps the elements for which `f` is true.
   *
   * @example views.filter(({ page }) => page !== '/health')
   */
  filter(f: (element: T) => boolean): EventStream<T> {
    checkFunction('filter', f)
    return this.#as(this.#stream.filter(([, element]) => f(element)))
  }

  /**
   * Any number of elements for each; they have its event time.
   *
   * @example views.flatMap(({ page }) => page.split('/'))
   */
  flatMap<U extends Inferred>(f: (element: T) => Iterable<U>): EventStream<U> {
    checkFunction('flatMap', f)
    return this.#as(
      this.#stream.flatMap(([at, element]) =>
        Array.from(synchronous('flatMap', f(element)), (one): Stamped<U> => [at, one]),
      ),
    )
  }

  /**
   * The elements of all streams; the least of their watermarks counts, which is 0 until each has had data. Spark: `Dataset.union`.
   *
   * @example views.union(views.filter(({ page }) => page === '/'))
   */
  union(...others: readonly EventStream<T>[]): EventStream<T> {
    const streams = others.map((other) => other.#stream)
    const marks = [...this.#marks]
    for (const mark of others.flatMap((other) => other.#marks)) {
      const i = marks.findIndex(({ node }) => node === mark.node)
      const known = marks[i]
      if (known) marks[i] = { ...known, behind: Math.max(known.behind, mark.behind) }
      else marks.push({ ...mark, of: apart(mark.of, marks) })
    }
    const all = [this.#rows, ...others.map((other) => other.#rows)]
    const rows = (['changing groups', 'groups'] as const).find((one) => all.includes(one))
    return new EventStream(this.#stream.union(...streams), marks, rows)
  }

  /**
   * The elements without their times, for all that a {@link DStream} can do.
   *
   * @example views.toDStream().print()
   */
  toDStream(): DStream<T> {
    return this.#stream.derive(unstamp)
  }

  /**
   * Rows by window of event time and by key; without a window, by key alone. Spark: `Dataset.groupBy(window(…), key)`.
   *
   * @throws InvalidOptionError
   * @example views.groupBy({ key: ({ user }) => user, window: session('30m') }).count()
   */
  groupBy<K = null>(options: GroupByOptions<T, K> & { readonly window: Windows<T> }): GroupedEvents<T, K, EventWindow>
  groupBy<K = null>(options: GroupByOptions<T, K> & { readonly window?: undefined }): GroupedEvents<T, K, undefined>
  groupBy<K>(options: GroupByOptions<T, K>): GroupedEvents<T, K, EventWindow | undefined> {
    const { key = () => null, window = NO_WINDOW, ...how } = options
    checkKnownOptions('groupBy', options, ['key', 'window', 'numPartitions', 'id', 'formerly'])
    checkFunction('groupBy, key', key)
    if (window.kind !== 'fixed' && window.kind !== 'session' && window !== NO_WINDOW) {
      throw new InvalidOptionError('groupBy: the window must be what tumbling(), sliding() or session() give.')
    }
    this.#isFinal('groupBy')
    const who = shuffle('groupBy', how)
    const pairs = this.#stream.map((stamped) => [keyOf('groupBy', key, stamped), stamped] as const)
    return new GroupedEvents(window, {
      pairs,
      who,
      marks: this.#marks,
      open: (stream, rows) => new EventStream(stream, this.#marks, rows),
    })
  }

  /**
   * The first row of each key. Without `eventTime` keys stay for ever, and no row is late. Spark: `Dataset.dropDuplicates`.
   *
   * @throws InvalidOptionError for `eventTime` without a watermark.
   * @example views.dropDuplicates(({ id }) => id, { eventTime: true })
   */
  dropDuplicates(keyOf: (row: T) => unknown = (row) => row, options: DropDuplicatesOptions<T> = {}): EventStream<T> {
    checkKnownOptions('dropDuplicates', options, ['eventTime', 'late', 'numPartitions', 'id', 'formerly'])
    const { eventTime = false } = options
    if (eventTime) this.#needsWatermark('dropDuplicates with eventTime')
    return this.#dropped('dropDuplicates', keyOf, options, eventTime ? 0 : undefined)
  }

  /**
   * The first row of each key within the watermark's delay: a key may go when the watermark has passed its first row by that. Rows
   * without an event time are left out. Spark: `Dataset.dropDuplicatesWithinWatermark`.
   *
   * @throws InvalidOptionError when the stream has no watermark.
   * @example views.dropDuplicatesWithinWatermark(({ id }) => id)
   */
  dropDuplicatesWithinWatermark(
    keyOf: (row: T) => unknown = (row) => row,
    options: ShuffleOptions & LateOptions<T> = {},
  ): EventStream<T> {
    checkKnownOptions('dropDuplicatesWithinWatermark', options, ['late', 'numPartitions', 'id', 'formerly'])
    this.#needsWatermark('dropDuplicatesWithinWatermark')
    const delay = Math.max(...this.#marks.map((mark) => mark.delay))
    return this.#dropped('dropDuplicatesWithinWatermark', keyOf, options, delay)
  }

  #dropped(
    said: string,
    of: (row: T) => unknown,
    { late, ...options }: DropDuplicatesOptions<T>,
    keptFor: number | undefined,
  ): EventStream<T> {
    checkFunction(said, of)
    this.#isFinal(said)
    const { eventTime, ...how } = options
    const pairs = this.#stream.map((stamped) => {
      const key = keyOf(said, of, stamped)
      return [eventTime ? [key, stamped[0]] : key, stamped] as const
    })
    const operator = deduplicating({
      said,
      marks: this.#marks,
      keptFor,
      needsTime: said === 'dropDuplicatesWithinWatermark',
      ofGroups: this.#rows === 'groups',
    })
    const stream = derived<Stamped<T>>(pairs, { operator, ...shuffle(said, how) }, this.#marks)
    if (late) late(stream.derive(lateRows).derive(unstamp))
    return this.#as(stream)
  }

  /** Spark refuses it, too: what reads a group would count it once for every change. */
  #isFinal(operator: string): void {
    if (this.#rows !== 'changing groups') return
    throw new InvalidOptionError(
      `${operator}: the stream has groups in mode 'update' or 'complete', which come again whenever they change. Take mode 'append' before it, or go on with toDStream().`,
    )
  }

  #needsWatermark(operator: string): void {
    if (this.#marks.length > 0) return
    throw new InvalidOptionError(
      `${operator}: the stream has no watermark, so nothing would ever be final. Say withWatermark(eventTime, delay) before.`,
    )
  }

  #as<U>(stream: DStream<Stamped<U>>): EventStream<U> {
    return new EventStream(stream, this.#marks, this.#rows)
  }
}

/** A name that none of the others has: two watermarks of one topic are told apart by their order. */
function apart(name: string, others: readonly Watermarked[]): string {
  const taken = new Set(others.map(({ of }) => of))
  let own = name
  for (let n = 2; taken.has(own); n++) own = `${name}#${n}`
  return own
}

/** @throws what the function throws */
function keyOf<T>(operator: string, of: (row: T) => unknown, [, row]: Stamped<T>): unknown {
  return synchronous(`${operator}, key`, of(row)) ?? null
}

function derived<U>(from: DStream<unknown>, asked: Asked, marks: readonly Watermarked[]): DStream<U> {
  return from.derive<U>(asked, ...marks)
}

interface Grouped<T> {
  readonly pairs: DStream<readonly [unknown, Stamped<T>]>
  readonly who: Partial<Asked>
  readonly marks: readonly Watermarked[]
  open<U>(stream: DStream<Stamped<U>>, rows: RowsOf): EventStream<U>
}

/**
 * Rows in groups, by window and key. Made by {@link EventStream.groupBy}.
 *
 * @example views.groupBy({ key: ({ page }) => page, window: sliding('10m', '1m') }).count({ mode: 'update' })
 */
export class GroupedEvents<T, K, W = EventWindow> {
  readonly #windows: Windows<T> | NoWindow
  readonly #grouped: Grouped<T>

  /** @internal */
  constructor(windows: Windows<T> | NoWindow, grouped: Grouped<T>) {
    this.#windows = windows
    this.#grouped = grouped
  }

  /**
   * How many rows each group has. Spark: `RelationalGroupedDataset.count`.
   *
   * @throws InvalidOptionError for `append` where nothing would ever be final.
   * @example views.groupBy({ key: ({ page }) => page, window: tumbling('1m') }).count()
   */
  count(options: GroupOptions<T> = {}): EventStream<Group<K, number, W>> {
    return this.#made(counting, options)
  }

  /**
   * The rows of each group put together, two at a time; `f` may change its first argument. Spark:
   * `KeyValueGroupedDataset.reduceGroups`.
   *
   * @throws as `count`.
   * @example
   * views.map(({ ms }) => ms).groupBy({ window: tumbling('1m') }).reduce((a, b) => Math.max(a, b))
   */
  reduce(f: Reduce<T>, options: GroupOptions<T> = {}): EventStream<Group<K, Widen<T>, W>> {
    return this.#made(reducing(f), options)
  }

  /**
   * Whatever becomes of the rows of each group. Spark: `Aggregator`.
   *
   * @throws as `count`.
   * @example
   * views.groupBy({ window: tumbling('1m') }).aggregate({
   *   create: () => ({ rows: 0, ms: 0 }),
   *   add: (sum, { ms }) => ({ rows: sum.rows + 1, ms: sum.ms + ms }),
   *   merge: (a, b) => ({ rows: a.rows + b.rows, ms: a.ms + b.ms }),
   *   finish: ({ rows, ms }) => ms / rows,
   * })
   */
  aggregate<A, R = A>(aggregate: Aggregate<T, A, R>, options: GroupOptions<T> = {}): EventStream<Group<K, R, W>> {
    return this.#made(aggregating(aggregate), options)
  }

  #made<V>(how: Aggregation, options: GroupOptions<T>): EventStream<Group<K, V, W>> {
    const { said } = how
    checkKnownOptions(said, options, ['mode', 'late'])
    const mode = checkChoice(`${said}, mode`, options.mode, ['append', 'update', 'complete'])
    const { pairs, who, marks, open } = this.#grouped
    if (mode === 'append' && this.#windows.kind === 'none') {
      throw new InvalidOptionError(
        `${said}: without a window no group would ever be final. Give groupBy a window, or take mode 'update' or 'complete'.`,
      )
    }
    if (mode === 'append' && marks.length === 0) {
      throw new InvalidOptionError(
        `${said}: the stream has no watermark, so no group would ever be final. Say withWatermark(eventTime, delay) before groupBy, or take mode 'update' or 'complete'.`,
      )
    }
    const { late } = options
    const grouping = { how, mode, marks, late: late !== undefined }
    const operator =
      this.#windows.kind === 'session' ? sessionizing(this.#windows, grouping) : windowing(this.#windows, grouping)
    const stream = derived<Stamped<Group<K, V, W>>>(pairs, { ...who, operator }, marks)
    if (late) late(stream.derive(lateRows).derive(unstamp))
    return open(stream, mode === 'append' ? 'groups' : 'changing groups')
  }
}
