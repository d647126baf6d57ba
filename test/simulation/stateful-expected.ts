// What a stateful job must have produced, worked out from the records alone by the plainest definition there is.

import type { Ledger } from '../../src/testing/simulation/ledger.ts'
import { type Contents, contentsOf } from './expected.ts'
import { BATCH, TOPICS } from './jobs.ts'
import { ACCOUNTS, movements, OPENING, type StatefulKind, TIMEOUT, WINDOW } from './stateful-jobs.ts'

/** Lines by batch time and output; times without lines are left out. */
export type Outputs = ReadonlyMap<string, Contents>

type Counts = ReadonlyMap<string, number>

/** @param inPlace with operators by key in source tasks, which run batches at which their partitions have records */
export function statefulExpected(kind: StatefulKind, ledger: Ledger, inPlace: boolean): Outputs {
  const words = contentsOf(ledger)
  const times = [...words.keys()]
  const outputs = new Map<string, Contents>()
  const out = (at: readonly number[], lines: (time: number) => readonly string[], name: string = kind): void => {
    const all = at.map((time) => [time, [...lines(time)].sort()] as const)
    outputs.set(name, new Map(all.filter(([, some]) => some.length > 0)))
  }
  const inWindow = (length: number) => (time: number) => {
    return count(times.filter((t) => t > time - length * BATCH && t <= time).flatMap((t) => words.get(t) ?? []))
  }
  const at = (time: number): Counts => count(words.get(time) ?? [])
  const until = (time: number): Counts => count(times.filter((t) => t <= time).flatMap((t) => words.get(t) ?? []))
  const later = grid(times, 2 * WINDOW + TIMEOUT + 2)
  switch (kind) {
    case 'counts':
      out(times, (time) => lines(at(time)))
      out(times, (time) => lines(at(time)), 'counts-by-value')
      out(times, (time) => [`all ${words.get(time)?.length}`], 'count')
      break
    case 'groups':
      out(times, (time) => lines(at(time)))
      break
    case 'window':
      out(
        later.filter((t) => t % (2 * BATCH) === 0),
        (time) => lines(inWindow(2 * WINDOW)(time)),
        'window-slide',
      )
      out(later, (time) => lines(inWindow(WINDOW)(time)))
      break
    case 'inverse':
      out(later, (time) => lines(inWindow(WINDOW)(time)))
      break
    case 'windowCount':
      out(later, (time) => {
        const all = sum(inWindow(WINDOW)(time))
        // Once more when it has become empty, and whenever something comes anyway.
        return all > 0 || sum(inWindow(WINDOW)(time - BATCH)) > 0 ? [`all ${all}`] : []
      })
      break
    case 'updateState':
    case 'heavy':
    case 'huge': {
      const own = [...ledger.entries.values()].map((entries) => contentsOf({ entries: new Map([['', entries]]) }))
      const ofOwn = (time: number): string[] =>
        own.flatMap((some) => {
          const until = [...some].flatMap(([t, values]) => (t <= time ? values : []))
          return some.has(time) ? lines(count(until)) : []
        })
      out(times, (time) => (inPlace ? ofOwn(time) : lines(until(time))))
      break
    }
    case 'mapState':
      out(times, (time) => timed(words, later, Number.POSITIVE_INFINITY).get(time) ?? [])
      break
    case 'timeout':
    case 'timeoutChain': {
      const all = timed(words, later, TIMEOUT * BATCH)
      out(later, (time) => (all.get(time) ?? []).filter((line) => kind === 'timeout' || line.includes('-')))
      break
    }
    case 'chain':
      out(times, (time) => lines(count([...at(time).values()].map(String))))
      break
    case 'windowChain': {
      const total = new Map<string, number>()
      out(
        later.filter((time) => sum(inWindow(WINDOW)(time - BATCH)) + sum(inWindow(WINDOW)(time)) > 0),
        (time) => {
          for (const [word, n] of inWindow(WINDOW)(time))
            total.set(word.slice(0, 1), (total.get(word.slice(0, 1)) ?? 0) + n)
          return lines(total)
        },
      )
      break
    }
    case 'bank':
    case 'vault': {
      const balances = new Map<string, number>(ACCOUNTS.map((account) => [account, OPENING]))
      out(times, (time) => {
        for (const [account, amount] of (words.get(time) ?? []).flatMap(movements))
          balances.set(account, (balances.get(account) ?? 0) + amount)
        return lines(balances)
      })
      break
    }
    case 'join': {
      const [left, right] = TOPICS.map((topic) => contentsOf(ledger, topic))
      out(times, (time) =>
        (left?.get(time) ?? []).flatMap((l) => (right?.get(time) ?? []).filter((r) => l === r).map(() => `${l} 1,1`)),
      )
      break
    }
  }
  return outputs
}

/** Running counts, and minus the count when a key is older than the timeout. */
function timed(words: Contents, times: readonly number[], timeout: number): Map<number, string[]> {
  const state = new Map<string, { n: number; at: number }>()
  const result = new Map<number, string[]>()
  for (const time of times) {
    const all: string[] = []
    for (const word of words.get(time) ?? []) {
      const n = (state.get(word)?.n ?? 0) + 1
      state.set(word, { n, at: time })
      all.push(`${word} ${n}`)
    }
    for (const [word, { n, at }] of state) {
      if (at >= time - timeout) continue
      state.delete(word)
      all.push(`${word} ${-n}`)
    }
    result.set(time, all)
  }
  return result
}

/** All batch times at which anything may still happen: some after each with records. */
function grid(times: readonly number[], more: number): number[] {
  const all = new Set(times.flatMap((time) => Array.from({ length: more }, (_, i) => time + i * BATCH)))
  return [...all].sort((a, b) => a - b)
}

export function count(words: readonly string[]): Counts {
  const counts = new Map<string, number>()
  for (const word of words) counts.set(word, (counts.get(word) ?? 0) + 1)
  return counts
}

const sum = (counts: Counts): number => [...counts.values()].reduce((a, b) => a + b, 0)
const lines = (counts: Counts): string[] => [...counts].map(([word, n]) => `${word} ${n}`)
