// References that are wrong on purpose, each in one of the ways in which a port of Spark goes wrong. The random jobs must tell every
// one of them from the job that runs.

import { digestOfJoined, FILTERS, INITIAL, LOADS, type Pair, REDUCES, timesOver, UPDATES } from './functions.ts'
import { batch, inWindow } from './history.ts'
import { BATCH } from './job-ast.ts'
import type { Mistakes } from './reference.ts'
import { DEFINITIONS, grouped } from './reference-operators.ts'
import { mapWithState } from './reference-state.ts'

const values = (groups: ReadonlyMap<string, number[]>, key: string): number[] => groups.get(key) ?? []
const sum = (numbers: readonly number[]): number => numbers.reduce((a, b) => a + b, 0)

export const WRONG: Readonly<Record<string, Mistakes>> = {
  'a record at the end of an interval belongs to it': {
    batchTimes: (records) => {
      let latest = 0
      return records.map(({ timestamp }) => {
        latest = Math.max(latest, timestamp)
        return Math.ceil(latest / BATCH) * BATCH
      })
    },
  },
  'an out-of-order record joins the batch of its timestamp': {
    batchTimes: (records) => records.map(({ timestamp }) => (Math.floor(timestamp / BATCH) + 1) * BATCH),
  },
  'a partition that is learned late fills batches that are closed': { neverLate: true },
  'a window is one batch too short': {
    operators: {
      window: (node, at) => (time) => inWindow(at, { ...node, length: node.length - 1 }, time),
    },
  },
  'a window is [T - W, T]': {
    operators: {
      window: (node, at) => (time) => inWindow(at, { ...node, length: node.length + 1 }, time),
    },
  },
  'windows are emitted only when they are full': {
    operators: {
      window(node, at) {
        let first: number | undefined
        return (time) => {
          first ??= time
          return time - first < (node.length - 1) * BATCH ? [] : inWindow(at, node, time)
        }
      },
    },
  },
  'a windowed reduce holds only the batches since the last slide': {
    operators: {
      reduceByKeyAndWindow: (node, at) => {
        return DEFINITIONS.reduceByKeyAndWindow({ ...node, length: Math.min(node.length, node.every) }, at, 0)
      },
    },
  },
  'an inverse without the filter': {
    operators: {
      reduceByKeyAndWindowInverse: (node, at) =>
        DEFINITIONS.reduceByKeyAndWindowInverse({ ...node, filter: undefined }, at, 0),
    },
  },
  'an inverse drops keys that have left the window': {
    operators: {
      reduceByKeyAndWindowInverse: (node, at) => (time) => {
        const all = [...grouped(inWindow(at, node, time))].map(([key, some]): Pair => [key, sum(some)])
        return node.filter === undefined ? all : all.filter(FILTERS[node.filter])
      },
    },
  },
  'countByWindow emits nothing when the window is empty': {
    operators: { countByWindow: (node, at) => (time) => [inWindow(at, node, time).length].filter((n) => n > 0) },
  },
  'countByWindow emits 0 before anything has come': {
    operators: { countByWindow: (node, at) => (time) => [inWindow(at, node, time).length] },
  },
  'count emits nothing for an empty batch': {
    operators: {
      count:
        ({ input }, at) =>
        (time) =>
          [batch(at, input, time).length].filter((n) => n > 0),
    },
  },
  'union drops duplicates': {
    operators: {
      union: (node, at) => (time) => {
        const all = DEFINITIONS.union(node, at, 0)(time)
        return [...new Map(all.map((element) => [JSON.stringify(element), element])).values()]
      },
    },
  },
  'a union of a stream with itself is the stream': {
    operators: {
      union: (node, at) => (time) => [...new Set(node.inputs)].flatMap((input) => batch(at, input, time)),
    },
  },
  'reduceByKey takes the last value': {
    operators: {
      reduceByKey:
        ({ input }, at) =>
        (time) =>
          [...grouped(batch(at, input, time))].map(([key, some]): Pair => [key, some.at(-1) ?? 0]),
    },
  },
  'groupByKey keeps distinct values': {
    operators: {
      groupByKey: (node, at) =>
        DEFINITIONS.groupByKey(node, { ...at, batches: (...where) => at.batches(...where).map(distinct) }, 0),
    },
  },
  'reduce of an empty batch is 0': {
    operators: {
      reduce: (node, at) => (time) => {
        const reduced = DEFINITIONS.reduce(node, at, 0)(time)
        return reduced.length === 0 ? [0] : reduced
      },
    },
  },
  'an inner join is a left outer one': {
    operators: {
      join: (node, at) => DEFINITIONS.join({ ...node, outer: node.outer === 'none' ? 'left' : node.outer }, at, 0),
    },
  },
  'a full outer join is a left one': {
    operators: {
      join: (node, at) => DEFINITIONS.join({ ...node, outer: node.outer === 'full' ? 'left' : node.outer }, at, 0),
    },
  },
  'a join takes one value of each side': {
    operators: {
      join: ({ inputs: [left, right], outer }, at) =>
        outer !== 'none'
          ? DEFINITIONS.join({ op: 'join', type: 'pair', slide: 1, inputs: [left, right], outer, buckets: 1 }, at, 0)
          : (time) => {
              const [a, b] = [grouped(batch(at, left, time)), grouped(batch(at, right, time))]
              const both = [...a.keys()].filter((key) => b.has(key))
              return both.map((key): Pair => [key, digestOfJoined(values(a, key)[0], values(b, key)[0])])
            },
    },
  },
  'updateStateByKey emits only keys with new values': {
    operators: {
      updateStateByKey: (node, at) => {
        const right = DEFINITIONS.updateStateByKey(node, at, 0)
        return (time) => {
          const groups = grouped(batch(at, node.input, time))
          return right(time).filter((pair) => typeof pair === 'object' && groups.has(pair[0]))
        }
      },
    },
  },
  'updateStateByKey runs only for keys with new values': {
    operators: {
      updateStateByKey: ({ input, update, initial, shape, ...node }, at) => {
        if (update !== 'age') return DEFINITIONS.updateStateByKey({ ...node, input, update, initial, shape }, at, 0)
        const states = new Map(initial ? INITIAL : [])
        return (time) => {
          for (const key of grouped(batch(at, input, time)).keys()) states.set(key, UPDATES.age.update([1]) ?? 0)
          return [...states]
        }
      },
    },
  },
  'updateStateByKey forgets its initial state': {
    operators: { updateStateByKey: (node, at) => DEFINITIONS.updateStateByKey({ ...node, initial: false }, at, 0) },
  },
  'mapWithState forgets its initial state': {
    operators: { mapWithState: (node, at, index) => DEFINITIONS.mapWithState({ ...node, initial: false }, at, index) },
  },
  'a timeout comes one batch late': {
    operators: {
      mapWithState: (node, at, index) =>
        mapWithState(node, at, index, (usedAt, time, timeout) => usedAt < time - timeout - BATCH),
    },
  },
  'a key times out when it is as old as the timeout': {
    operators: {
      mapWithState: (node, at, index) =>
        mapWithState(node, at, index, (usedAt, time, timeout) => usedAt <= time - timeout),
    },
  },
  'keys never time out': {
    operators: { mapWithState: (node, at, index) => mapWithState(node, at, index, () => false) },
  },
  'snapshots show only keys of the batch': {
    operators: {
      stateSnapshots:
        ({ input }, at) =>
        (time) => {
          const states = [...(at.states.get(input) ?? [])].filter(([, { usedAt }]) => usedAt === time)
          return states.map(([key, { state }]): Pair => [key, state])
        },
    },
  },
  'distinct keeps what comes twice': {
    operators: {
      distinct:
        ({ input }, at) =>
        (time) =>
          batch(at, input, time),
    },
  },
  'topByKey knows nothing of the batches before': {
    operators: {
      topByKey: (node, at) => (time) => DEFINITIONS.topByKey(node, at, 0)(time),
    },
  },
  'top leaves out what is equal to another': {
    operators: {
      top: (node, at) => DEFINITIONS.top(node, { ...at, batches: (...where) => at.batches(...where).map(distinct) }, 0),
    },
  },
  'top has one too many': {
    operators: { top: (node, at) => DEFINITIONS.top({ ...node, n: node.n + 1 }, at, 0) },
  },
  'isEmpty says nothing of an empty batch': {
    operators: {
      isEmpty: (node, at) => (time) => DEFINITIONS.isEmpty(node, at, 0)(time).filter((isEmpty) => isEmpty === 0),
    },
  },
  'a broadcast has the value of the batch before': {
    operators: {
      withBroadcast: (node, at) => (time) =>
        batch(at, node.input, time).flatMap((element) => timesOver(element, LOADS[node.load](time - BATCH))),
    },
  },
  'a windowed sum over numbers is a maximum': {
    operators: {
      reduceByWindow: (node, at) => (time) => {
        const all = inWindow(at, node, time).filter((n) => typeof n === 'number')
        return all.length === 0 ? [] : [all.reduce(REDUCES.max)]
      },
    },
  },
}

function distinct<T>([time, elements]: readonly [number, readonly T[]]): readonly [number, readonly T[]] {
  return [time, [...new Map(elements.map((element) => [JSON.stringify(element), element])).values()]]
}
