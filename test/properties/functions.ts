// The users' functions of random jobs, by name, so that a job is data. None depends on the order of elements: how partitions
// are interleaved must not show (I2), and Spark does not define it either. Whole numbers only, so that sums are exact.

import type { State } from '../../src/index.ts'

export type Pair = readonly [key: string, value: number]
/** What the streams of random jobs hold. */
export type Element = Pair | number | string

/** A record's value is `<key>=<number>`. */
export function parseRecord(value: string): Pair {
  const end = value.lastIndexOf('=')
  return [value.slice(0, end), Number(value.slice(end + 1))]
}

const mod = (n: number, m: number): number => ((n % m) + m) % m
/** Keeps numbers small however operators are chained. */
const tame = (n: number): number => mod(n, 1_000_003)

export const PAIR_TO_PAIR = {
  shift: ([key, value]: Pair): Pair => [key, value + 1],
  rekey: ([, value]: Pair): Pair => [`k${mod(value, 3)}`, value],
  initial: ([key, value]: Pair): Pair => [key.slice(0, 1), value],
} as const
export const PAIR_TO_NUMBER = { value: ([, value]: Pair): number => value } as const
export const PAIR_TO_TEXT = { key: ([key]: Pair): string => key } as const
export const NUMBER_TO_NUMBER = { bump: (n: number): number => tame(2 * n + 1) } as const
export const NUMBER_TO_PAIR = { byRemainder: (n: number): Pair => [`r${mod(n, 3)}`, n] } as const
export const TEXT_TO_NUMBER = { length: (text: string): number => text.length } as const
export const TEXT_TO_PAIR = { one: (text: string): Pair => [text, 1] } as const

export const PREDICATES = {
  pair: ([key, value]: Pair): boolean => value !== 1 || key === 'a',
  number: (n: number): boolean => mod(n, 3) !== 1,
  text: (text: string): boolean => text !== 'a',
} as const

export const FLAT_MAPS = {
  pair: ([key, value]: Pair): Pair[] => Array.from({ length: mod(value, 3) }, (_, i): Pair => [key, value + i]),
  number: (n: number): number[] => (mod(n, 4) === 0 ? [] : [n, -n]),
  text: (text: string): string[] => [text, `${text}${text}`],
} as const

export const VALUE_MAPS = { negate: (value: number): number => -value, bump: NUMBER_TO_NUMBER.bump } as const
export const VALUE_FLAT_MAP = (value: number): number[] => (mod(value, 3) === 0 ? [] : [value, value + 10])

export const REDUCES = {
  add: (a: number, b: number): number => a + b,
  max: (a: number, b: number): number => Math.max(a, b),
} as const
export const subtract = (a: number, b: number): number => a - b

/** Keys with other values leave the result. What a window that holds nothing has, 0, passes the last one only. */
export const FILTERS = {
  notZero: ([, value]: Pair): boolean => value !== 0,
  large: ([, value]: Pair): boolean => value > 2,
  small: ([, value]: Pair): boolean => value < 3,
} as const

/** An order in which only equal elements are alike. */
export function compareElements(a: Element, b: Element): number {
  const [x, y] = [JSON.stringify(a), JSON.stringify(b)]
  return x < y ? -1 : x > y ? 1 : 0
}

/** What is loaded beside a batch: how many times over it has its elements. */
export const LOADS = { each: (time: number): number => mod(time / 1000, 3), once: (): number => 2 } as const
export function timesOver<T>(element: T, times: number): T[] {
  return new Array<T>(times).fill(element)
}

/** One number for a multiset of numbers. */
export function digest(values: Iterable<number>): number {
  let sum = 0
  for (const value of values) sum += 3 * mod(value, 1000) ** 2 + mod(value, 1000) + 7
  return tame(sum)
}

/** One number for two multisets. */
export function digestOfGroups(a: readonly number[], b: readonly number[]): number {
  return tame(5 * digest(a) + 3 * digest(b) + 1009 * a.length + b.length)
}

/** One number for a pair of values of a join. */
export function digestOfJoined(a: number | undefined, b: number | undefined): number {
  return tame(31 * (a ?? -77) + 17 * (b ?? -99) + 100_000)
}

/** The functions of `updateStateByKey`. `idle`: whether a batch without values leaves the state as it is. */
export const UPDATES = {
  sum: {
    idle: true,
    update: (values: readonly number[], sum = 0): number | undefined => values.reduce((a, b) => a + b, sum),
  },
  lastCount: {
    idle: true,
    update: (values: readonly number[], last?: number): number | undefined => values.length || last,
  },
  capped: {
    idle: true,
    update(values: readonly number[], sum = 0): number | undefined {
      const next = values.reduce((a, b) => a + b, sum)
      return next > 12 ? undefined : next
    },
  },
  age: {
    idle: false,
    update(values: readonly number[], age = 0): number | undefined {
      if (values.length > 0) return 0
      return age < 3 ? age + 1 : undefined
    },
  },
} as const

/** What the shape with time and key adds to the update of that name. */
export const seasoned = (time: number, key: string): number => mod(time / 1000, 7) + key.length

type Mapping = (time: number, key: string, value: number | undefined, state: State<number>) => Pair | undefined

/** The functions of `mapWithState`; a key that times out says so with a negative number. */
export const MAPPINGS: Readonly<Record<'count' | 'sum' | 'toggle' | 'touch' | 'timed', Mapping>> = {
  count(_time, key, value, state) {
    const before = state.getOption() ?? 0
    if (value === undefined) return [key, -before]
    state.update(before + 1)
    return [key, before + 1]
  },
  sum(_time, key, value, state) {
    const before = state.getOption() ?? 0
    if (state.isTimingOut()) return [key, -1000 - before]
    state.update(before + (value ?? 0))
    return undefined
  },
  toggle(_time, key, _value, state) {
    if (state.isTimingOut()) return [key, -1]
    if (state.exists()) {
      state.remove()
      return [key, 1]
    }
    state.update(1)
    return [key, 0]
  },
  /** Updates once: later records only use the state. */
  touch(_time, key, value, state) {
    if (value === undefined) return [key, -state.get()]
    if (!state.exists()) state.update(5)
    return [key, value]
  },
  timed(time, key, value, state) {
    if (value === undefined) return [key, -mod(time / 1000, 97)]
    state.update((state.getOption() ?? 0) + mod(time / 1000, 97))
    return [key, mod(time / 1000, 97)]
  },
}

/** State of keys before the first batch: some that records have, one that they never have. */
export const INITIAL: readonly Pair[] = [
  ['a', 10],
  ['r1', 3],
  ['nobody', 1],
]
