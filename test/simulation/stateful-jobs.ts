// Jobs with shuffle stages and state that are simulated. Records are words, few of them, so that keys meet.

import type { DStream, Job, JobOptions, State } from '../../src/index.ts'
import { job, StateSpec, text } from '../../src/index.ts'
import { incompressible } from '../support/incompressible.ts'
import { BATCH, TOPICS } from './jobs.ts'

export const STATEFUL_KINDS = [
  'counts',
  'window',
  'inverse',
  'windowCount',
  'updateState',
  'mapState',
  'timeout',
  'groups',
  'chain',
  'windowChain',
  'timeoutChain',
  'join',
  'heavy',
  'huge',
  'bank',
  'vault',
] as const

export type StatefulKind = (typeof STATEFUL_KINDS)[number]

/** Those that also run on one topic that is partitioned by word, with operators by key in its tasks. */
export const IN_PLACE_KINDS = STATEFUL_KINDS.filter((kind) => !['join', 'bank', 'vault'].includes(kind))

/** Window and timeout, in batches. */
export const WINDOW = 3
export const TIMEOUT = 4

/** Outlasts compression: 40 KB of state per key, so that snapshots are due, and parts too large to ride in a commit. */
const BALLAST = incompressible(40 * 1024)

/** 200 KB for each of up to three keys, all different: more than an item of the table holds. */
const HUGE_BALLAST = incompressible(3 * 200 * 1024)

function ballastOf(kind: 'heavy' | 'huge', word: string): string {
  if (kind === 'heavy') return BALLAST
  const part = ['a1', 'a2'].indexOf(word) + 1
  return HUGE_BALLAST.slice(part * 200 * 1024, (part + 1) * 200 * 1024)
}

/** Accounts of the bank and of the vault, and what each has at the beginning. */
export const ACCOUNTS = ['a1', 'a2', 'b1', 'b2', 'b3', 'c1'] as const
export const OPENING = 100

/** What a record `a1>b2:5` does to accounts. */
export function movements(transfer: string): [account: string, amount: number][] {
  const [, from = '', to = '', amount] = /^(.*)>(.*):(\d+)$/.exec(transfer) ?? []
  return [
    [from, -Number(amount)],
    [to, Number(amount)],
  ]
}

const add = (a: number, b: number): number => a + b

/** `version` 2 means the same: operators without state have been added around those with it. Every line of every output is `<name> <numbers…>`. */
export function statefulJob(kind: StatefulKind, options: JobOptions, inPlace: boolean, version = 1): Job {
  return job('simulated', options, ({ kafka }) => {
    const topic = (topics: string | readonly string[]): DStream<readonly [string, number]> =>
      version === 1
        ? kafka(topics, { value: text() }).map(({ value }) => [value, 1] as const)
        : kafka(topics, { value: text() })
            .filter(() => true)
            .map(({ value }) => value)
            .map((value) => [value, 1] as const)
    // The simulator does not always say how many partitions there are, and adds some.
    const keyed = () => topic(TOPICS[0]).preservesPartitioning({ newPartitions: 'join' })
    const ones = inPlace ? keyed() : kind === 'join' ? topic(TOPICS[0]) : topic(TOPICS)
    const save = <V>(stream: DStream<readonly [string, V]>, name = kind as string): void =>
      (version === 1 ? stream : stream.filter(() => true))
        .map(([key, value]) => `${key} ${String(value)}`)
        .saveAsTextFiles(`s3://results/${name}`)
    switch (kind) {
      case 'counts': {
        const words = ones.map(([word]) => word)
        save(ones.reduceByKey(add))
        save(words.countByValue(), 'counts-by-value')
        save(
          words.count().map((count) => ['all', count] as const),
          'count',
        )
        ones.reduceByKey(add).print(3)
        break
      }
      case 'window':
        save(ones.reduceByKeyAndWindow(add, WINDOW * BATCH, BATCH, { id: 'window' }))
        save(ones.reduceByKeyAndWindow(add, 2 * WINDOW * BATCH, 2 * BATCH, { id: 'slide' }), 'window-slide')
        break
      case 'inverse':
        save(ones.reduceByKeyAndWindow(add, (a, b) => a - b, WINDOW * BATCH, BATCH, { filter: ([, n]) => n > 0 }))
        break
      case 'windowCount':
        save(
          ones
            .window(WINDOW * BATCH)
            .count()
            .map((count) => ['all', count] as const),
        )
        break
      case 'updateState':
        save(ones.updateStateByKey((values: readonly number[], n: number | undefined) => (n ?? 0) + values.length))
        break
      case 'mapState':
        save(ones.mapWithState(counting()))
        ones.print(2)
        break
      case 'timeout':
        save(ones.mapWithState(counting().timeout(TIMEOUT * BATCH)))
        break
      case 'groups':
        save(ones.groupByKey().mapValues((values) => [...values].length))
        break
      case 'chain':
        save(
          ones
            .reduceByKey(add)
            .map(([, n]) => [String(n), 1] as const)
            .reduceByKey(add, { numPartitions: 2 }),
        )
        break
      case 'windowChain':
        save(
          ones
            .reduceByKeyAndWindow(add, WINDOW * BATCH, BATCH)
            .map(([word, n]) => [word.slice(0, 1), n] as const)
            .reduceByKey(add, { numPartitions: 2 })
            .updateStateByKey((values: readonly number[], n: number | undefined) => values.reduce(add, n ?? 0)),
        )
        break
      case 'timeoutChain':
        save(
          ones
            .mapWithState(counting().timeout(TIMEOUT * BATCH))
            .filter(([, n]) => n < 0)
            .reduceByKey(add),
        )
        break
      case 'join':
        save(ones.join(topic(TOPICS[1])))
        break
      case 'heavy':
      case 'huge': {
        save(
          ones
            .updateStateByKey(
              (_time: number, word: string, ones: readonly number[], kept: readonly [number, string] | undefined) =>
                [(kept?.[0] ?? 0) + ones.length, kept?.[1] ?? ballastOf(kind, word)] as const,
            )
            .mapValues(([n, weight]) => `${n} ${weight}`),
        )
        break
      }
      case 'bank':
        save(
          ones
            .flatMap(([transfer]) => movements(transfer))
            .updateStateByKey(
              (amounts: readonly number[], balance: number | undefined) => amounts.reduce(add, balance ?? 0),
              { initialState: ACCOUNTS.map((account) => [account, OPENING]) },
            ),
        )
        break
      case 'vault':
        save(
          ones
            .flatMap(([transfer]) => movements(transfer))
            .mapWithState(
              StateSpec.function((account: string, amount: number | undefined, balance: State<number>) => {
                balance.update((balance.getOption() ?? 0) + (amount ?? 0))
                return account
              }).initialState(ACCOUNTS.map((account) => [account, OPENING])),
            )
            .stateSnapshots(),
        )
        break
    }
  })
}

/** Counts a key's records; when it times out, says minus the count. */
function counting(): StateSpec<string, number, number, readonly [string, number]> {
  return StateSpec.function(
    (word: string, one: number | undefined, state: State<number>): readonly [string, number] => {
      const before = state.getOption() ?? 0
      if (one === undefined) return [word, -before]
      state.update(before + one)
      return [word, before + one]
    },
  )
}
