// What a list of draws means: every draw an operator, its numbers the streams before it that it reads, and its options. Every list
// makes a job that the API accepts, so shrinking one leaves out operators.

import { MAPPINGS, UPDATES, VALUE_MAPS } from './functions.ts'
import {
  type ElementType,
  inputsOf,
  type JobAst,
  type JobNode,
  type JobNodeDraft,
  type MapName,
  type OperatorName,
} from './job-ast.ts'
import { promisesOf } from './pause-promise.ts'

export const TOPICS = ['t0', 't1', 't2'] as const

/** All operators but the source. */
export const DRAWN = [
  'map',
  'filter',
  'flatMap',
  'mapValues',
  'flatMapValues',
  'mapPartitions',
  'mapAsync',
  'glom',
  'union',
  'repartition',
  'reduceByKey',
  'groupByKey',
  'combineByKey',
  'countByValue',
  'reduce',
  'count',
  'window',
  'reduceByWindow',
  'reduceByWindowInverse',
  'countByWindow',
  'countByValueAndWindow',
  'groupByKeyAndWindow',
  'reduceByKeyAndWindow',
  'reduceByKeyAndWindowInverse',
  'updateStateByKey',
  'mapWithState',
  'stateSnapshots',
  'distinct',
  'topByKey',
  'transform',
  'top',
  'isEmpty',
  'withBroadcast',
  'cogroup',
  'join',
] as const satisfies readonly OperatorName[]

/** One operator to be; `picks` choose what it reads, counted back from the newest, `numbers` its options. */
export interface Draw {
  readonly op: (typeof DRAWN)[number]
  readonly picks: readonly [number, number]
  readonly numbers: readonly [number, number, number, number]
}

export interface JobDraws {
  /** How many topics there are, and what the sources read: one of them, or all. */
  readonly topics: number
  readonly sources: readonly number[]
  readonly draws: readonly Draw[]
  readonly idle: 'pause' | 'run'
  readonly numPartitions: number
  /** Nodes that are saved although others read them. */
  readonly tapped: readonly number[]
  readonly printed: number | undefined
  readonly told: number | undefined
}

/** What the draws come to. */
export function elaborate({ topics, sources, draws, idle, numPartitions, tapped, printed, told }: JobDraws): JobAst {
  const builder = new AstBuilder()
  const known = TOPICS.slice(0, topics)
  for (const source of sources) {
    const topic = known[source]
    builder.add({ op: 'source', topics: topic === undefined ? known : [topic], type: 'pair', slide: 1 })
  }
  for (const one of draws) builder.draw(one)
  const { nodes } = builder
  const read = new Set(nodes.flatMap(inputsOf))
  const saved = nodes.flatMap((_, i) => (!read.has(i) || tapped.includes(i) ? [i] : []))
  return {
    // What depends on every empty batch means the same as Spark's only when all of them run.
    idle: promisesOf(nodes).includes('never') ? 'run' : idle,
    numPartitions,
    nodes,
    saved,
    printed: printed === undefined ? undefined : printed % nodes.length,
    told: told === undefined ? undefined : told % nodes.length,
  }
}

const MAPS_FROM: Readonly<Record<ElementType, readonly (readonly [MapName, ElementType])[]>> = {
  pair: [
    ['rekey', 'pair'],
    ['key', 'text'],
    ['shift', 'pair'],
    ['value', 'number'],
    ['initial', 'pair'],
  ],
  number: [
    ['byRemainder', 'pair'],
    ['bump', 'number'],
  ],
  text: [
    ['one', 'pair'],
    ['length', 'number'],
  ],
}

/** Spans longer than these make large windows and slow tests, and nothing else. */
const MAX_SLIDE = 4
const MAX_LENGTH = 8

function at<T>(list: readonly T[], n: number): T {
  const found = list[n % list.length]
  if (found === undefined) throw new RangeError('an empty list')
  return found
}

function namesOf<N extends string>(table: Readonly<Record<N, unknown>>): N[] {
  return Object.keys(table).filter((name): name is N => name in table)
}

class AstBuilder {
  readonly nodes: JobNode[] = []

  add(node: JobNode): number {
    return this.nodes.push(node) - 1
  }

  draw({ op, picks: [first, second], numbers: [a, b, c, d] }: Draw): void {
    const buckets = b % 4 === 0 ? undefined : b % 4
    switch (op) {
      case 'map': {
        const input = this.#any(first)
        const [f, type] = at(MAPS_FROM[this.#node(input).type], a)
        this.#derive(input, { op, f, type, input })
        break
      }
      case 'filter':
      case 'flatMap':
      case 'glom':
      case 'transform': {
        const input = this.#any(first)
        this.#derive(input, { op, input, type: this.#node(input).type })
        break
      }
      case 'mapAsync': {
        const input = this.#any(first)
        this.#derive(input, { op, input, concurrency: 1 + (a % 3), type: this.#node(input).type })
        break
      }
      case 'repartition': {
        const input = this.#any(first)
        this.#derive(input, { op, input, buckets: 1 + (a % 3), type: this.#node(input).type })
        break
      }
      case 'count':
      case 'isEmpty': {
        const input = this.#any(first)
        this.#derive(input, { op, input, type: 'number' })
        break
      }
      case 'countByValue': {
        const input = this.#any(first)
        this.#derive(input, { op, input, buckets, type: 'pair' })
        break
      }
      case 'distinct': {
        const input = this.#any(first)
        this.#derive(input, { op, input, buckets, type: this.#node(input).type })
        break
      }
      case 'top': {
        const input = this.#any(first)
        const how = at(['top', 'takeOrdered', 'sortBy'] as const, a)
        this.#derive(input, { op, input, how, n: 1 + (c % 3), type: this.#node(input).type })
        break
      }
      case 'withBroadcast': {
        const input = this.#any(first)
        this.#derive(input, { op, input, load: at(['each', 'once'] as const, a), type: this.#node(input).type })
        break
      }
      case 'topByKey': {
        const input = this.#of('pair', first)
        this.#derive(input, { op, input, buckets, n: 1 + (c % 3), type: 'pair' })
        break
      }
      case 'mapValues': {
        const input = this.#of('pair', first)
        this.#derive(input, { op, input, f: at(namesOf(VALUE_MAPS), a), type: 'pair' })
        break
      }
      case 'flatMapValues':
      case 'mapPartitions': {
        const input = this.#of('pair', first)
        this.#derive(input, { op, input, type: 'pair' })
        break
      }
      case 'groupByKey':
      case 'combineByKey': {
        const input = this.#of('pair', first)
        this.#derive(input, { op, input, buckets, type: 'pair' })
        break
      }
      case 'reduceByKey': {
        const input = this.#of('pair', first)
        this.#derive(input, { op, input, buckets, f: at(['add', 'max'], a), type: 'pair' })
        break
      }
      case 'reduce': {
        const input = this.#of('number', first)
        this.#derive(input, { op, input, f: at(['add', 'max'], a), type: 'number' })
        break
      }
      case 'window': {
        const input = this.#any(first)
        this.#derive(input, { op, ...this.#spans(input, c, d), type: this.#node(input).type })
        break
      }
      case 'countByWindow': {
        const input = this.#any(first)
        this.#derive(input, { op, ...this.#spans(input, c, d), type: 'number' })
        break
      }
      case 'countByValueAndWindow': {
        const input = this.#any(first)
        this.#derive(input, { op, ...this.#spans(input, c, d), buckets, type: 'pair' })
        break
      }
      case 'reduceByWindow': {
        const input = this.#of('number', first)
        this.#derive(input, { op, ...this.#spans(input, c, d), f: at(['add', 'max'], a), type: 'number' })
        break
      }
      case 'reduceByWindowInverse': {
        const input = this.#of('number', first)
        this.#derive(input, { op, ...this.#spans(input, c, d), type: 'number' })
        break
      }
      case 'groupByKeyAndWindow': {
        const input = this.#of('pair', first)
        this.#derive(input, { op, ...this.#spans(input, c, d), buckets, type: 'pair' })
        break
      }
      case 'reduceByKeyAndWindow': {
        const input = this.#of('pair', first)
        this.#derive(input, { op, ...this.#spans(input, c, d), buckets, f: at(['add', 'max'], a), type: 'pair' })
        break
      }
      case 'reduceByKeyAndWindowInverse': {
        const input = this.#of('pair', first)
        const filter = a % 4 === 0 ? undefined : at(['notZero', 'large', 'small'] as const, a)
        this.#derive(input, { op, ...this.#spans(input, c, d), buckets, filter, type: 'pair' })
        break
      }
      case 'updateStateByKey': {
        const input = this.#of('pair', first)
        const shape = at(['values', 'groups', 'timed'] as const, c)
        const update = at(namesOf(UPDATES), a)
        this.#derive(input, { op, input, buckets, shape, update, initial: d % 2 === 1, type: 'pair' })
        break
      }
      case 'mapWithState':
        this.#mapWithState(this.#of('pair', first), a, buckets, c, d)
        break
      case 'stateSnapshots': {
        const states = this.nodes.flatMap((node, i) => (node.op === 'mapWithState' ? [i] : []))
        const known = states.length > 0 ? at(states.toReversed(), first) : undefined
        const input = known ?? this.#mapWithState(this.#of('pair', first), a, buckets, c, d)
        this.#derive(input, { op, input, type: 'pair' })
        break
      }
      case 'union': {
        const one = this.#any(first)
        this.#derive(one, { op, inputs: [one, this.#like(one, second)], type: this.#node(one).type })
        break
      }
      case 'cogroup': {
        const one = this.#of('pair', first)
        this.#derive(one, { op, inputs: [one, this.#like(one, second)], buckets, type: 'pair' })
        break
      }
      case 'join': {
        const one = this.#of('pair', first)
        const outer = at(['none', 'left', 'right', 'full'] as const, a)
        this.#derive(one, { op, inputs: [one, this.#like(one, second)], buckets, outer, type: 'pair' })
        break
      }
    }
  }

  #mapWithState(input: number, f: number, buckets: number | undefined, timeout: number, initial: number): number {
    return this.#derive(input, {
      op: 'mapWithState',
      input,
      buckets,
      f: at(namesOf(MAPPINGS), f),
      timeout: timeout % 4 === 0 ? undefined : at([1000, 2500, 4000], timeout),
      initial: initial % 2 === 1,
      type: 'pair',
    })
  }

  #node(index: number): JobNode {
    return at(this.nodes, index)
  }

  /** Adds an operator that has batches as often as what it reads, or as often as its window slides. */
  #derive(input: number, node: JobNodeDraft): number {
    const slide = 'every' in node ? node.every : this.#node(input).slide
    return this.add({ ...node, slide })
  }

  /** The nth newest stream; now and then one of texts, which few operators make. */
  #any(n: number): number {
    return n > 7 ? this.#of('text', 0) : this.nodes.length - 1 - (n % this.nodes.length)
  }

  /** 0: the newest stream, made into one of this type if it is not; else the nth newest that is. */
  #of(type: ElementType, n: number): number {
    const found = this.nodes.flatMap((node, i) => (node.type === type ? [i] : []))
    if (n > 0 && found.length > 0) return at(found.toReversed(), n - 1)
    const input = this.nodes.length - 1
    if (this.#node(input).type === type) return input
    const map = MAPS_FROM[this.#node(input).type].find(([, to]) => to === type)
    if (map !== undefined) return this.#derive(input, { op: 'map', input, f: map[0], type })
    this.#of('pair', 0) // numbers become texts by way of pairs
    return this.#of(type, 0)
  }

  /** Another stream, or the same, that can be put together with this one. */
  #like(one: number, n: number): number {
    const { type, slide } = this.#node(one)
    const alike = this.nodes.flatMap((node, i) => (node.type === type && node.slide === slide ? [i] : []))
    const others = alike.filter((i) => i !== one)
    return n === 9 || others.length === 0 ? one : at(others.toReversed(), n)
  }

  #spans(input: number, length: number, every: number): { input: number; length: number; every: number } {
    const { slide } = this.#node(input)
    const times = (n: number, max: number): number => slide * (1 + (n % Math.max(1, Math.floor(max / slide))))
    return { input, length: times(length, MAX_LENGTH), every: every < 6 ? slide : times(every, MAX_SLIDE) }
  }
}
