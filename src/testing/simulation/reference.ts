// The same records without faults: one process, one batch time after the other, each record under the batch time that it
// was committed under in the run that is checked. The clock says which: that is what `time: 'arrival'` is for.

import type { JobDefinition } from '../../graph/job.ts'
import { wakeUpMessage } from '../../lambda/sqs-waker.ts'
import type { KafkaEventRecord } from '../../sources/kafka/event.ts'
import { checkWakeUps } from './checks.ts'
import { kafkaEventOf } from './event-source.ts'
import type { Ledger } from './ledger.ts'
import { SimulatedProcess } from './process.ts'
import { derivedRandom, type Random } from './random.ts'
import { withIdleAfter } from './scenario.ts'
import { World } from './world.ts'

const ATTEMPTS = 200

export interface ReferenceOptions {
  readonly define: (random: Random) => JobDefinition
  readonly allows: (error: unknown) => boolean
  readonly seed: number
  /** How many partitions topics have. */
  readonly declared: ReadonlyMap<string, number>
  /** Goes on to here when there is no rest. */
  readonly until: number
}

/** @param ledger of the run that is checked */
export async function runReference(ledger: Ledger, job: JobDefinition, options: ReferenceOptions): Promise<World> {
  const { batch, idle } = job.settings
  const random = derivedRandom(options.seed, 4)
  const idleAfter = idle === 'run' ? 3 * batch : 1000 * batch
  const alike = withIdleAfter(job, idleAfter, 'arrival')
  const records = new Map([...ledger.entries].map(([task, entries]) => [task, entries.map(({ record }) => record)]))
  const world = new World(random, {
    job: alike,
    start: (ledger.times[0] ?? 0) - 1,
    faults: { kinds: [], probability: 0, except: new Set() },
    recordsOf: (task, from, until) =>
      (records.get(task) ?? []).filter(({ offset }) => offset >= from && offset < until),
    trace: false,
  })
  const process = new SimulatedProcess('reference', { ...options.define(random), settings: alike.settings }, world, {
    reportFailures: false,
    partitions: options.declared,
    code: 'reference',
    pretends: true,
    skew: 0,
    trustExpired: Number.POSITIVE_INFINITY, // it jumps from batch to batch, and its table deletes nothing
    random,
    allows: options.allows,
  })
  for (const [time, delivery] of byTime(ledger)) {
    world.now = Math.max(world.now, time - 1)
    let attempts = ATTEMPTS
    while ((await process.invoke(kafkaEventOf(delivery))) === 'failed' && attempts-- > 0) {}
    checkWakeUps(world)
  }
  for (let attempts = ATTEMPTS; world.wakeUps.length > 0 && attempts > 0; attempts--) {
    if (idle === 'run' && world.monitor.logs.closedUntil >= options.until) break
    const due = world.wakeUps.reduce((a, b) => (b.due < a.due ? b : a))
    world.now = Math.max(world.now, due.due)
    const body = wakeUpMessage(job.name, due.at, due.turn)
    const answer = await process.invoke({ Records: [{ eventSource: 'aws:sqs', body }] })
    if (answer !== 'failed') world.wakeUps.splice(world.wakeUps.indexOf(due), 1)
  }
  return world
}

/** By batch time, ascending, and by task the records. */
function byTime(ledger: Ledger): [time: number, records: Record<string, readonly KafkaEventRecord[]>][] {
  return ledger.times.map((time) => {
    const parts = [...ledger.entries].flatMap(([task, entries]) => {
      const own = entries.filter((entry) => entry.time === time).map(({ record }) => record)
      return own.length === 0 ? [] : [[task, own] as const]
    })
    return [time, Object.fromEntries(parts)]
  })
}
