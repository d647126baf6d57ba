// The changes that are deployed: one kind of job for each.

import { type DStream, type Job, type JobOptions, job } from '../../../src/index.ts'
import { BATCH, TOPICS } from '../jobs.ts'
import { saveLines, windowed } from '../kind.ts'
import { numbered } from '../values/numbered.ts'
import { type DeployKind, perBatch, REFUSALS, running } from './deploy-kind.ts'

type Pairs = DStream<readonly [string, number]>

const version =
  (define: (pairs: Pairs) => void, { inPlace = false, ...more }: Partial<JobOptions> & { inPlace?: boolean } = {}) =>
  (options: JobOptions): Job =>
    job('simulated', { ...options, ...more }, ({ kafka }) => define(numbered(kafka, inPlace, 1)))

interface Tally {
  readonly n: number
  readonly sum: number
}

const tally = (sum: number): Tally => ({ n: 1, sum })
const plus = (a: Tally, b: Tally): Tally => ({ n: a.n + b.n, sum: a.sum + b.sum })
const update = (values: readonly number[], state: Tally | undefined): Tally =>
  values.map(tally).reduce(plus, state ?? { n: 0, sum: 0 })
const save = (name: string, tallies: DStream<readonly [string, Tally]>): void =>
  saveLines(
    name,
    tallies.map(([word, { n, sum }]) => `${word} ${n} ${sum}`),
  )

/** Running tallies; what they are kept under is the output's name, unless it is said. */
const keep = (pairs: Pairs, name: string, options: { id?: string; formerly?: string } = { id: name }): void =>
  save(name, pairs.updateStateByKey(update, options))
const sumUp = (pairs: Pairs, name: string, options: { id?: string; numPartitions?: number } = { id: name }): void =>
  save(name, pairs.mapValues(tally).reduceByKey(plus, options))
const lines = (pairs: Pairs, name: string): void =>
  saveLines(
    name,
    pairs.map(([word, number]) => `${word} 1 ${number}`),
  )

const both = version((pairs) => {
  keep(pairs, 'first')
  keep(pairs, 'second')
})

/** Two operators of a kind on one input trade places, and a third comes before them; then all is undone. */
const swapped: DeployKind = {
  versions: [
    both,
    version((pairs) => {
      sumUp(pairs, 'added')
      keep(pairs, 'second')
      keep(pairs, 'first')
    }),
    both,
  ],
  refusals: REFUSALS,
  carried: running(false, 'first', 'second'),
  partly: perBatch('added'),
}

/** A second operator like the first, neither pinned: nobody could tell them apart. */
const unpinned: DeployKind = {
  versions: [
    version((pairs) => keep(pairs, 'first', {})),
    version((pairs) => {
      keep(pairs, 'other', {})
      keep(pairs, 'first', {})
    }),
  ],
  refusals: ['INVALID_OPTION'],
  carried: running(false, 'first'),
}

const derived = version((pairs) => keep(pairs, 'first', {}))
const one = version((pairs) => keep(pairs, 'first', { id: 'one' }))

/** An operator is pinned that was not; then that is undone. */
const pinned: DeployKind = {
  versions: [
    derived,
    version((pairs) => keep(pairs, 'first', { id: 'one', formerly: `updateStateByKey(${TOPICS.join()})` })),
    derived,
  ],
  refusals: REFUSALS,
  carried: running(false, 'first'),
}

/** A pinned one gets another name. */
const renamed: DeployKind = {
  versions: [one, version((pairs) => keep(pairs, 'first', { id: 'uno', formerly: 'one' })), one],
  refusals: REFUSALS,
  carried: running(false, 'first'),
}

const many = version((pairs) => {
  keep(pairs, 'first')
  sumUp(pairs, 'sums')
  lines(pairs, 'lines')
  keep(pairs, 'extra')
})

/** Operators and outputs go, and come back. */
const removed: DeployKind = {
  versions: [many, version((pairs) => keep(pairs, 'first')), many],
  refusals: REFUSALS,
  givesUp: ['sums', 'extra'],
  carried: running(false, 'first'),
  partly: (ledger) => new Map([...perBatch('sums')(ledger), ['lines', singleLines(ledger)]]),
  growing: ['extra'],
}

const fewer = version((pairs) => keep(pairs, 'first'))

/** They come first. */
const added: DeployKind = { ...removed, versions: [fewer, many, fewer] }

const manyInPlace = version(
  (pairs) => {
    keep(pairs, 'first')
    keep(pairs, 'extra')
  },
  { inPlace: true },
)

/** The same with state in the partitions: code that lacks an operator carries its state on unread. */
const removedInPlace: DeployKind = {
  versions: [manyInPlace, version((pairs) => keep(pairs, 'first'), { inPlace: true }), manyInPlace],
  inPlace: true,
  refusals: REFUSALS,
  carried: running(true, 'first'),
  growing: ['extra'],
}

/** A shuffle goes that records are on their way to. */
const repartition: DeployKind = {
  versions: [
    version((pairs) => {
      lines(pairs.repartition(2), 'lines')
      sumUp(pairs, 'sums')
    }),
    version((pairs) => {
      lines(pairs, 'lines')
      sumUp(pairs, 'sums')
    }),
  ],
  refusals: REFUSALS,
  carried: perBatch('sums'),
  partly: (ledger) => new Map([['lines', singleLines(ledger)]]),
}

/** An operator gets another id, so that what is on its way to the old one has nowhere to go. */
const otherId: DeployKind = {
  versions: [
    version((pairs) => sumUp(pairs, 'sums', { id: 'old' })),
    version((pairs) => sumUp(pairs, 'sums', { id: 'new' })),
  ],
  refusals: REFUSALS,
  givesUp: ['old', 'new'],
  partly: perBatch('sums'),
}

/** Fewer buckets, another window: what is kept would not fit. */
const refitted: DeployKind = {
  versions: [
    version((pairs) => {
      sumUp(pairs, 'sums', { id: 'sums', numPartitions: 3 })
      save('window', pairs.mapValues(tally).reduceByKeyAndWindow(plus, 3 * BATCH, BATCH, { id: 'window' }))
    }),
    version((pairs) => {
      sumUp(pairs, 'sums', { id: 'sums', numPartitions: 1 })
      save('window', pairs.mapValues(tally).reduceByKeyAndWindow(plus, 3 * BATCH, BATCH, { id: 'window' }))
    }),
    version((pairs) => {
      sumUp(pairs, 'sums', { id: 'sums', numPartitions: 3 })
      save('window', pairs.mapValues(tally).reduceByKeyAndWindow(plus, 2 * BATCH, BATCH, { id: 'window' }))
    }),
  ],
  refusals: ['INCOMPATIBLE_JOB'],
  carried: (ledger) =>
    new Map([...perBatch('sums')(ledger), ['window', windowed(ledger, 3, (word, all) => tallyLine(word, all))]]),
}

/** How long entries are kept is changed, up and down. */
const retention: DeployKind = {
  versions: (['7d', '1h', '7d', '2h'] as const).map((kept) =>
    version(
      (pairs) => {
        keep(pairs, 'first')
        sumUp(pairs, 'sums')
      },
      { retention: kept },
    ),
  ),
  alike: true,
  carried: (ledger) => new Map([...running(false, 'first')(ledger), ...perBatch('sums')(ledger)]),
}

const tallyLine = (word: string, numbers: readonly number[]): string =>
  `${word} ${numbers.length} ${numbers.reduce((a, b) => a + b, 0)}`

function singleLines(ledger: Parameters<typeof windowed>[0]): Map<number, readonly string[]> {
  const one = windowed(ledger, 1, (word, numbers) => numbers.map((number) => `${word} 1 ${number}`).join('\n'))
  return new Map([...one].map(([time, all]) => [time, all.flatMap((line) => line.split('\n')).sort()]))
}

/** A stateful function throws, for longer than logs are kept, and is mended (C2). */
const mended: DeployKind = {
  versions: [true, false].map((broken) =>
    version(
      (pairs) => {
        const kept = pairs.updateStateByKey((values: readonly number[], state: Tally | undefined) => {
          if (broken && values.some((number) => number % 7 === 3)) throw new RangeError('cannot take it')
          return update(values, state)
        })
        save('first', kept)
        sumUp(pairs, 'sums')
      },
      { retention: '1h' },
    ),
  ),
  mends: 'cannot take it',
  mishaps: ['long trouble', 'early expiry', 'clocks apart', 'many wake-ups'],
  carried: (ledger) => new Map([...running(false, 'first')(ledger), ...perBatch('sums')(ledger)]),
}

/** What is done after commits fails more often than not, so that batches wait when it goes. Each process counts for itself. */
const telling = version((pairs) => {
  let calls = 0
  keep(pairs, 'first')
  pairs.foreachRDD(
    () => {
      if (++calls % 3 !== 0) throw new Error('flaky for long')
    },
    { id: 'told' },
  )
})

/** It goes, and comes back: what waits is kept unread, and done then, in order, none skipped. The simulator's ledger of effects says so. */
const comesBack: DeployKind = {
  versions: [telling, version((pairs) => keep(pairs, 'first')), telling],
  refusals: REFUSALS,
  givesUp: ['told'],
  fails: 'flaky',
  carried: running(false, 'first'),
}

export const DEPLOY_KINDS = {
  swapped,
  unpinned,
  pinned,
  renamed,
  removed,
  added,
  removedInPlace,
  repartition,
  otherId,
  refitted,
  retention,
  mended,
  comesBack,
} as const
export type DeployKindName = keyof typeof DEPLOY_KINDS

/** Kinds that came after all others. */
export const LATEST_DEPLOYS: readonly DeployKindName[] = ['comesBack']
