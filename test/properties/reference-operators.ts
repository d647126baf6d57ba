// Spark's definition of every operator, as plainly as possible. A definition is given its node once and then every time at which
// the node has a batch, in order; it says what the batch holds.

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
  TEXT_TO_NUMBER,
  TEXT_TO_PAIR,
  timesOver,
  UPDATES,
  VALUE_FLAT_MAP,
  VALUE_MAPS,
} from './functions.ts'
import { batch, type History, inWindow, pairs } from './history.ts'
import type { JobNode, OperatorName } from './job-ast.ts'
import { mapWithState } from './reference-state.ts'

export type Definitions = {
  [N in OperatorName]: (node: JobNode<N>, at: History, index: number) => (time: number) => readonly Element[]
}

const numbers = (elements: readonly Element[]): number[] => elements.filter((e) => typeof e === 'number')

/** The values of every key. */
export function grouped(elements: readonly Element[]): Map<string, number[]> {
  const groups = Map.groupBy(pairs(elements), ([key]) => key)
  return new Map([...groups].map(([key, group]) => [key, group.map(([, value]) => value)]))
}

function perKey(elements: readonly Element[], f: (values: number[]) => number): Pair[] {
  return [...grouped(elements)].map(([key, values]) => [key, f(values)])
}

/** How often every element occurs, under its text. */
function occurrences(elements: readonly Element[]): Pair[] {
  const same = Map.groupBy(elements, (element) => JSON.stringify(element))
  return [...same].map(([text, all]) => [text, all.length])
}

const reduced = (values: number[], f: keyof typeof REDUCES): number[] =>
  values.length === 0 ? [] : [values.reduce(REDUCES[f])]
const sum = (values: readonly number[]): number => values.reduce((a, b) => a + b, 0)

function perElement(
  input: number,
  at: History,
  f: {
    pair(pair: Pair): readonly Element[]
    number(n: number): readonly Element[]
    text(text: string): readonly Element[]
  },
): (time: number) => Element[] {
  return (time) =>
    batch(at, input, time).flatMap((element) => {
      if (typeof element === 'object') return f.pair(element)
      return typeof element === 'number' ? f.number(element) : f.text(element)
    })
}

function perPair(input: number, at: History, f: (pair: Pair) => Element[]): (time: number) => Element[] {
  return (time) => pairs(batch(at, input, time)).flatMap(f)
}

function unchanged({ input }: { input: number }, at: History): (time: number) => readonly Element[] {
  return (time) => batch(at, input, time)
}

const keep =
  <T>(test: (element: T) => boolean) =>
  (element: T): T[] =>
    test(element) ? [element] : []

const never = (): never => {
  throw new Error('a function is applied to an element of another type')
}

export const DEFINITIONS: Definitions = {
  source:
    ({ topics }, at) =>
    (time) =>
      at.recordsOf(topics, time).map(({ value }) => parseRecord(value)),
  map({ input, f }, at) {
    switch (f) {
      case 'bump':
        return perElement(input, at, { number: (n) => [NUMBER_TO_NUMBER.bump(n)], pair: never, text: never })
      case 'byRemainder':
        return perElement(input, at, { number: (n) => [NUMBER_TO_PAIR.byRemainder(n)], pair: never, text: never })
      case 'one':
        return perElement(input, at, { text: (text) => [TEXT_TO_PAIR.one(text)], pair: never, number: never })
      case 'length':
        return perElement(input, at, { text: (text) => [TEXT_TO_NUMBER.length(text)], pair: never, number: never })
      case 'value':
        return perPair(input, at, (pair) => [PAIR_TO_NUMBER.value(pair)])
      case 'key':
        return perPair(input, at, (pair) => [PAIR_TO_TEXT.key(pair)])
      default:
        return perPair(input, at, (pair) => [PAIR_TO_PAIR[f](pair)])
    }
  },
  filter: ({ input }, at) =>
    perElement(input, at, {
      pair: keep(PREDICATES.pair),
      number: keep(PREDICATES.number),
      text: keep(PREDICATES.text),
    }),
  flatMap: ({ input }, at) => perElement(input, at, FLAT_MAPS),
  mapValues: ({ input, f }, at) => perPair(input, at, ([key, value]) => [[key, VALUE_MAPS[f](value)]]),
  flatMapValues: ({ input }, at) =>
    perPair(input, at, ([key, value]) => VALUE_FLAT_MAP(value).map((one): Pair => [key, one])),
  mapPartitions: ({ input }, at) => perPair(input, at, (pair) => [PAIR_TO_PAIR.shift(pair)]),
  mapAsync: unchanged,
  glom: unchanged,
  repartition: unchanged,
  union:
    ({ inputs }, at) =>
    (time) =>
      inputs.flatMap((input) => batch(at, input, time)),
  reduceByKey:
    ({ input, f }, at) =>
    (time) =>
      perKey(batch(at, input, time), (values) => values.reduce(REDUCES[f])),
  groupByKey:
    ({ input }, at) =>
    (time) =>
      perKey(batch(at, input, time), digest),
  combineByKey:
    ({ input }, at) =>
    (time) =>
      perKey(batch(at, input, time), digest),
  countByValue:
    ({ input }, at) =>
    (time) =>
      occurrences(batch(at, input, time)),
  reduce:
    ({ input, f }, at) =>
    (time) =>
      reduced(numbers(batch(at, input, time)), f),
  count:
    ({ input }, at) =>
    (time) => [batch(at, input, time).length],
  isEmpty:
    ({ input }, at) =>
    (time) => [batch(at, input, time).length === 0 ? 1 : 0],
  distinct:
    ({ input }, at) =>
    (time) => [...new Map(batch(at, input, time).map((element) => [JSON.stringify(element), element])).values()],
  transform:
    ({ input }, at) =>
    (time) =>
      batch(at, input, time).flatMap((element) => [element, element]),
  top:
    ({ input, how, n }, at) =>
    (time) => {
      const ascending = batch(at, input, time).toSorted(compareElements)
      return (how === 'takeOrdered' ? ascending : ascending.reverse()).slice(0, n)
    },
  withBroadcast:
    ({ input, load }, at) =>
    (time) =>
      batch(at, input, time).flatMap((element) => timesOver(element, LOADS[load](time))),
  topByKey({ input, n }, at) {
    const had = new Map<string, number[]>()
    return (time) =>
      [...grouped(batch(at, input, time))].map(([key, came]): Pair => {
        const all = [...(had.get(key) ?? []), ...came]
        had.set(key, all)
        return [key, digest(all.toSorted((a, b) => b - a).slice(0, n))]
      })
  },
  window: (node, at) => (time) => inWindow(at, node, time),
  reduceByWindow: (node, at) => (time) => reduced(numbers(inWindow(at, node, time)), node.f),
  // The sum stays, 0 at last, once there has been one.
  reduceByWindowInverse: (node, at) => remembering((time) => reduced(numbers(inWindow(at, node, time)), 'add')),
  countByWindow: (node, at) =>
    remembering((time) => {
      const { length } = inWindow(at, node, time)
      return length === 0 ? [] : [length]
    }),
  countByValueAndWindow: (node, at) => (time) => occurrences(inWindow(at, node, time)),
  groupByKeyAndWindow: (node, at) => (time) => perKey(inWindow(at, node, time), digest),
  reduceByKeyAndWindow: (node, at) => (time) => {
    return perKey(inWindow(at, node, time), (values) => values.reduce(REDUCES[node.f]))
  },
  reduceByKeyAndWindowInverse(node, at) {
    let kept: string[] = []
    return (time) => {
      const values = grouped(inWindow(at, node, time))
      const all = [...new Set([...kept, ...values.keys()])].map((key): Pair => [key, sum(values.get(key) ?? [])])
      const emitted = node.filter === undefined ? all : all.filter(FILTERS[node.filter])
      kept = emitted.map(([key]) => key)
      return emitted
    }
  },
  updateStateByKey({ input, update, shape, initial }, at) {
    const states = new Map(initial ? INITIAL : [])
    return (time) => {
      const values = grouped(batch(at, input, time))
      for (const key of new Set([...states.keys(), ...values.keys()])) {
        const ofKey = values.get(key) ?? []
        const extra = shape === 'timed' && ofKey.length > 0 ? [seasoned(time, key)] : []
        const next = UPDATES[update].update([...ofKey, ...extra], states.get(key))
        if (next === undefined) states.delete(key)
        else states.set(key, next)
      }
      return [...states]
    }
  },
  mapWithState: (node, at, index) => mapWithState(node, at, index, (usedAt, time, timeout) => usedAt < time - timeout),
  stateSnapshots:
    ({ input }, at) =>
    () =>
      Array.from(at.states.get(input) ?? [], ([key, { state }]): Pair => [key, state]),
  cogroup: ({ inputs }, at) => bothSides(inputs, at, (a, b) => [digestOfGroups(a, b)]),
  join: ({ inputs, outer }, at) =>
    bothSides(inputs, at, (a, b) => {
      const lefts = a.length === 0 && (outer === 'right' || outer === 'full') ? [undefined] : a
      const rights = b.length === 0 && (outer === 'left' || outer === 'full') ? [undefined] : b
      return lefts.flatMap((left) => rights.map((right) => digestOfJoined(left, right)))
    }),
}

/** Once something has been there, 0 takes its place when it has gone. */
function remembering(value: (time: number) => number[]): (time: number) => number[] {
  let seen = false
  return (time) => {
    const now = value(time)
    seen ||= now.length > 0
    return seen && now.length === 0 ? [0] : now
  }
}

/** What `f` makes of every key's values in two streams. */
function bothSides(
  [left, right]: readonly [number, number],
  at: History,
  f: (a: number[], b: number[]) => number[],
): (time: number) => Pair[] {
  return (time) => {
    const [a, b] = [grouped(batch(at, left, time)), grouped(batch(at, right, time))]
    const keys = new Set([...a.keys(), ...b.keys()])
    return [...keys].flatMap((key) => f(a.get(key) ?? [], b.get(key) ?? []).map((one): Pair => [key, one]))
  }
}
