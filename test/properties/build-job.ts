// A random job's description made into a real job, through the public API alone.

import { type DStream, type Job, job, StateSpec, text } from '../../src/index.ts'
import {
  compareElements,
  digest,
  digestOfGroups,
  digestOfJoined,
  type Element,
  FILTERS,
  FLAT_MAPS,
  INITIAL,
  LOADS,
  MAPPINGS,
  NUMBER_TO_NUMBER,
  NUMBER_TO_PAIR,
  PAIR_TO_NUMBER,
  PAIR_TO_PAIR,
  PAIR_TO_TEXT,
  type Pair,
  PREDICATES,
  parseRecord,
  REDUCES,
  seasoned,
  subtract,
  TEXT_TO_NUMBER,
  TEXT_TO_PAIR,
  timesOver,
  UPDATES,
  VALUE_FLAT_MAP,
  VALUE_MAPS,
} from './functions.ts'
import { BATCH, type JobAst, type JobNode } from './job-ast.ts'

/** Results are saved below this bucket, every node under its number. */
export const RESULTS = 'results'
export const nameOf = (node: number): string => `node${node}`

/** Is told of a batch after its commit, and may throw: then it is told again. */
export type Hear = (time: number, elements: readonly Element[]) => void

/** @param idleAfter milliseconds */
export function buildJob(ast: JobAst, name: string, idleAfter: number, hear: Hear): Job {
  const { idle, numPartitions, nodes, saved, printed, told } = ast
  return job(name, { batch: BATCH, idle, idleAfter, numPartitions }, ({ kafka }) => {
    const streams = new Streams((topics) => kafka(topics, { value: text() }).map(({ value }) => parseRecord(value)))
    for (const [i, node] of nodes.entries()) streams.add(i, node)
    for (const i of saved) streams.any(i).saveAsTextFiles(`s3://${RESULTS}/${nameOf(i)}`)
    if (printed !== undefined) streams.any(printed).print(10_000)
    if (told !== undefined) streams.any(told).foreachRDD((batch) => hear(batch.time, batch.collect()), { id: 'told' })
  })
}

class Streams {
  readonly #source: (topics: readonly string[]) => DStream<Pair>
  readonly #pairs = new Map<number, DStream<Pair>>()
  readonly #numbers = new Map<number, DStream<number>>()
  readonly #texts = new Map<number, DStream<string>>()
  /** Of nodes that are a `mapWithState`. */
  readonly #snapshots = new Map<number, DStream<Pair>>()

  constructor(source: (topics: readonly string[]) => DStream<Pair>) {
    this.#source = source
  }

  any(node: number): DStream<Element> {
    return this.#pairs.get(node) ?? this.#numbers.get(node) ?? found(this.#texts, node)
  }

  add(i: number, node: JobNode): void {
    if (isUniform(node)) this.#addUniform(i, node)
    else if (node.op === 'map' && node.f === 'key')
      this.#texts.set(i, found(this.#pairs, node.input).map(PAIR_TO_TEXT.key))
    else if (node.type === 'number') this.#numbers.set(i, this.#toNumbers(i, node))
    else this.#pairs.set(i, this.#toPairs(i, node))
  }

  #addUniform(i: number, node: Uniform): void {
    const { type } = node
    if (type === 'pair') this.#pairs.set(i, uniform(this.#pairs, i, node, PREDICATES.pair, FLAT_MAPS.pair))
    else if (type === 'number')
      this.#numbers.set(i, uniform(this.#numbers, i, node, PREDICATES.number, FLAT_MAPS.number))
    else this.#texts.set(i, uniform(this.#texts, i, node, PREDICATES.text, FLAT_MAPS.text))
  }

  #toNumbers(i: number, node: Other): DStream<number> {
    const numbers = (n: number): DStream<number> => found(this.#numbers, n)
    switch (node.op) {
      case 'map':
        if (node.f === 'bump') return numbers(node.input).map(NUMBER_TO_NUMBER.bump)
        if (node.f === 'length') return found(this.#texts, node.input).map(TEXT_TO_NUMBER.length)
        return found(this.#pairs, node.input).map(PAIR_TO_NUMBER.value)
      case 'reduce':
        return numbers(node.input).reduce(REDUCES[node.f])
      case 'count':
        return this.any(node.input).count()
      case 'isEmpty':
        return this.any(node.input).isEmpty().map(Number)
      case 'reduceByWindow':
        return numbers(node.input).reduceByWindow(REDUCES[node.f], ...spans(node), pinned(i))
      case 'reduceByWindowInverse':
        return numbers(node.input).reduceByWindow(REDUCES.add, subtract, ...spans(node), pinned(i))
      case 'countByWindow':
        return this.any(node.input).countByWindow(...spans(node), pinned(i))
      default:
        throw new Error(`${node.op} makes no numbers`)
    }
  }

  #toPairs(i: number, node: Other): DStream<Pair> {
    const pairs = (n: number): DStream<Pair> => found(this.#pairs, n)
    switch (node.op) {
      case 'source':
        return this.#source(node.topics)
      case 'map':
        if (node.f === 'byRemainder') return found(this.#numbers, node.input).map(NUMBER_TO_PAIR.byRemainder)
        if (node.f === 'one') return found(this.#texts, node.input).map(TEXT_TO_PAIR.one)
        return pairs(node.input).map(mapOf(PAIR_TO_PAIR, node.f))
      case 'mapValues':
        return pairs(node.input).mapValues(VALUE_MAPS[node.f])
      case 'flatMapValues':
        return pairs(node.input).flatMapValues(VALUE_FLAT_MAP)
      case 'mapPartitions':
        return pairs(node.input).mapPartitions((elements) => Array.from(elements, PAIR_TO_PAIR.shift))
      case 'reduceByKey':
        return pairs(node.input).reduceByKey(REDUCES[node.f], buckets(node))
      case 'groupByKey':
        return pairs(node.input).groupByKey(buckets(node)).mapValues(digest)
      case 'combineByKey':
        return pairs(node.input)
          .combineByKey<string, number, readonly number[]>(
            (value) => [value],
            (values, value) => [...values, value],
            (a, b) => [...a, ...b],
            buckets(node),
          )
          .mapValues(digest)
      case 'countByValue':
        return this.any(node.input).countByValue(buckets(node)).map(named)
      case 'countByValueAndWindow':
        return this.any(node.input)
          .countByValueAndWindow(...spans(node), { ...buckets(node), ...pinned(i) })
          .map(named)
      case 'groupByKeyAndWindow':
        return pairs(node.input)
          .groupByKeyAndWindow(...spans(node), { ...buckets(node), ...pinned(i) })
          .mapValues(digest)
      case 'reduceByKeyAndWindow':
        return pairs(node.input).reduceByKeyAndWindow(REDUCES[node.f], ...spans(node), {
          ...buckets(node),
          ...pinned(i),
        })
      case 'reduceByKeyAndWindowInverse':
        return pairs(node.input).reduceByKeyAndWindow(REDUCES.add, subtract, ...spans(node), {
          ...buckets(node),
          ...pinned(i),
          ...(node.filter !== undefined && { filter: FILTERS[node.filter] }),
        })
      case 'topByKey':
        return pairs(node.input)
          .topByKey(node.n, { ...buckets(node), ...pinned(i) })
          .mapValues(digest)
      case 'updateStateByKey':
        return this.#updateState(i, pairs(node.input), node)
      case 'mapWithState':
        return this.#mapWithState(i, node)
      case 'stateSnapshots':
        return found(this.#snapshots, node.input)
      case 'cogroup':
        return pairs(node.inputs[0])
          .cogroup(pairs(node.inputs[1]), buckets(node))
          .mapValues(([a, b]) => digestOfGroups(a, b))
      case 'join':
        return joined(pairs(node.inputs[0]), pairs(node.inputs[1]), node)
      default:
        throw new Error(`${node.op} makes no pairs`)
    }
  }

  #updateState(i: number, pairs: DStream<Pair>, node: JobNode<'updateStateByKey'>): DStream<Pair> {
    const { update } = UPDATES[node.update]
    const options = { ...buckets(node), ...pinned(i), ...(node.initial && { initialState: INITIAL }) }
    switch (node.shape) {
      case 'values':
        return pairs.updateStateByKey(
          (values: readonly number[], state: number | undefined) => update(values, state),
          options,
        )
      case 'groups':
        return pairs.updateStateByKey(function* (
          groups: Iterable<readonly [string, readonly number[], number | undefined]>,
        ): Iterable<Pair> {
          for (const [key, values, state] of groups) {
            const next = update(values, state)
            if (next !== undefined) yield [key, next]
          }
        }, options)
      case 'timed':
        return pairs.updateStateByKey(
          (time: number, key: string, values: readonly number[], state: number | undefined) =>
            update(values.length === 0 ? values : [...values, seasoned(time, key)], state),
          options,
        )
    }
  }

  #mapWithState(i: number, node: JobNode<'mapWithState'>): DStream<Pair> {
    let spec = StateSpec.function<string, number, number, Pair>(MAPPINGS[node.f])
    if (node.initial) spec = spec.initialState(INITIAL)
    if (node.timeout !== undefined) spec = spec.timeout(node.timeout)
    if (node.buckets !== undefined) spec = spec.numPartitions(node.buckets)
    const mapped = found(this.#pairs, node.input).mapWithState(spec, pinned(i))
    this.#snapshots.set(i, mapped.stateSnapshots())
    return mapped
  }
}

/** Operators that leave the type of elements as it is, whatever it is. */
type UniformName = (typeof UNIFORM)[number]
type Uniform = JobNode<UniformName>
type Other = Exclude<JobNode, Uniform>

const UNIFORM = [
  'filter',
  'flatMap',
  'glom',
  'mapAsync',
  'repartition',
  'union',
  'window',
  'distinct',
  'transform',
  'top',
  'withBroadcast',
] as const

function isUniform(node: JobNode): node is Uniform {
  return UNIFORM.some((op) => op === node.op)
}

function uniform<T extends Element>(
  streams: ReadonlyMap<number, DStream<T>>,
  i: number,
  node: Uniform,
  test: (element: T) => boolean,
  spread: (element: T) => T[],
): DStream<T> {
  if (node.op === 'union') return found(streams, node.inputs[0]).union(found(streams, node.inputs[1]))
  const input = found(streams, node.input)
  switch (node.op) {
    case 'filter':
      return input.filter(test)
    case 'flatMap':
      return input.flatMap(spread)
    case 'glom':
      return input.glom().flatMap((partition) => [...partition])
    case 'mapAsync':
      return input.mapAsync(async (element) => element, { concurrency: node.concurrency })
    case 'repartition':
      return input.repartition(node.buckets)
    case 'window':
      return input.window(...spans(node), pinned(i))
    case 'distinct':
      return input.distinct(buckets(node))
    case 'transform':
      return input.transform((batch) => batch.union(batch))
    case 'top':
      return limited(input, node)
    case 'withBroadcast':
      return input.withBroadcast(
        input.broadcast(LOADS[node.load], {
          id: `${nameOf(i)}-value`,
          ...(node.load === 'once' && { refresh: false }),
        }),
        (batch, times) => batch.flatMap((element) => timesOver(element, times)),
        pinned(i),
      )
  }
}

function limited<T extends Element>(input: DStream<T>, { how, n }: JobNode<'top'>): DStream<T> {
  switch (how) {
    case 'top':
      return input.top(n, compareElements)
    case 'takeOrdered':
      return input.takeOrdered(n, { compare: compareElements })
    case 'sortBy':
      return input.sortBy((element) => JSON.stringify(element), { ascending: false }).take(n)
  }
}

function joined(left: DStream<Pair>, right: DStream<Pair>, node: JobNode<'join'>): DStream<Pair> {
  const one = ([a, b]: readonly [number | undefined, number | undefined]): number => digestOfJoined(a, b)
  switch (node.outer) {
    case 'none':
      return left.join(right, buckets(node)).mapValues(one)
    case 'left':
      return left.leftOuterJoin(right, buckets(node)).mapValues(one)
    case 'right':
      return left.rightOuterJoin(right, buckets(node)).mapValues(one)
    case 'full':
      return left.fullOuterJoin(right, buckets(node)).mapValues(one)
  }
}

/** `countByValue`'s elements as pairs with a text for a key; the key that the operator had was the element. */
function named([element, count]: readonly [Element, number]): Pair {
  return [JSON.stringify(element), count]
}

function mapOf<T>(table: Readonly<Record<string, T>>, name: string): T {
  const apply = table[name]
  if (apply === undefined) throw new Error(`no function ${name}`)
  return apply
}

function spans({ length, every }: { length: number; every: number }): [window: number, slide: number] {
  return [length * BATCH, every * BATCH]
}

/** Two of a kind that keep state may read the same node. */
function pinned(i: number): { id: string } {
  return { id: nameOf(i) }
}

function buckets({ buckets }: { buckets: number | undefined }): { numPartitions?: number } {
  return buckets === undefined ? {} : { numPartitions: buckets }
}

function found<T>(streams: ReadonlyMap<number, T>, node: number): T {
  const stream = streams.get(node)
  if (stream === undefined) throw new Error(`#${node} is no stream of this type`)
  return stream
}
